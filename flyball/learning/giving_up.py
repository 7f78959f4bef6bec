"""When a run of the strong policy is to be given up: a promise, learned from runs that it drove."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import nan

from flyball.monitors.expectations import GiveUp
from flyball.monitors.learned.rules import pick_rule
from flyball.monitors.learned.scored import ScoredRun
from flyball.records import Run, Trajectory

Known = tuple[Run, Trajectory]
RiskOf = Callable[[Run, Trajectory], float | None]
CONFIDENCE = 0.95
"""Of the promise that giving up costs next to no success."""


def give_up(alone: Sequence[Known], risk: RiskOf, max_loss: float) -> GiveUp | None:
    """Choose the risk at which runs of the strong policy end; what is saved is its steps.

    The promise is for tasks that were not seen: one that counts runs holds for the tasks at hand,
    most of which may be easy, and gives up too soon on others. It is of their success rates.
    """
    scored = [
        ScoredRun(
            task=f"{run.task.suite}/{run.task.id}",
            success=run.success is True,
            scores=tuple(_stoppable(run, told, at, risk) for at in range(len(told.steps))),
            joules=tuple(range(1, len(told.steps) + 1)),
        )
        for run, told in alone
    ]
    picked = pick_rule(scored, max_loss=max_loss, confidence=CONFIDENCE, by="rate")
    if picked.rule is None:
        return None
    return GiveUp(
        threshold=picked.rule.threshold,
        earliest=picked.rule.earliest,
        max_loss=max_loss,
        confidence=CONFIDENCE,
        successes=picked.successes,
        lost=picked.lost,
    )


def _stoppable(run: Run, told: Trajectory, at: int, risk: RiskOf) -> float:
    """The risk of a step; NaN where none is known, and for an answer, which is let through."""
    if told.steps[at].action.is_final:
        return nan
    known = risk(run, Trajectory(task=told.task, steps=told.steps[: at + 1]))
    return nan if known is None else known
