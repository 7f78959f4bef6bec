"""Goes back to the last step that was verified, where the world can and nothing forbids it."""

from __future__ import annotations

from typing import NamedTuple

from flyball.errors import ToolError
from flyball.records import Observation, Recover, Recovery, Ruling, Step, Trajectory
from flyball.roles import Recoverable


class Saved(NamedTuple):
    """The world as it was when a step was verified, before its action."""

    step: int
    """Its index."""
    snapshot: object


async def save(world: Recoverable | None, step: Step) -> Saved | None:
    """Keep the world as `step` found it, if that step was verified and the world can be kept."""
    if world is None or not step.verified:
        return None
    try:
        return Saved(step.index, await world.snapshot())
    except ToolError:
        return None


def calls_back(trajectory: Trajectory, when: Recover) -> bool:
    """Whether the last step's decision calls for going back: a failed check, or an escalation too.

    The first policy, which drives on where the strong one is down, goes on from where it is.
    """
    step = trajectory.last
    if when == "never" or step.decision.ruling not in (Ruling.REVISE, Ruling.ESCALATE):
        return False
    home = trajectory.steps[0].policy
    called = step.decision.ruling is Ruling.ESCALATE and step.decision.policy != home
    return step.verified is False or (when == "escalation" and called)


async def go_back(
    world: Recoverable, saved: Saved, trajectory: Trajectory
) -> tuple[Recovery, Observation]:
    """Put the world back to what was `saved`, and say what became of that.

    Nothing is done again: what has to be done after this is for the policy to choose.
    """
    seen, reason = await world.restore(saved.snapshot), trajectory.last.decision.reason
    if seen.ok:
        note = f"taken back to where step {saved.step} stood: {reason}"
    else:
        note = f"{reason}; not taken back: {seen.note}"
    recovery = Recovery(to=saved.step, done=seen.ok, why="" if seen.ok else seen.note)
    return recovery, Observation(
        source="recovery", text=seen.text, ok=False, note=note, secret=seen.secret
    )
