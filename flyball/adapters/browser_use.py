"""Supervision of browser-use's agents, where they ask their model for the next action."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from browser_use import Agent  # type: ignore[import-not-found]  # its pins clash with others'
from browser_use.agent.views import (  # type: ignore[import-not-found]
    ActionResult,
    AgentHistory,
    AgentOutput,
    BrowserStateHistory,
)
from browser_use.llm.base import BaseChatModel  # type: ignore[import-not-found]
from browser_use.llm.exceptions import ModelProviderError  # type: ignore[import-not-found]
from browser_use.llm.messages import (  # type: ignore[import-not-found]
    AssistantMessage,
    BaseMessage,
    UserMessage,
)
from pydantic import ValidationError

from flyball.adapters.actions import Call, action_of, usage_of
from flyball.adapters.driving import Answered, Question, Stopped, aturn
from flyball.adapters.supervision import DEFAULT, Supervision
from flyball.adapters.supervisor import Supervisor
from flyball.records import Action, Observation, Ruling, Usage

AGENT = "browser_use"
FINAL = "done"
PAGE = re.compile(r"<browser_state>\n(.*)\n</browser_state>", re.DOTALL)
Reply: TypeAlias = AgentOutput | Exception
"""What the model says; an error where that cannot be read."""


def supervise(
    agent: Agent,
    supervision: Supervision = DEFAULT,
    *,
    strong: Mapping[str, BaseChatModel] | None = None,
) -> None:
    """Have every run of `agent` supervised. `strong` are models that an escalation may go to."""
    watch = _Watch(agent, supervision, dict(strong or {}))
    agent.run, agent.get_model_output = watch.run, watch.get_model_output


class _Watch:
    """Stands before two methods of one agent: a run, and what its model proposes for a step."""

    def __init__(
        self, agent: Agent, supervision: Supervision, strong: dict[str, BaseChatModel]
    ) -> None:
        self._agent, self._supervision, self._strong = agent, supervision, strong
        self._run, self._propose = agent.run, agent.get_model_output
        self._supervisor: Supervisor | None = None
        self._asking = False
        self._counted = 0
        for model in strong.values():
            agent.token_cost_service.register_llm(model)

    async def run(self, *rest: Any, **named: Any) -> Any:
        async with self._begin() as supervisor:
            history = await self._run(*rest, **named)
            supervisor.acted(usage=self._used())  # by the host's judge
            return history

    async def get_model_output(self, messages: list[BaseMessage]) -> AgentOutput:
        if self._asking:  # the host turns to its own second model
            return await self._propose(messages)
        supervisor = self._supervisor or self._begin()

        async def _ask(question: Question[Reply]) -> Answered[Reply]:
            reply = await self._reply(_asked(messages, question), question.driver)
            usage = self._used() or Usage(requests=1, unpriced_requests=1)
            return Answered(reply=reply, action=action_in(reply), usage=usage)

        seen, aside = self._seen(supervisor, messages), self._used()
        try:
            taken = await aturn(supervisor, seen, self._strong, _ask, aside=aside)
        except asyncio.CancelledError:
            _given_up(supervisor)
            raise
        if isinstance(taken, Stopped):
            self._stop(taken.receipt)
        if isinstance(taken, Exception):
            raise taken
        return taken

    def _begin(self) -> Supervisor:
        agent = self._agent
        self._supervisor = self._supervision.begin(agent.task, agent=AGENT, policy=agent.llm.model)
        self._used()
        return self._supervisor

    async def _reply(self, messages: list[BaseMessage], driver: str) -> Reply:
        """Have the host ask `driver` for its next action."""
        home = self._agent.llm
        model = self._strong.get(driver, home)
        self._agent.llm, self._asking = model, True
        try:
            said: Reply = await self._propose(messages)
            return said
        except (ModelProviderError, ValidationError) as error:
            if not isinstance(error.__cause__ or error, ValidationError):
                raise
            return error
        finally:
            self._asking = False
            if self._agent.llm is model:
                self._agent.llm = home

    def _used(self) -> Usage | None:
        """What the models of the agent took since this was asked last."""
        history = self._agent.token_cost_service.usage_history
        new, self._counted = history[self._counted :], len(history)
        used = [usage_in(each.usage, each.model) for each in new]
        return sum(used[1:], used[0]) if used else None

    def _seen(self, supervisor: Supervisor, messages: Sequence[BaseMessage]) -> Observation:
        """The task or what came of the last actions, and the page."""
        page = page_in(messages)
        if not supervisor.trajectory.steps:
            return Observation(source="task", text=f"{self._agent.task}\n{page}")
        history = self._agent.history.history
        results = history[-1].result if history else []
        told = [each.error or each.extracted_content or "" for each in results]
        return Observation(
            source=supervisor.trajectory.last.action.tool,
            text="\n".join([*told, page]),
            ok=not any(each.error for each in results),
        )

    def _stop(self, receipt: str) -> None:
        """End the run as its own `stop` does, with the receipt as what came of it."""
        answer = None if self._agent.output_model_schema else receipt
        state = BrowserStateHistory(
            url="", title="", tabs=[], interacted_element=[], screenshot_path=None
        )
        result = ActionResult(error=receipt, extracted_content=answer)
        self._agent.history.add_item(AgentHistory(model_output=None, result=[result], state=state))
        self._agent.stop()
        raise InterruptedError(receipt)


def action_in(reply: Reply) -> Action:
    """What an answer proposes; one that cannot be read is an action `invalid`."""
    if isinstance(reply, Exception):
        return Action(tool="invalid", text=str(reply))
    acts = [
        Call(name=name, arguments=json.dumps(arguments, ensure_ascii=False, default=str))
        for each in reply.action
        for name, arguments in each.model_dump(exclude_unset=True).items()
    ]
    thought = "\n".join(filter(None, (reply.thinking, reply.next_goal)))
    if not acts:
        return Action(tool="invalid", thought=thought)
    if acts[0].name == FINAL:
        told = json.loads(acts[0].arguments)
        answer = told["text"] if "text" in told else json.dumps(told.get("data"))
        return action_of([], answer, thought=thought)
    return action_of(acts, "", thought=thought)


def page_in(messages: Sequence[BaseMessage]) -> str:
    """The page, as the newest message describes it."""
    found = [PAGE.search(each.text) for each in messages if isinstance(each, UserMessage)]
    pages = [each.group(1) for each in found if each]
    return pages[-1] if pages else ""


def usage_in(told: Any, model: str) -> Usage:
    """What a request took."""
    return usage_of(
        model,
        sent=told.prompt_tokens,
        cached=told.prompt_cached_tokens or 0,
        written=told.completion_tokens,
    )


def _asked(messages: list[BaseMessage], question: Question[Reply]) -> list[BaseMessage]:
    asked = list(messages)
    for reply, reason in question.refused:
        if isinstance(reply, AgentOutput):
            asked.append(AssistantMessage(content=reply.model_dump_json(exclude_unset=True)))
        asked.append(UserMessage(content=reason))
    return [*asked, UserMessage(content=question.note)] if question.note else asked


def _given_up(supervisor: Supervisor) -> None:
    """Say so where the host has not waited for a person's answer."""
    steps = supervisor.trajectory.steps
    if steps and steps[-1].decision.ruling is Ruling.ASK:
        supervisor.unobeyed("the host did not wait for an answer")
