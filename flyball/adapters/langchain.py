"""Supervision of LangChain 1.x agents, as a middleware, and of any LangGraph, as a node."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from functools import partial
from typing import Annotated, Any, NotRequired
from uuid import UUID

from langchain.agents.middleware import AgentMiddleware, AgentState, ModelRequest, ModelResponse
from langchain.agents.middleware.types import PrivateStateAttr, hook_config
from langchain_core.callbacks import BaseCallbackHandler, BaseCallbackManager
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langchain_core.tracers.context import register_configure_hook
from langgraph.config import get_config
from langgraph.errors import GraphBubbleUp
from langgraph.graph.message import MessagesState
from langgraph.runtime import Runtime
from langgraph.types import Command

from flyball.adapters.actions import Call, action_of, usage_of
from flyball.adapters.driving import Answered, Question, Stopped, aturn, turn
from flyball.adapters.supervision import DEFAULT, Supervision
from flyball.adapters.supervisor import Supervisor
from flyball.records import Action, Observation, Ruling, Spend, Usage

AGENT = "langchain"
HOME = "model"
"""What the agent's own model is called where it has no name."""


class _Raising(BaseCallbackHandler):
    """Tells of what raises: the host calls no hook of a middleware then."""

    def __init__(self) -> None:
        self._within: dict[UUID, UUID] = {}
        self._told: dict[UUID, dict[str, Callable[[BaseException], None]]] = {}

    @property
    def ignore_chat_model(self) -> bool:
        return True

    def watch(self, name: str, tell: Callable[[BaseException], None]) -> None:
        """Have `tell` called if anything raises that this call is within."""
        callbacks = get_config().get("callbacks")
        at = callbacks.parent_run_id if isinstance(callbacks, BaseCallbackManager) else None
        while at is not None:
            self._told.setdefault(at, {})[name] = tell
            at = self._within.get(at)

    def on_chain_start(self, serialized: Any, inputs: Any, *, run_id: UUID, **more: Any) -> None:
        if more.get("parent_run_id") is not None:
            self._within[run_id] = more["parent_run_id"]

    def on_chain_end(self, outputs: Any, *, run_id: UUID, **more: Any) -> None:
        self._gone(run_id)

    def on_chain_error(self, error: BaseException, *, run_id: UUID, **more: Any) -> None:
        told = self._gone(run_id)
        if not isinstance(error, GraphBubbleUp):  # it waits, and may go on
            for tell in told.values():
                tell(error)

    def _gone(self, run_id: UUID) -> dict[str, Callable[[BaseException], None]]:
        self._within.pop(run_id, None)
        return self._told.pop(run_id, {})


_RAISING = _Raising()
register_configure_hook(ContextVar("flyball_raising", default=_RAISING), inheritable=True)


class WatchedState(AgentState[Any]):
    """The agent's state, and which of our runs it belongs to."""

    flyball_run: NotRequired[Annotated[str, PrivateStateAttr]]


class SupervisionMiddleware(AgentMiddleware[WatchedState, Any, Any]):
    """Judges each answer of the agent's model before its calls are carried out.

    Give it to `create_agent` as the last middleware. `strong` are the models that an escalation may
    go to. An invocation is a run: one agent may have many at a time.
    """

    state_schema = WatchedState

    def __init__(
        self,
        supervision: Supervision = DEFAULT,
        *,
        strong: Mapping[str, BaseChatModel] | None = None,
    ) -> None:
        super().__init__()
        self._supervision = supervision
        self._strong = dict(strong or {})
        self._runs: dict[str, Supervisor] = {}

    def before_agent(self, state: WatchedState, runtime: Runtime[Any]) -> dict[str, Any]:
        supervisor = self._begin(state["messages"])
        self._watch(supervisor)
        return {"flyball_run": supervisor.run.id}

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        supervisor, seen = self._run_of(request), seen_in(request.messages)

        def _ask(question: Question[ModelResponse[Any]]) -> Answered[ModelResponse[Any]]:
            return _answered(handler(self._asked(request, question)))

        taken = turn(supervisor, seen, self._strong, _ask)
        return _made(taken)

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        supervisor, seen = self._run_of(request), seen_in(request.messages)

        async def _ask(question: Question[ModelResponse[Any]]) -> Answered[ModelResponse[Any]]:
            return _answered(await handler(self._asked(request, question)))

        taken = await aturn(supervisor, seen, self._strong, _ask)
        return _made(taken)

    @hook_config(can_jump_to=["end"])
    def after_model(self, state: WatchedState, runtime: Runtime[Any]) -> dict[str, Any] | None:
        supervisor = self._runs.get(state.get("flyball_run", ""))
        stopped = supervisor is not None and supervisor.run.status == "stopped"
        return {"jump_to": "end"} if stopped else None

    def after_agent(self, state: WatchedState, runtime: Runtime[Any]) -> None:
        supervisor = self._runs.pop(state.get("flyball_run", ""), None)
        if supervisor is not None and supervisor.run.status == "running":
            supervisor.close()

    def _raised(self, run_id: str, error: BaseException) -> None:
        supervisor = self._runs.pop(run_id, None)
        if supervisor is None or supervisor.run.status != "running":
            return
        steps = supervisor.trajectory.steps
        if steps and steps[-1].tool_spend == Spend():
            supervisor.acted()
        supervisor.__exit__(type(error), error, None)

    def _begin(self, messages: Sequence[AnyMessage]) -> Supervisor:
        told = [each for each in messages if isinstance(each, HumanMessage)]
        supervisor = self._supervision.begin(told[-1].text if told else "", agent=AGENT)
        self._runs[supervisor.run.id] = supervisor
        return supervisor

    def _watch(self, supervisor: Supervisor) -> None:
        run_id = supervisor.run.id
        _RAISING.watch(run_id, partial(self._raised, run_id))

    def _run_of(self, request: ModelRequest[Any]) -> Supervisor:
        """The request's run; one that another process began is gone on with as a new one."""
        known = self._runs.get(str(request.state.get("flyball_run", "")))
        supervisor = known or self._begin(request.messages)
        self._watch(supervisor)
        supervisor.named(_name(request.model))
        return supervisor

    def _asked(
        self, request: ModelRequest[Any], question: Question[ModelResponse[Any]]
    ) -> ModelRequest[Any]:
        messages = list(request.messages)
        for response, reason in question.refused:
            messages += handed_back(response.result, reason)
        if question.note:
            messages.append(HumanMessage(question.note))
        model = self._strong.get(question.driver, request.model)
        if model is request.model and len(messages) == len(request.messages):
            return request
        return request.override(model=model, messages=messages)


