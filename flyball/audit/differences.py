"""Two sets of runs against each other, paired by task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from flyball.audit.figures import RunFigure
from flyball.audit.report import total
from flyball.bench.intervals import Interval, bootstrap


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What the runs of one task come to on average, so that each task weighs the same."""

    joules: float | None
    success: float | None
    """The share of them that succeeded; unknown where one was not checked."""
    cost_usd: float | None
    seconds: float


Statistic = Callable[[Sequence[Task]], float | None]
Pair = tuple[Task, Task]
"""One task in A, and in B."""


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

    A task's runs are averaged, so that it weighs the same on both sides however often it was run.
    Tasks are drawn for the intervals, and the same ones on both sides.
    """
    mine, theirs = _by_task(a), _by_task(b)
    pairs = [(_mean(mine[task]), _mean(theirs[task])) for task in mine if task in theirs]
    return [_difference(what, unit, of, pairs) for what, unit, of in STATISTICS], len(pairs)


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
    return of([mine for mine, _ in pairs]), of([theirs for _, theirs in pairs])


def _by_task(runs: Sequence[RunFigure]) -> Mapping[tuple[str, str], Sequence[RunFigure]]:
    tasks = defaultdict[tuple[str, str], list[RunFigure]](list)
    for run in runs:
        tasks[run.suite, run.task].append(run)
    return tasks


def _mean(runs: Sequence[RunFigure]) -> Task:
    joules = total(runs)
    return Task(
        joules=None if joules is None else joules / len(runs),
        success=_average([None if run.success is None else float(run.success) for run in runs]),
        cost_usd=_average([run.cost_usd for run in runs]),
        seconds=sum(run.seconds for run in runs) / len(runs),
    )


def _average(figures: Sequence[float | None]) -> float | None:
    """Unknown as soon as one figure is."""
    known = [figure for figure in figures if figure is not None]
    return sum(known) / len(known) if known and len(known) == len(figures) else None


def _per_success(tasks: Sequence[Task]) -> float | None:
    joules = _average([task.joules for task in tasks])
    success = _average([task.success for task in tasks])
    return joules / success if joules is not None and success else None


def _median_j(tasks: Sequence[Task]) -> float | None:
    known = [task.joules for task in tasks if task.joules is not None]
    return median(known) if known and len(known) == len(tasks) else None


STATISTICS: Sequence[tuple[str, str, Statistic]] = (
    ("energy per success", "J", _per_success),
    ("success", "", lambda tasks: _average([task.success for task in tasks])),
    ("energy per run", "J", lambda tasks: _average([task.joules for task in tasks])),
    ("median energy of a task", "J", _median_j),
    ("cost per run", "$", lambda tasks: _average([task.cost_usd for task in tasks])),
    ("time per run", "s", lambda tasks: _average([task.seconds for task in tasks])),
)
