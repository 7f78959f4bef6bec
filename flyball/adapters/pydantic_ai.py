"""Supervision of Pydantic AI's agents, as a capability."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    TextPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestContext

from flyball.adapters.actions import Call, action_of, usage_of
from flyball.adapters.driving import Answered, Question, Stopped, aturn
from flyball.adapters.supervision import DEFAULT, Supervision
from flyball.adapters.supervisor import Supervisor
from flyball.errors import StoppedError
from flyball.records import Action, Observation, Usage

AGENT = "pydantic_ai"


class SupervisionCapability(AbstractCapability[Any]):
    """Judges each answer of the agent's model before its calls are carried out.

    Give it to `Agent(capabilities=[...])`. `strong` are the models that an escalation may go to. A
    run that stops answers with its receipt, or raises `StoppedError` where no text may be answered.
    """

    def __init__(
        self, supervision: Supervision = DEFAULT, *, strong: Mapping[str, Model] | None = None
    ) -> None:
        self._supervision = supervision
        self._strong = dict(strong or {})
        self._supervisor: Supervisor | None = None

    async def for_run(self, ctx: RunContext[Any]) -> SupervisionCapability:
        return type(self)(self._supervision, strong=self._strong)

    async def wrap_run(self, ctx: RunContext[Any], *, handler: Callable[[], Awaitable[Any]]) -> Any:
        prompt = ctx.prompt if isinstance(ctx.prompt, str) else str(ctx.prompt or "")
        async with self._supervision.begin(prompt, agent=AGENT) as supervisor:
            self._supervisor = supervisor
            return await handler()

    async def wrap_model_request(
        self,
        ctx: RunContext[Any],
        *,
        request_context: ModelRequestContext,
        handler: Callable[[ModelRequestContext], Awaitable[ModelResponse]],
    ) -> ModelResponse:
        supervisor, first = self._supervisor, True
        if supervisor is None:
            return await handler(request_context)
        supervisor.named(request_context.model.model_name)

        async def _ask(question: Question[ModelResponse]) -> Answered[ModelResponse]:
            nonlocal first
            asked = self._asked(request_context, question)
            # The host lets its own way be gone once: other models are asked past it.
            response = await (handler(asked) if first else _past(asked))
            first = False
            return Answered(
                reply=response, action=action_in(response), usage=usage_in(response, asked.model)
            )

        taken = await aturn(supervisor, seen_in(request_context.messages), self._strong, _ask)
        if isinstance(taken, ModelResponse):
            return taken
        assert isinstance(taken, Stopped)
        if not request_context.model_request_parameters.allow_text_output:
            raise StoppedError(taken.receipt)
        return ModelResponse(parts=[TextPart(content=taken.receipt)])

    def _asked(
        self, context: ModelRequestContext, question: Question[ModelResponse]
    ) -> ModelRequestContext:
        model = self._strong.get(question.driver, context.model)
        messages = list(context.messages)
        for response, reason in question.refused:
            messages += [response, _handed_back(response, reason)]
        if question.note:
            messages.append(ModelRequest(parts=[UserPromptPart(content=question.note)]))
        if model is context.model and len(messages) == len(context.messages):
            return context
        return replace(context, model=model, messages=messages)


def seen_in(messages: Sequence[ModelMessage]) -> Observation:
    """What is new since the newest answer."""
    newest = messages[-1]
    parts = newest.parts if isinstance(newest, ModelRequest) else ()
    results = [part for part in parts if isinstance(part, ToolReturnPart)]
    prompts = [part for part in parts if isinstance(part, UserPromptPart)]
    text = [part.model_response_str() for part in results]
    text += [
        part.content if isinstance(part.content, str) else str(part.content) for part in prompts
    ]
    return Observation(
        source=results[0].tool_name if results else "task",
        text="\n".join(text),
        ok=all(part.outcome == "success" for part in results),
    )


def action_in(response: ModelResponse) -> Action:
    """What an answer proposes."""
    calls = [
        Call(name=call.tool_name, arguments=call.args_as_json_str(), id=call.tool_call_id)
        for call in response.tool_calls
    ]
    return action_of(calls, response.text or "", thought=response.thinking or "")


def usage_in(response: ModelResponse, model: Model) -> Usage:
    """What an answer took."""
    usage = response.usage
    return usage_of(
        response.model_name or model.model_name,
        sent=usage.input_tokens,
        cached=usage.cache_read_tokens,
        written=usage.output_tokens,
        # The host writes 0 where a provider does not tell.
        thought=usage.output_reasoning_tokens or None,
    )


async def _past(context: ModelRequestContext) -> ModelResponse:
    return await context.model.request(
        context.messages, context.model_settings, context.model_request_parameters
    )


def _handed_back(response: ModelResponse, reason: str) -> ModelRequest:
    told: list[ModelRequestPart] = [
        ToolReturnPart(tool_name=call.tool_name, content=reason, tool_call_id=call.tool_call_id)
        for call in response.tool_calls
    ]
    return ModelRequest(parts=told or [UserPromptPart(content=reason)])
