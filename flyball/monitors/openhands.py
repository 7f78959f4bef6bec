"""The stuck rules that OpenHands ships."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from flyball.monitors.turns import (
    Turn,
    check_escalation,
    own_steps,
    same_action,
    same_result,
    turns,
)
from flyball.records import Ruling, Step, Trajectory, Verdict

SAME = 4
ERRORS = 3
MESSAGES = 3
ALTERNATION = 6
CONDENSATIONS = 10
WORDS = frozenset({"finish", "invalid"})
"""Proposals that call no tool: an answer, or text that could not be read as a call."""


@dataclass(frozen=True, kw_only=True)
class OpenHandsStuck:
    """Rule against a policy that goes on in one of five kinds of loop.

    The same action with the same result 4 times; the same action with an error 3 times; the
    same words 3 times with no tool call between them; two actions in turn over 6 steps, with
    their results in turn too; 10 condensations of the context with nothing between (OpenHands,
    `controller/stuck.py`; observations whose source is `condensation`). OpenHands looks
    between two turns; here the next action is known already, so a loop of actions counts only if
    that action goes on with it. Where OpenHands stops, `ruling` can be any other.
    """

    ruling: Ruling = Ruling.STOP
    policy: str | None = None
    """For ESCALATE: the policy to go on with. It is not judged itself."""
    name: str = "openhands_stuck"

    def __post_init__(self) -> None:
        check_escalation(self.name, self.ruling, self.policy)

    def judge(self, trajectory: Trajectory) -> Verdict:
        last = trajectory.last
        loop = None if self._escalated(last) else _find(trajectory)
        if loop is None:
            return Verdict(monitor=self.name)
        return Verdict(
            monitor=self.name,
            ruling=self.ruling,
            reason=loop.reason,
            policy=self.policy if self.ruling is Ruling.ESCALATE else None,
            evidence=tuple(step.index for step in loop.steps),
        )

    def _escalated(self, step: Step) -> bool:
        return self.ruling is Ruling.ESCALATE and step.policy == self.policy


class _Loop(NamedTuple):
    reason: str
    steps: Sequence[Step]


def _find(trajectory: Trajectory) -> _Loop | None:
    done, steps = turns(trajectory), own_steps(trajectory)
    return (
        _same(done, steps[-1])
        or _failing(done, steps[-1])
        or _talking(steps)
        or _alternating(done, steps[-1])
        or _condensing(steps)
    )


def _same(done: Sequence[Turn], last: Step) -> _Loop | None:
    loop = done[-SAME:]
    if len(loop) < SAME or not _repeated(loop, last):
        return None
    if not all(same_result(turn.result, loop[0].result) for turn in loop):
        return None
    return _Loop(f"{last.action.tool} had the same result {SAME} times", _steps(loop, last))


def _failing(done: Sequence[Turn], last: Step) -> _Loop | None:
    loop = done[-ERRORS:]
    if len(loop) < ERRORS or not _repeated(loop, last):
        return None
    if any(turn.result.ok for turn in loop):
        return None
    return _Loop(f"{last.action.tool} failed {ERRORS} times in a row", _steps(loop, last))


def _talking(steps: Sequence[Step]) -> _Loop | None:
    loop = steps[-MESSAGES:]
    if len(loop) < MESSAGES or any(step.action.tool not in WORDS for step in loop):
        return None
    first = loop[0].action
    words = (first.tool, first.thought, first.text, first.arguments)
    for step in loop:
        action = step.action
        if (action.tool, action.thought, action.text, action.arguments) != words:
            return None
    return _Loop(f"the same words {MESSAGES} times, and no tool call between", loop)


def _alternating(done: Sequence[Turn], last: Step) -> _Loop | None:
    loop = done[-ALTERNATION:]
    if len(loop) < ALTERNATION or not same_action(loop[-2].step.action, last.action):
        return None
    for earlier, later in zip(loop, loop[2:], strict=False):
        if not same_action(earlier.step.action, later.step.action):
            return None
        if not same_result(earlier.result, later.result):
            return None
    one, other = loop[0].step.action.tool, loop[1].step.action.tool
    return _Loop(f"{one} and {other} in turn over {ALTERNATION} steps", _steps(loop, last))


def _condensing(steps: Sequence[Step]) -> _Loop | None:
    loop = steps[-CONDENSATIONS:]
    if len(loop) < CONDENSATIONS:
        return None
    if any(step.observation.source != "condensation" for step in loop):
        return None
    return _Loop(f"{CONDENSATIONS} condensations of the context, and nothing between", loop)


def _repeated(loop: Sequence[Turn], last: Step) -> bool:
    return all(same_action(turn.step.action, last.action) for turn in loop)


def _steps(loop: Sequence[Turn], last: Step) -> Sequence[Step]:
    return [*(turn.step for turn in loop), last]
