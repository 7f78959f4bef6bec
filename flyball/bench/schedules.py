"""Governors that hand the wheel over by the clock or by lot: what a cascade has to beat."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from flyball.monitors.governors import sternest
from flyball.records import Decision, Ruling, Task, Trajectory, Verdict

ENDINGS = (Ruling.ASK, Ruling.STOP)


@dataclass(frozen=True, kw_only=True)
class Scheduled:
    """Follow the sternest verdict, and change drivers between steps by a schedule.

    A step that changes drivers is carried out first, so that no proposal is wasted. Who takes
    which step depends on the task, its seed and the step's index alone.
    """

    small: str
    strong: str
    every: int | None = None
    """The strong policy takes each step whose number, from 1, is a multiple of this."""
    share: float | None = None
    """In place of `every`: the chance, from 0 to 1, that a step is the strong policy's."""
    confidence: float = 0.8
    """Verdicts that are less sure than this are not followed."""
    name: str = "scheduled"

    def driver(self, task: Task, index: int) -> str:
        """Say who takes the step at `index` (from 0) of `task`, whose metadata hold its seed."""
        if self.share is not None:
            seed = task.metadata.get("seed", "")
            drawn = random.Random(f"{task.suite} {task.id} {seed} {index}").random()
            return self.strong if drawn < self.share else self.small
        return self.strong if self.every and (index + 1) % self.every == 0 else self.small

    def decide(self, trajectory: Trajectory, verdicts: Sequence[Verdict]) -> Decision:
        decision, last = sternest(verdicts, self.confidence), trajectory.last
        following = self.driver(trajectory.task, len(trajectory.steps))
        over = last.action.is_final or decision.ruling in ENDINGS
        if over or following == last.policy:
            return decision
        return replace(
            decision,
            policy=following,
            by=decision.by or self.name,
            reason=decision.reason or f"the next step is {following}'s",
        )
