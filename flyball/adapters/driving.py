"""One turn of a host's loop: ask its model, judge what that proposes, and obey.

An adapter says how its host's models are asked, and what their answers mean; how rulings are
obeyed is told here once, for hosts that wait and for those that do not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Generator
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from flyball.adapters.endings import stops
from flyball.adapters.supervisor import Supervisor
from flyball.records import Action, HandOver, Observation, Ruling, Step, Usage

Reply = TypeVar("Reply")

MOST_HAND_BACKS = 2
"""How often an action is handed back within one turn; then it is passed on."""
UNVERIFIED = "the host has nothing to verify with"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Generic[Reply]):
    """What a host's model answered."""

    reply: Reply
    action: Action
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Generic[Reply]):
    """What a host's model is asked, besides the conversation."""

    driver: str
    """Whose turn it is."""
    refused: tuple[tuple[Reply, str], ...] = ()
    """Answers of this turn that were not carried out, and why."""
    note: str = ""
    """What whoever takes over is told."""


class Stopped(NamedTuple):
    """The run is over."""

    receipt: str


class _Judge(NamedTuple):
    seen: Observation
    answered: Answered[Any]
    driver: str


Talk = Generator["Question[Reply] | _Judge", Any, "Reply | Stopped"]


def turn(
    supervisor: Supervisor,
    seen: Observation,
    known: Collection[str],
    ask: Callable[[Question[Reply]], Answered[Reply]],
) -> Reply | Stopped:
    """Take a turn. `known` are the models that an escalation may go to, beside the first."""
    talk = _talk(supervisor, seen, known)
    message = next(talk)
    try:
        while True:
            if isinstance(message, Question):
                message = talk.send(ask(message))
            else:
                what, answered, driver = message
                step = supervisor.review(what, answered.action, policy=driver, usage=answered.usage)
                message = talk.send(step)
    except StopIteration as end:
        result: Reply | Stopped = end.value
        return result


async def aturn(
    supervisor: Supervisor,
    seen: Observation,
    known: Collection[str],
    ask: Callable[[Question[Reply]], Awaitable[Answered[Reply]]],
    *,
    aside: Usage | None = None,
) -> Reply | Stopped:
    """Do as `turn` does, for a host that must not be held up.

    `aside` are model calls that the last action made for itself.
    """
    talk = _talk(supervisor, seen, known, aside)
    message = next(talk)
    try:
        while True:
            if isinstance(message, Question):
                message = talk.send(await ask(message))
            else:
                what, answered, driver = message
                step = await supervisor.areview(
                    what, answered.action, policy=driver, usage=answered.usage
                )
                message = talk.send(step)
    except StopIteration as end:
        result: Reply | Stopped = end.value
        return result


def _talk(
    supervisor: Supervisor,
    seen: Observation,
    known: Collection[str],
    aside: Usage | None = None,
) -> Talk[Any]:
    if supervisor.run.status == "stopped":
        return Stopped(supervisor.receipt())
    supervisor.acted(usage=aside)
    home = supervisor.run.policy
    question: Question[Any] = Question(driver=supervisor.driver or home)
    for backs in range(MOST_HAND_BACKS + 2):
        answered = yield question
        step: Step = yield _Judge(seen, answered, question.driver)
        if why := _cannot(step, {home, *known}, backs):
            supervisor.unobeyed(why)
            return answered.reply
        if stops(step):
            supervisor.close()
            return Stopped(supervisor.receipt())
        if step.decision.policy not in (None, step.policy):
            supervisor.handed_over(_hand_over(step))
        if step.decision.ruling is Ruling.CONTINUE:
            return answered.reply
        seen = Observation(source="governor", text=step.decision.reason, ok=False)
        question = _next(question, answered, step)
    raise AssertionError("a turn ends within its limit")  # pragma: no cover


def _next(question: Question[Any], answered: Answered[Any], step: Step) -> Question[Any]:
    if step.decision.policy not in (None, step.policy):
        return Question(driver=step.decision.policy or "", note=note_of(step))
    reason = f"Not carried out: {step.decision.reason}"
    refused = (*question.refused, (answered.reply, reason))
    return Question(driver=question.driver, refused=refused, note=question.note)


def _cannot(step: Step, known: Collection[str], backs: int) -> str:
    decision = step.decision
    if decision.policy is not None and decision.policy not in known:
        return f"no model is called {decision.policy}"
    if decision.ruling is Ruling.VERIFY:
        return UNVERIFIED
    mild = decision.ruling in (Ruling.REVISE, Ruling.ESCALATE)
    return (
        f"it was handed back {backs} times in one turn" if mild and backs >= MOST_HAND_BACKS else ""
    )


def note_of(step: Step) -> str:
    """What the model is told that takes over after `step`."""
    why = step.fault or step.decision.reason
    return f"(You take over from {step.policy}: {why}. Go on from here, in your own way.)"


def _hand_over(step: Step) -> HandOver:
    """The host's whole conversation goes over, with a note."""
    note = note_of(step)
    return HandOver(
        giver=step.policy,
        taker=step.decision.policy or "",
        kind="full",
        why=step.decision.reason,
        told=tuple(range(step.index + 1)),
        left_out=0,
        text=note,
        characters=len(note),
    )
