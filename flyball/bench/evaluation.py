"""What stopping by a score would have saved and lost, on tasks that it was not set on."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from flyball.bench.baselines import AGENTSTOP, ORACLE
from flyball.bench.concordance import Ranked
from flyball.bench.intervals import Interval, bootstrap
from flyball.bench.report import Row
from flyball.monitors.learned.rules import EARLIEST, By, Rule, cut_rule, pick_rule, saved
from flyball.monitors.learned.scored import ScoredRun

FOLDS = 5
LOSSES = (0.01, 0.05, 0.10)
CONFIDENCE = 0.95
AUC_RESAMPLES = 200
FEWEST = 20
"""Steps that fewer runs than this reached have no AUC of their own."""

Picker = Callable[[Sequence[ScoredRun], float, bool], Rule | None]


class Sums(NamedTuple):
    """What a rule did to the runs of one task."""

    saved: float
    wasted: float
    """What the failing runs took."""
    lost: int
    successes: int


def folds_of(tasks: Sequence[str], count: int = FOLDS) -> dict[str, int]:
    """Deal tasks into folds: the same tasks are always dealt the same way."""
    order = sorted(set(tasks))
    random.Random(0).shuffle(order)
    return {task: place % count for place, task in enumerate(order)}


def promised(by: By) -> Picker:
    """The rule that keeps a promise (`pick_rule`); none where there are too few runs for it."""

    def pick(runs: Sequence[ScoredRun], max_loss: float, once: bool) -> Rule | None:
        earliest = _grid(runs) if once else EARLIEST
        return pick_rule(
            runs, max_loss=max_loss, confidence=CONFIDENCE, by=by, once=once, earliest=earliest
        ).rule

    return pick


def cut(runs: Sequence[ScoredRun], max_loss: float, once: bool) -> Rule | None:
    """The rule that loses just so much of the runs that it is set on, with no margin."""
    return cut_rule(runs, max_loss=max_loss, once=once, earliest=_grid(runs) if once else EARLIEST)


PICKERS: Mapping[str, Picker] = {"": promised("run"), "_by_task": promised("task"), "_cut": cut}
"""By how a rule is picked: what follows `saving` and `loss` in the metric's name."""


def evaluate(scored: Mapping[str, Sequence[ScoredRun]], head: Row) -> list[Row]:
    """A row for each metric of each of the `scored` monitors and baselines.

    All of them scored the same runs. Thresholds are picked on four fifths of the tasks and judged
    on the last fifth, five times; intervals are bootstrapped over tasks. `saving@x` and `loss@x`
    come of the promise by run at 95 % confidence, `saving_by_task@x` of the stricter one, and
    `saving_cut@x` of no promise: a threshold that loses just x of the runs that it was picked on.
    """
    rows = list[Row]()
    for name, runs in scored.items():
        mine = {**head, "monitor": name}
        rows += _auc_rows(runs, mine)
        for suffix, picker in PICKERS.items():
            for max_loss in LOSSES:
                sums = judge_by_fold(runs, max_loss, picker, once=name == AGENTSTOP)
                rows += _sum_rows(sums, mine, f"{suffix}@{max_loss:.2f}")
    return rows + _beside(rows, scored, head)


def judge_by_fold(
    runs: Sequence[ScoredRun], max_loss: float, picker: Picker, *, once: bool = False
) -> dict[str, Sums]:
    """What rules picked on the other folds' tasks do to the runs of each task."""
    fold = folds_of([run.task for run in runs])
    sums = dict[str, Sums]()
    for number in sorted(set(fold.values())):
        rule = picker([run for run in runs if fold[run.task] != number], max_loss, once)
        sums |= sums_of([run for run in runs if fold[run.task] == number], rule)
    return sums


def sums_of(runs: Sequence[ScoredRun], rule: Rule | None) -> dict[str, Sums]:
    """What one rule does to the runs of each task."""
    by_task = defaultdict[str, list[ScoredRun]](list)
    for run in runs:
        by_task[run.task].append(run)
    return {task: _sums(group, rule) for task, group in by_task.items()}


def share_saved(sums: Sequence[Sums]) -> float | None:
    wasted = sum(each.wasted for each in sums)
    return sum(each.saved for each in sums) / wasted if wasted else None


def share_lost(sums: Sequence[Sums]) -> float | None:
    successes = sum(each.successes for each in sums)
    return sum(each.lost for each in sums) / successes if successes else None


def _sums(runs: Sequence[ScoredRun], rule: Rule | None) -> Sums:
    failing, won = [r for r in runs if not r.success], [r for r in runs if r.success]
    return Sums(
        saved=sum(saved(run, rule) for run in failing),
        wasted=sum(run.joules[-1] for run in failing if run.joules),
        lost=0 if rule is None else sum(rule.stops_at(run.scores) is not None for run in won),
        successes=len(won),
    )


def _grid(runs: Sequence[ScoredRun]) -> Sequence[int]:
    """Where a monitor decides once: the steps that at least half of the runs reach."""
    lengths = sorted(len(run.scores) for run in runs)
    return range(lengths[len(lengths) // 2] if lengths else 0)


def _sum_rows(sums: Mapping[str, Sums], head: Row, ending: str) -> Iterator[Row]:
    units = list(sums.values())
    failing = sum(each.wasted > 0 for each in units)
    successes = sum(each.successes for each in units)
    for name, statistic, n in (
        ("saving", share_saved, failing),
        ("loss", share_lost, successes),
    ):
        value = statistic(units)
        interval = None if value is None else bootstrap(units, statistic)
        yield row_of(head, f"{name}{ending}", value, interval, n)


def _auc_rows(runs: Sequence[ScoredRun], head: Row) -> Iterator[Row]:
    """AUC over pairs of runs at the same step: all steps, and each that enough runs reached."""
    ranked, tasks = Ranked(runs), sorted({run.task for run in runs})
    for step in (None, *ranked.steps):
        going = sum(len(run.scores) > (step or 0) for run in runs)
        value = ranked.pairs(step).auc
        if step is not None and (going < FEWEST or value is None):
            continue
        resampled = partial(_auc_of, ranked, step)
        interval = None if value is None else bootstrap(tasks, resampled, resamples=AUC_RESAMPLES)
        yield {**row_of(head, "auc", value, interval, going), "step": step}


def _auc_of(ranked: Ranked, step: int | None, tasks: Sequence[str]) -> float | None:
    return ranked.pairs(step, tasks).auc


def _beside(rows: Sequence[Row], scored: Mapping[str, Sequence[ScoredRun]], head: Row) -> list[Row]:
    """For each monitor, what the oracle saves and how well AgentStop tells, for comparison."""
    made = list[Row]()
    for row in rows:
        metric, whole = row["metric"], row.get("step") is None
        if row["monitor"] == ORACLE and metric.startswith("saving@"):
            made += [{**row, "monitor": name, "metric": f"oracle_{metric}"} for name in scored]
        if row["monitor"] == AGENTSTOP and metric == "auc" and whole:
            made += [{**row, "monitor": name, "metric": "auc_agentstop"} for name in scored]
    return made


def row_of(head: Row, metric: str, value: float | None, interval: Interval | None, n: int) -> Row:
    """One flat row; what is unknown is `None`."""
    low, high = interval or (None, None)
    return {**head, "metric": metric, "value": value, "low": low, "high": high, "n": n}
