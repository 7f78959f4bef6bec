"""Past runs and what monitors said of them, for rules that were not in force."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite, nan
from typing import TYPE_CHECKING, TypeVar

from flyball.bench.cases import Case, checked, common_unit, replay, score_case
from flyball.bench.evaluation import CONFIDENCE, share_lost, share_saved, sums_of
from flyball.bench.intervals import Interval, bootstrap
from flyball.monitors.learned.rules import Rule, pick_rule, saved

if TYPE_CHECKING:
    from flyball.ledger import Ledger
    from flyball.monitors.learned.scored import ScoredRun

Item = TypeVar("Item")
Made = TypeVar("Made")
Progress = Callable[[int, int], None]
"""Is told how many there were so far, of how many."""
SECONDS = 4.0
"""How long past runs are read for, and asked about, at most. The newest come first."""
RESAMPLES = 300


@dataclass(frozen=True, kw_only=True)
class Past:
    """Checked runs, the newest first, and what each monitor said of them."""

    runs: tuple[str, ...]
    tasks: tuple[str, ...]
    scored: dict[str, tuple[ScoredRun, ...]]
    unit: str
    since: str | None = None
    """The day of the oldest of them, where the time did not suffice to read all there are."""

    @property
    def about(self) -> str:
        many = f"{len(self.runs):,} checked runs, of {len(set(self.tasks))} tasks"
        if self.since is None:
            return f"all {many}"
        return f"ONLY THE NEWEST {many}, back to {self.since}: reading on takes too long"


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """One past run under a rule."""

    run: str
    task: str
    success: bool
    stop: int | None
    """The step at which it would have been stopped."""
    saved: float
    peak: float


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a rule would have done to past runs. Shares are unknown where there is nothing of it."""

    runs: tuple[Replayed, ...]
    """Those that would have been stopped first."""
    stopped: int
    saved: float | None
    saved_amount: float
    saved_interval: Interval | None
    lost: float | None
    lost_interval: Interval | None


def read_past(
    ledger: Ledger,
    ask: str = "",
    told: Progress = lambda number, of: None,
    clock: Callable[[], float] = time.monotonic,
) -> Past:
    """Read checked runs with the scores that were recorded, and those of the monitor to `ask`."""
    cases, whole = in_time(lambda run: checked(ledger, (run,)), ledger.runs(), told, clock)
    names = {
        verdict.monitor
        for case in cases
        for step in case.steps
        for verdict in step.verdicts
        if verdict.score is not None
    }
    answers = {name: [said(case, name) for case in cases] for name in sorted(names)}
    if ask and ask not in names and cases:
        from flyball.config import load_config

        say = replay(load_config().monitor(ask))
        answers[ask], all_asked = in_time(lambda case: [say(case)], cases, told, clock)
        cases, whole = cases[: len(answers[ask])], whole and all_asked
    unit = common_unit(cases) if cases else "steps"
    return Past(
        runs=tuple(case.run.id for case in cases),
        tasks=tuple(case.run.task.id for case in cases),
        scored={
            name: tuple(map(partial(score_case, unit=unit), cases, answer))
            for name, answer in answers.items()
        },
        unit=unit,
        since=None if whole or not cases else f"{cases[-1].run.started_at:%Y-%m-%d}",
    )


def in_time(
    work: Callable[[Item], Iterable[Made]],
    items: Sequence[Item],
    told: Progress,
    clock: Callable[[], float],
) -> tuple[list[Made], bool]:
    """What `work` makes of `items` as far as the time goes; and whether it went to the end."""
    made, end = list[Made](), clock() + SECONDS
    for number, item in enumerate(items, start=1):
        made += work(item)
        told(number, len(items))
        if clock() > end and number < len(items):
            return made, False
    return made, True


def said(case: Case, monitor: str) -> list[float]:
    """What a monitor was recorded to have said at each step; NaN where it said nothing."""
    found = [
        next((each.score for each in step.verdicts if each.monitor == monitor), None)
        for step in case.steps
    ]
    return [nan if score is None else score for score in found]


def rule_for(past: Past, monitor: str, threshold: float, loss: float | None) -> Rule | None:
    """The rule at `threshold`; or the one that keeps a promise, where there are runs enough."""
    if loss is None:
        return Rule(threshold=threshold)
    return pick_rule(past.scored[monitor], max_loss=loss, confidence=CONFIDENCE, by="run").rule


def replayed(past: Past, monitor: str, rule: Rule) -> Report:
    """What `rule` would have done."""
    scored = past.scored[monitor]
    sums = list(sums_of(scored, rule).values())
    runs = [
        _one(name, task, run, rule)
        for name, task, run in zip(past.runs, past.tasks, scored, strict=True)
    ]
    runs.sort(key=lambda each: (each.stop is None, each.success is False, -each.saved))
    return Report(
        runs=tuple(runs),
        stopped=sum(each.stop is not None for each in runs),
        saved=share_saved(sums),
        saved_amount=sum(each.saved for each in sums),
        saved_interval=bootstrap(sums, share_saved, resamples=RESAMPLES),
        lost=share_lost(sums),
        lost_interval=bootstrap(sums, share_lost, resamples=RESAMPLES),
    )


def _one(name: str, task: str, run: ScoredRun, rule: Rule) -> Replayed:
    peak = rule.peak(run.scores)
    return Replayed(
        run=name,
        task=task,
        success=run.success,
        stop=rule.stops_at(run.scores),
        saved=saved(run, rule),
        peak=peak if isfinite(peak) else nan,
    )
