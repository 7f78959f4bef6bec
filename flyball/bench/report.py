"""What a batch came to, as flat rows: one for each metric of each task and split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from flyball.bench.batches import CONTENDER
from flyball.bench.failures import KINDS, Failure, failure_of
from flyball.bench.intervals import Interval, bootstrap, wilson
from flyball.bench.suites import SPLITS, Split, Suite, split_of
from flyball.ledger import Ledger
from flyball.records import Run, Spend
from flyball.records.spending import METHODS, EnergyMethod

ALL = "all"

FAILURES = tuple(kind for kind in KINDS if kind != "infrastructure")
"""What the agent is to blame for; `infrastructure_errors` counts the rest."""

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one episode came to. `None` is unknown, which is not zero."""

    task: str
    won: bool
    steps: int
    seconds: float
    decision_ms: float | None
    """Median of the episode's decisions; `None` where it took none."""
    joules: float | None
    usd: float | None
    decision_j: float | None
    """Joules of the mean decision."""
    method: EnergyMethod | None
    """How the joules were obtained."""
    lost_by: Failure | None
    """`None` where it was won."""


Statistic = Callable[[Sequence[Outcome]], float | None]
Units = Sequence[Sequence[Outcome]]


def outcome_of(suite: Suite, run: Run, ledger: Ledger) -> Outcome:
    """Read from the ledger what an episode that ended took, and how it was lost."""
    trajectory = ledger.trajectory(run.id)
    steps, spend = trajectory.steps, trajectory.spend
    deciding = sum((step.policy_spend for step in steps), Spend()).energy
    decisions = [1_000 * step.policy_spend.seconds for step in steps]
    # Counters see the whole machine: what the episode beside it took cannot be told apart, nor
    # can its electricity, which the dollars include.
    alone = run.task.metadata.get("workers") == "1"
    priced = alone and not spend.usage.unpriced_requests
    return Outcome(
        task=run.task.id,
        won=run.success is True,
        steps=len(steps),
        seconds=spend.seconds,
        decision_ms=median(decisions) if decisions else None,
        joules=spend.energy.joules if alone else None,
        decision_j=_per(deciding.joules, len(steps)) if alone else None,
        usd=float(spend.usage.cost_usd) if priced else None,
        method=spend.energy.joules_method if alone else None,
        lost_by=failure_of(run, trajectory, suite),
    )


def make_rows(suite: Suite, runs: Sequence[Run], ledger: Ledger) -> list[Row]:
    """Sum the runs of one batch up: each split as a whole, and each of its tasks.

    Success has Wilson's interval, what is a mean or a ratio a bootstrapped one: over tasks for a
    split, over episodes for a task. What is unknown is `None`.
    """
    return [row for split in SPLITS for row in _split_rows(suite, split, runs, ledger)]


def _split_rows(suite: Suite, split: Split, runs: Sequence[Run], ledger: Ledger) -> Iterator[Row]:
    mine = [run for run in runs if split_of(suite, run.task.id) == split]
    if not mine:
        return
    seen = {run.task.id for run in mine}
    known = (*suite.trained, *suite.untrained)
    by_task: dict[str, list[list[Outcome]]] = {task: [] for task in known if task in seen}
    for run in mine:
        if run.score is not None:
            by_task[run.task.id].append([outcome_of(suite, run, ledger)])
    broken = Counter(run.task.id for run in mine if run.score is None)
    head = {
        "suite": suite.name,
        "split": split,
        "policy": _contender(mine[0]),
        "monitor": supervision(mine[0]),
    }
    tasks = [[each for unit in units for each in unit] for units in by_task.values() if units]
    yield from _rows({**head, "task": ALL}, tasks, broken.total())
    for task, units in by_task.items():
        yield from _rows({**head, "task": task}, units, broken[task])


def _rows(head: Row, units: Units, broken: int) -> Iterator[Row]:
    """Give a row a metric; `units` are what the intervals take for independent of each other."""
    outcomes = _flat(units)
    n, won = len(outcomes), sum(outcome.won for outcome in outcomes)
    if n:
        yield _row(head, "success", won / n, wilson(won, n), n)
    for metric, statistic in STATISTICS.items() if n else ():
        value = statistic(outcomes)
        interval = None if value is None else bootstrap(units, _over_units(statistic))
        known = value is not None and "joules" in metric
        method = _least_sure(outcomes) if known else None
        yield {**_row(head, metric, value, interval, n), "method": method}
    lost_by = Counter(outcome.lost_by for outcome in outcomes)
    for kind in FAILURES if n else ():
        yield _row(head, f"lost_by_{kind}", lost_by[kind], None, n)
    yield _row(head, "infrastructure_errors", broken, None, n + broken)


def _row(head: Row, metric: str, value: float | None, interval: Interval | None, n: int) -> Row:
    low, high = interval or (None, None)
    figures = {"metric": metric, "value": value, "low": low, "high": high, "n": n}
    return {**head, **figures, "method": None}


def _contender(run: Run) -> str:
    """A cascade by what it is called, a model that drives alone by its own name."""
    return run.task.metadata.get(CONTENDER, run.policy) if run.strong else run.policy


def supervision(run: Run) -> str:
    """The monitors of a run without their settings: `over_budget+repeats`, or `none`."""
    return "+".join(monitor.partition("(")[0] for monitor in run.monitors) or "none"


def _flat(units: Units) -> list[Outcome]:
    return [outcome for unit in units for outcome in unit]


def _over_units(statistic: Statistic) -> Callable[[Units], float | None]:
    return lambda units: statistic(_flat(units))


def _per(amount: float | None, count: int) -> float | None:
    return None if amount is None or not count else amount / count


def _mean(figures: Sequence[float]) -> float:
    return sum(figures) / len(figures)


def _decision_ms(outcomes: Sequence[Outcome]) -> float | None:
    known = [each.decision_ms for each in outcomes if each.decision_ms is not None]
    return median(known) if known else None


def _joules(outcomes: Sequence[Outcome]) -> float | None:
    """Mean joules; one that is unknown, or read where others are estimated, makes it unknown."""
    known = [each.joules for each in outcomes if each.joules is not None]
    kinds = {each.method == "estimated" for each in outcomes}
    return _mean(known) if len(known) == len(outcomes) and len(kinds) == 1 else None


def _decision_j(outcomes: Sequence[Outcome]) -> float | None:
    """Mean over episodes, under the same terms as their joules."""
    known = [each.decision_j for each in outcomes if each.decision_j is not None]
    return _mean(known) if known and _joules(outcomes) is not None else None


def _joules_per_success(outcomes: Sequence[Outcome]) -> float | None:
    joules, won = _joules(outcomes), sum(each.won for each in outcomes)
    return None if joules is None or not won else joules * len(outcomes) / won


def _usd(outcomes: Sequence[Outcome]) -> float | None:
    known = [each.usd for each in outcomes if each.usd is not None]
    return _mean(known) if len(known) == len(outcomes) else None


def _least_sure(outcomes: Sequence[Outcome]) -> EnergyMethod:
    return max((each.method for each in outcomes if each.method), key=METHODS.index)


STATISTICS: Mapping[str, Statistic] = {
    "steps": lambda outcomes: _mean([each.steps for each in outcomes]),
    "seconds": lambda outcomes: _mean([each.seconds for each in outcomes]),
    "decision_ms": _decision_ms,
    "joules": _joules,
    "joules_per_success": _joules_per_success,
    "joules_per_decision": _decision_j,
    "usd": _usd,
}
"""Means over episodes, but `decision_ms` (a median) and `joules_per_success` (a ratio)."""
