"""When a run that the strong policy drives is to be given up: a promise, learned from such runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isnan, nan

from flyball.monitors.expectations import GiveUp
from flyball.monitors.learned.rules import pick_rule
from flyball.monitors.learned.scored import ScoredRun
from flyball.records import Run, Trajectory

Known = tuple[Run, Trajectory]
RiskOf = Callable[[Run, Trajectory], float | None]
CONFIDENCE = 0.95
"""Of the promise that giving up costs next to no success."""
TASKS = 20
"""Tasks that the strong policy was called in on and won: from so many on, its first steps after a
call are judged like those of its own runs."""


def give_up(
    alone: Sequence[Known], called: Sequence[Known], strong: str, risk: RiskOf, max_loss: float
) -> GiveUp | None:
    """Choose the risk at which runs of the strong policy end; what is saved is its steps.

    Runs of a task in which it was `called` in, and won, tell of it, by the steps from there on, if
    risks of these are known; else those that it drove `alone`. The promise is for tasks that were
    not seen: one that counts runs holds for the tasks at hand, most of which may be easy, and gives
    up too soon on others. It is of success rates: `max_loss` is of a task's runs.
    """
    told = [_scored(*each, strong, risk) for each in called]
    helped = {run.task for run in told if run.success and not all(map(isnan, run.scores))}
    told = [run for run in told if run.task in helped]
    by_itself = [_scored(*each, strong, risk) for each in alone]
    told += [run for run in by_itself if run.task not in helped]
    picked = pick_rule(told, max_loss=max_loss, confidence=CONFIDENCE, of="runs")
    if picked.rule is None:
        return None
    return GiveUp(
        threshold=picked.rule.threshold,
        earliest=picked.rule.earliest,
        max_loss=max_loss,
        confidence=CONFIDENCE,
        successes=picked.successes,
        lost=picked.lost,
        **({"settled": 1} if len(helped) >= TASKS else {}),
    )


def _scored(run: Run, told: Trajectory, strong: str, risk: RiskOf) -> ScoredRun:
    own = [at for at, step in enumerate(told.steps) if step.policy == strong]
    return ScoredRun(
        task=f"{run.task.suite}/{run.task.id}",
        success=run.success is True,
        scores=tuple(_stoppable(run, told, at, risk) for at in own),
        joules=tuple(range(1, len(own) + 1)),
    )


def _stoppable(run: Run, told: Trajectory, at: int, risk: RiskOf) -> float:
    """The risk of a step; NaN where none is known, and for an answer, which is let through."""
    if told.steps[at].action.is_final:
        return nan
    known = risk(run, Trajectory(task=told.task, steps=told.steps[: at + 1]))
    return nan if known is None else known
