"""Actions lined up with what came of them, for monitors that look for loops."""

from __future__ import annotations

from typing import NamedTuple

from flyball.errors import ConfigError
from flyball.records import Action, Observation, Ruling, Step, Trajectory

SCAN = 20
"""Steps that are looked back at, at most: judging step 10,000 costs what judging step 20 does."""


class Turn(NamedTuple):
    """An action and its result, which is what the next step observed."""

    step: Step
    result: Observation


def turns(trajectory: Trajectory) -> list[Turn]:
    """The newest turns of the policy at work, oldest first, without the step being judged.

    That one has no result yet. Steps that were handed back are left out too, since nothing came
    of them. A policy that has just taken over starts with none.
    """
    recent = trajectory.steps[-SCAN:]
    return [
        Turn(step, after.observation)
        for step, after in zip(_own(recent), _own(recent)[1:], strict=False)
        if step.decision.ruling is Ruling.CONTINUE
    ]


def own_steps(trajectory: Trajectory) -> list[Step]:
    """The newest steps in a row of the policy at work, the judged one last."""
    return _own(trajectory.steps[-SCAN:])


def same_action(a: Action, b: Action) -> bool:
    """Whether two actions do the same thing, whatever was thought about it."""
    if a.tool != b.tool or a.arguments != b.arguments:
        return False
    return a.tool != "invalid" or a.text == b.text


def same_result(a: Observation, b: Observation) -> bool:
    """Whether two actions came to the same thing. A page that scrolled is another page."""
    return (a.ok, a.note, a.text) == (b.ok, b.note, b.text)


def check_escalation(name: str, ruling: Ruling, policy: str | None) -> None:
    """Raise `ConfigError` for a monitor that would escalate to nobody."""
    if ruling is Ruling.ESCALATE and not policy:
        raise ConfigError(f"{name} cannot escalate without a policy to escalate to: set `policy`")


def _own(steps: tuple[Step, ...]) -> list[Step]:
    policy = steps[-1].policy
    others = [place for place, step in enumerate(steps) if step.policy != policy]
    return list(steps[others[-1] + 1 :] if others else steps)
