"""Supervision of the OpenAI Agents SDK, as the model of a run."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from agents.agent_output import AgentOutputSchemaBase
from agents.items import ModelResponse
from agents.models.interface import Model
from agents.usage import Usage as HostUsage
from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
)

from flyball.adapters.actions import Call, action_of, usage_of
from flyball.adapters.driving import Answered, Question, Stopped, aturn
from flyball.adapters.supervision import DEFAULT, Supervision
from flyball.errors import ModelError, StoppedError
from flyball.records import Action, Observation, Usage

AGENT = "openai_agents"
Ask = Callable[[Question[ModelResponse]], Awaitable[Answered[ModelResponse]]]
HELD = ("response.function_call", "response.completed")


class SupervisedModel(Model):
    """Judges each answer of `model` before its calls are carried out; it serves one run.

    Use it as a context manager around `Runner.run(..., run_config=RunConfig(model=...))`. `strong`
    are the models that an escalation may go to. A run that stops answers with its receipt, or
    raises `StoppedError` where the output is no text. A stream tells what is said as it comes; of
    an answer that is not carried out, its words may have been told by then.
    """

    def __init__(
        self,
        model: Model,
        task: str,
        *,
        supervision: Supervision = DEFAULT,
        strong: Mapping[str, Model] | None = None,
    ) -> None:
        self._model = model
        self._strong = dict(strong or {})
        self.supervisor = supervision.begin(task, agent=AGENT, policy=_name(model))

    async def __aenter__(self) -> SupervisedModel:
        return self

    async def __aexit__(self, *error: Any) -> None:
        self.supervisor.__exit__(*error)

    async def get_response(
        self,
        system_instructions: str | None,
        input: Any,  # noqa: A002 - as the host calls it
        *rest: Any,
        **named: Any,
    ) -> ModelResponse:
        async def _ask(question: Question[ModelResponse]) -> Answered[ModelResponse]:
            model = self._strong.get(question.driver, self._model)
            asked = _asked(input, question)
            response = await model.get_response(system_instructions, asked, *rest, **named)
            return _answered(response, model)

        return await self._taken(input, _ask, _schema(rest, named))

    async def stream_response(
        self,
        system_instructions: str | None,
        input: Any,  # noqa: A002 - as the host calls it
        *rest: Any,
        **named: Any,
    ) -> AsyncIterator[Any]:
        model = self._strong.get(self.supervisor.driver, self._model)
        held = list[Any]()
        async for event in model.stream_response(system_instructions, input, *rest, **named):
            if held or _calls(event):
                held.append(event)
            else:
                yield event
        if not held or not isinstance(held[-1], ResponseCompletedEvent):
            raise ModelError(f"{_name(model)}: the stream broke off in mid-answer; ask again")
        whole = _whole(held[-1].response)
        unasked = [whole]

        async def _ask(question: Question[ModelResponse]) -> Answered[ModelResponse]:
            asker = self._strong.get(question.driver, self._model)
            if unasked:
                return _answered(unasked.pop(), asker)
            asked = _asked(input, question)
            response = await asker.get_response(system_instructions, asked, *rest, **named)
            return _answered(response, asker)

        taken = await self._taken(input, _ask, _schema(rest, named))
        if taken is not whole:
            response = held[-1].response.model_copy(update={"output": taken.output})
            held = [held[-1].model_copy(update={"response": response})]
        for event in held:
            yield event

    async def _taken(
        self, items: Any, ask: Ask, schema: AgentOutputSchemaBase | None
    ) -> ModelResponse:
        taken = await aturn(self.supervisor, seen_in(items), self._strong, ask)
        if not isinstance(taken, Stopped):
            return taken
        if schema is not None and not schema.is_plain_text():
            raise StoppedError(taken.receipt)
        return ModelResponse(output=[_message(taken.receipt)], usage=HostUsage(), response_id=None)


def seen_in(given: Any) -> Observation:
    """What is new since the newest answer."""
    if isinstance(given, str):
        return Observation(source="task", text=given)
    items = [item if isinstance(item, dict) else item.model_dump() for item in given]
    names = {
        item.get("call_id"): item.get("name")
        for item in items
        if item.get("type") == "function_call"
    }
    own = [at for at, item in enumerate(items) if _is_answer(item)]
    new = items[own[-1] + 1 if own else 0 :]
    results = [item for item in new if item.get("type") == "function_call_output"]
    if results:
        source = str(names.get(results[0].get("call_id")) or "tool")
        return Observation(source=source, text="\n".join(str(each["output"]) for each in results))
    return Observation(source="task", text="\n".join(str(item.get("content")) for item in new))


def action_in(response: ModelResponse) -> Action:
    """What an answer proposes."""
    calls = [
        Call(name=item.name, arguments=item.arguments, id=item.call_id)
        for item in response.output
        if isinstance(item, ResponseFunctionToolCall)
    ]
    said = [
        part.text
        for item in response.output
        if isinstance(item, ResponseOutputMessage)
        for part in item.content
        if isinstance(part, ResponseOutputText)
    ]
    return action_of(calls, "\n".join(said))


def usage_in(response: ModelResponse, model: str) -> Usage:
    """What an answer took."""
    usage = response.usage
    return usage_of(
        model,
        sent=usage.input_tokens,
        cached=usage.input_tokens_details.cached_tokens,
        written=usage.output_tokens,
        # The host writes 0 where a provider does not tell.
        thought=usage.output_tokens_details.reasoning_tokens or None,
    )


def _asked(given: Any, question: Question[ModelResponse]) -> Any:
    if not question.refused and not question.note:
        return given
    items = [{"role": "user", "content": given}] if isinstance(given, str) else list(given)
    for response, reason in question.refused:
        told = response.to_input_items()
        items += told
        calls = [item for item in response.output if isinstance(item, ResponseFunctionToolCall)]
        items += [
            {"type": "function_call_output", "call_id": call.call_id, "output": reason}
            for call in calls
        ] or [{"role": "user", "content": reason}]
    return [*items, {"role": "user", "content": question.note}] if question.note else items


def _answered(response: ModelResponse, model: Model) -> Answered[ModelResponse]:
    return Answered(
        reply=response, action=action_in(response), usage=usage_in(response, _name(model))
    )


def _whole(response: Response) -> ModelResponse:
    told = response.usage
    usage = HostUsage()
    if told is not None:
        usage = HostUsage(
            requests=1,
            input_tokens=told.input_tokens,
            output_tokens=told.output_tokens,
            total_tokens=told.total_tokens,
            input_tokens_details=told.input_tokens_details,
            output_tokens_details=told.output_tokens_details,
        )
    return ModelResponse(output=response.output, usage=usage, response_id=response.id)


def _calls(event: Any) -> bool:
    item = getattr(event, "item", None)
    return event.type.startswith(HELD) or isinstance(item, ResponseFunctionToolCall)


def _is_answer(item: Mapping[str, Any]) -> bool:
    return item.get("role") == "assistant" or item.get("type") in ("function_call", "reasoning")


def _schema(rest: tuple[Any, ...], named: Mapping[str, Any]) -> AgentOutputSchemaBase | None:
    schema: AgentOutputSchemaBase | None = named.get("output_schema")
    return rest[2] if schema is None and len(rest) > 2 else schema


def _message(text: str) -> ResponseOutputMessage:
    part = ResponseOutputText(annotations=[], text=text, type="output_text")
    return ResponseOutputMessage(
        id=f"msg_flyball_{time.time_ns():x}",
        content=[part],
        role="assistant",
        status="completed",
        type="message",
    )


def _name(model: Model) -> str:
    return str(getattr(model, "model", "") or "model")
