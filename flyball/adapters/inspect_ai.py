"""Supervision of inspect_ai's agents, as an approver of their tool calls."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextvars import ContextVar

from inspect_ai.approval import Approval, Approver, approver
from inspect_ai.event import ModelEvent
from inspect_ai.hooks import Hooks, SampleAttemptEnd, SampleAttemptStart, hooks
from inspect_ai.log import transcript
from inspect_ai.model import ChatMessage, ChatMessageAssistant, ChatMessageTool, ChatMessageUser
from inspect_ai.tool import ToolCall, ToolCallView

from flyball.adapters.actions import Call, action_of, usage_of
from flyball.adapters.supervision import DEFAULT, Supervision
from flyball.adapters.supervisor import Supervisor
from flyball.records import Observation, Ruling, Step, Usage

AGENT = "inspect_ai"
SUBMIT = "submit"
Runs = dict[tuple[int, str], Supervisor]
"""Runs by their approver and their first message."""
_OF_SAMPLE: ContextVar[Runs | None] = ContextVar("flyball_of_sample", default=None)
"""The runs of the sample at work; `None` where there is no sample."""


@hooks(name="flyball", description="Closes the runs of a sample when it is over.")
class SampleEnds(Hooks):
    """Closes the runs of a sample, whatever ended it."""

    async def on_sample_attempt_start(self, data: SampleAttemptStart) -> None:
        _OF_SAMPLE.set({})

    async def on_sample_attempt_end(self, data: SampleAttemptEnd) -> None:
        for supervisor in (_OF_SAMPLE.get() or {}).values():
            if supervisor.run.status == "running":
                supervisor.close(failed=data.error.message if data.error else "")
        _OF_SAMPLE.set(None)


@approver(name="flyball")
def supervision_approver(supervision: Supervision = DEFAULT) -> Approver:
    """Judge each tool call of a sample. A conversation is a run; each call is a step."""
    elsewhere: Runs = {}

    async def _approve(
        message: str, call: ToolCall, view: ToolCallView, history: list[ChatMessage]
    ) -> Approval:
        of_sample = _OF_SAMPLE.get()
        runs = elsewhere if of_sample is None else of_sample
        supervisor = _run_of(runs, id(elsewhere), supervision, history)
        written = Call(name=call.function, arguments=_json(call.arguments), id=call.id)
        final = call.function == SUBMIT
        action = action_of([], written.arguments) if final else action_of([written], message)
        first = _calls(history)[:1] in ([], [call.id])
        supervisor.acted()
        step = await supervisor.areview(
            seen_in(history), action, usage=usage_of_last() if first else Usage()
        )
        if final:
            supervisor.close()
        return _approval(supervisor, step)

    return _approve


def _approval(supervisor: Supervisor, step: Step) -> Approval:
    match step.decision.ruling:
        case Ruling.CONTINUE:
            return Approval(decision="approve")
        case Ruling.REVISE:
            return Approval(decision="reject", explanation=step.decision.reason)
        case Ruling.STOP | Ruling.ASK:
            supervisor.close()
            return Approval(decision="terminate", explanation=supervisor.receipt())
        case Ruling.ESCALATE | Ruling.VERIFY:
            supervisor.unobeyed("an approver cannot change the model, or verify")
            return Approval(decision="approve")


def _run_of(
    runs: Runs, by: int, supervision: Supervision, history: Sequence[ChatMessage]
) -> Supervisor:
    users = [each for each in history if isinstance(each, ChatMessageUser)]
    key = (by, str(users[0].id) if users else "")
    if key not in runs:
        model = next((each.model for each in _model_events()), "model")
        prompt = users[0].text if users else ""
        runs[key] = supervision.begin(prompt, agent=AGENT, policy=model)
    return runs[key]


def seen_in(history: Sequence[ChatMessage]) -> Observation:
    """What is new since the answer before the newest."""
    own = [at for at, each in enumerate(history) if isinstance(each, ChatMessageAssistant)]
    newest = own[-1] if own else len(history)
    before = own[-2] + 1 if len(own) > 1 else 0
    new = [each for each in history[before:newest] if each.role != "system"]
    results = [each for each in new if isinstance(each, ChatMessageTool)]
    return Observation(
        source=(results[0].function or "tool") if results else "task",
        text="\n".join(each.text for each in new),
        ok=all(each.error is None for each in results),
    )


def usage_of_last() -> Usage:
    """What the sample's newest model call took."""
    events = _model_events()
    told = events[-1].output.usage if events else None
    if told is None:
        return Usage(requests=1, unpriced_requests=1)
    return usage_of(
        events[-1].model.rpartition("/")[2],
        sent=told.input_tokens,
        cached=told.input_tokens_cache_read or 0,
        written=told.output_tokens,
        thought=told.reasoning_tokens,
    )


def _model_events() -> list[ModelEvent]:
    return [event for event in transcript().events if isinstance(event, ModelEvent)]


def _calls(history: Sequence[ChatMessage]) -> list[str]:
    answers = [each for each in history if isinstance(each, ChatMessageAssistant)]
    return [call.id for call in (answers[-1].tool_calls or ())] if answers else []


def _json(arguments: object) -> str:
    return json.dumps(arguments, default=str)
