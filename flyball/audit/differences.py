"""Two sets of runs against each other, paired by task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flyball.audit.figures import RunFigure
from flyball.audit.report import median_of, per_success, total
from flyball.bench.intervals import Interval, bootstrap

Statistic = Callable[[Sequence[RunFigure]], float | None]
Pair = tuple[Sequence[RunFigure], Sequence[RunFigure]]
"""The runs of one task: those of A, and those of B."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One figure of both sets, over the tasks that both have."""

    what: str
    unit: str
    a: float | None
    b: float | None
    change: float | None
    """B minus A."""
    interval: Interval | None
    """95 % interval of `change`, over tasks: it is real where this does not hold zero."""
    share: float | None
    """`change` as a share of A."""


def diff(a: Sequence[RunFigure], b: Sequence[RunFigure]) -> tuple[list[Difference], int]:
    """Compare the tasks that both sets have; gives the differences, and how many tasks those are.

    Tasks are drawn for the intervals, and the same ones on both sides. Where the sets have other
    numbers of runs of a task, it weighs as many as there are.
    """
    mine, theirs = _by_task(a), _by_task(b)
    tasks = [task for task in mine if task in theirs]
    pairs: list[Pair] = [(mine[task], theirs[task]) for task in tasks]
    return [_difference(what, unit, of, pairs) for what, unit, of in STATISTICS], len(tasks)


def _difference(what: str, unit: str, of: Statistic, pairs: Sequence[Pair]) -> Difference:
    def change(drawn: Sequence[Pair]) -> float | None:
        one, other = _both(of, drawn)
        return None if one is None or other is None else other - one

    one, other = _both(of, pairs) if pairs else (None, None)
    moved = change(pairs) if pairs else None
    return Difference(
        what=what,
        unit=unit,
        a=one,
        b=other,
        change=moved,
        interval=None if moved is None else bootstrap(pairs, change),
        share=None if moved is None or not one else moved / one,
    )


def _both(of: Statistic, pairs: Sequence[Pair]) -> tuple[float | None, float | None]:
    return of([run for mine, _ in pairs for run in mine]), of(
        [run for _, theirs in pairs for run in theirs]
    )


def _by_task(runs: Sequence[RunFigure]) -> Mapping[str, Sequence[RunFigure]]:
    tasks = defaultdict[str, list[RunFigure]](list)
    for run in runs:
        tasks[f"{run.suite}/{run.task}"].append(run)
    return tasks


def _success(runs: Sequence[RunFigure]) -> float | None:
    checked = [run.success for run in runs if run.success is not None]
    return sum(checked) / len(checked) if checked else None


def _mean_j(runs: Sequence[RunFigure]) -> float | None:
    joules = total(runs)
    return None if joules is None else joules / len(runs)


def _mean_usd(runs: Sequence[RunFigure]) -> float | None:
    costs = [run.cost_usd for run in runs]
    return None if None in costs else sum(cost or 0.0 for cost in costs) / len(runs)


def _mean_seconds(runs: Sequence[RunFigure]) -> float | None:
    return sum(run.seconds for run in runs) / len(runs)


STATISTICS: Sequence[tuple[str, str, Statistic]] = (
    ("energy per success", "J", per_success),
    ("success", "", _success),
    ("energy per run", "J", _mean_j),
    ("median energy per run", "J", median_of),
    ("cost per run", "$", _mean_usd),
    ("time per run", "s", _mean_seconds),
)