def watched_node(
    supervisor: Supervisor, *, act: str, propose: Mapping[str, str] | str, end: str
) -> Callable[[MessagesState], Command[str]]:
    """Make a node that judges the newest answer of a graph whose state has `messages`.

    It stands behind the nodes that ask models, and goes on to the node `act`, back to the one that
    `propose` names (one for each model that may drive), or to `end`.
    """
    nodes = {supervisor.run.policy: propose} if isinstance(propose, str) else dict(propose)

    def _judge(state: MessagesState) -> Command[str]:
        *before, answer = state["messages"]
        assert isinstance(answer, AIMessage)
        supervisor.acted()
        step = supervisor.review(seen_in(before), action_in([answer]), usage=usage_in([answer]))
        back = nodes.get(supervisor.driver)
        match step.decision.ruling:
            case Ruling.STOP | Ruling.ASK:
                supervisor.close()
                receipt = AIMessage(supervisor.receipt(), id=answer.id)
                return Command(goto=end, update={"messages": [receipt]})
            case Ruling.REVISE | Ruling.ESCALATE if back is not None:
                told = handed_back([], f"Not carried out: {step.decision.reason}", answer)
                return Command(goto=back, update={"messages": told})
            case Ruling.CONTINUE:
                return Command(goto=act if answer.tool_calls else end)
            case _:
                supervisor.unobeyed(f"no node is for {step.decision.ruling}")
                return Command(goto=act if answer.tool_calls else end)

    return _judge


def seen_in(messages: Sequence[Any]) -> Observation:
    """What is new since the newest answer."""
    answers = [at for at, each in enumerate(messages) if isinstance(each, AIMessage)]
    new = messages[answers[-1] + 1 if answers else 0 :]
    results = [each for each in new if isinstance(each, ToolMessage)]
    return Observation(
        source=(results[0].name or "tool") if results else "task",
        text="\n".join(each.text for each in new),
        ok=all(each.status != "error" for each in results),
    )


def action_in(messages: Sequence[Any]) -> Action:
    """What an answer proposes."""
    answers = [each for each in messages if isinstance(each, AIMessage)]
    calls = [
        Call(name=call["name"], arguments=_json(call["args"]), id=call["id"] or "")
        for answer in answers
        for call in answer.tool_calls
    ]
    return action_of(calls, "\n".join(answer.text for answer in answers))


def usage_in(messages: Sequence[Any]) -> Usage:
    """What an answer took, as far as the provider says."""
    answers = [each for each in messages if isinstance(each, AIMessage)]
    told = answers[0].usage_metadata if answers else None
    model = str(answers[0].response_metadata.get("model_name", "")) if answers else ""
    if told is None:
        return Usage(requests=1, unpriced_requests=1)
    return usage_of(
        model,
        sent=told["input_tokens"],
        cached=(told.get("input_token_details") or {}).get("cache_read") or 0,
        written=told["output_tokens"],
        thought=(told.get("output_token_details") or {}).get("reasoning"),
    )


def handed_back(
    result: Sequence[Any], reason: str, answer: AIMessage | None = None
) -> list[AnyMessage]:
    """An answer, and for each of its calls why it was not carried out."""
    answers = [each for each in result if isinstance(each, AIMessage)]
    calls = [call for each in (*answers, *([answer] if answer else [])) for call in each.tool_calls]
    told: list[AnyMessage] = [
        ToolMessage(reason, tool_call_id=call["id"], name=call["name"], status="error")
        for call in calls
    ]
    return [*answers, *(told or [HumanMessage(reason)])]


def _answered(response: ModelResponse[Any]) -> Answered[ModelResponse[Any]]:
    return Answered(
        reply=response, action=action_in(response.result), usage=usage_in(response.result)
    )


def _made(result: ModelResponse[Any] | Stopped) -> ModelResponse[Any]:
    if isinstance(result, Stopped):
        return ModelResponse(result=[AIMessage(result.receipt)])
    return result


def _name(model: BaseChatModel) -> str:
    return str(getattr(model, "model_name", "") or getattr(model, "model", "") or HOME)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
