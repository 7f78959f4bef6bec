"""Stopping rules, and the choice of one that keeps a promise: lose at most so many successes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, exp, floor, inf, isnan, lgamma, log, log1p, nextafter
from operator import itemgetter
from typing import Literal, NamedTuple

from flyball.errors import ConfigError
from flyball.monitors.learned.scored import ScoredRun

By = Literal["run", "task", "rate"]
EARLIEST = (0, 1, 2, 4)
"""Steps, counted from 0, before which a rule may be told not to stop: fixed before any run is
seen, and few, since each of them takes its part of what may go wrong."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Stop at the first step from `earliest` on whose score is at least `threshold`."""

    threshold: float
    earliest: int = 0
    once: bool = False
    """Decide at step `earliest` alone."""

    def looks_at(self, step: int) -> bool:
        """Whether the score at `step` counts."""
        return step == self.earliest if self.once else step >= self.earliest

    def stops_at(self, scores: Sequence[float]) -> int | None:
        """The step at which a run with these scores is stopped; a NaN stops nothing."""
        end = self.earliest + 1 if self.once else len(scores)
        steps = range(self.earliest, min(end, len(scores)))
        return next((step for step in steps if scores[step] >= self.threshold), None)

    def peak(self, scores: Sequence[float]) -> float:
        """The highest score that the rule looks at; minus infinity where it looks at none.

        A run is stopped exactly if this is at least the threshold.
        """
        end = self.earliest + 1 if self.once else len(scores)
        seen = [score for score in scores[self.earliest : end] if not isnan(score)]
        return max(seen, default=-inf)


class Picked(NamedTuple):
    """What calibration came to."""

    rule: Rule | None
    """`None` where there is too little to promise anything."""
    units: int
    """Successes (by run), tasks with one (by task) or tasks (by rate) that the choice rests on."""
    needed: int
    """How many of these it takes to promise that much if none of them were lost."""
    lost: int
    successes: int
    """Successful runs that were looked at, and how many of them the rule stops."""


def pick_rule(
    runs: Sequence[ScoredRun],
    *,
    max_loss: float,
    confidence: float,
    by: By = "task",
    earliest: Sequence[int] = EARLIEST,
    once: bool = False,
) -> Picked:
    """Pick the rule that saves most among those that keep the promise.

    Learn then Test (Angelopoulos et al. 2021, arXiv:2110.01052) over a family of rules. The loss
    of a rule is the share of successes that it stops anywhere in a run, the whole sequence of its
    decisions counted as one. For every `earliest`, thresholds are tested from the highest down, in
    fixed sequence, each at the same level: the loss only grows as the threshold falls, so that
    the sequence needs no grid, and ends where the data do. The values of `earliest` share
    1 - `confidence` equally (Bonferroni), and fewer of them are tried where there are few
    units. Any of the rules that pass may then be chosen, by what it saves on the failing runs.

    What is promised, except with a chance of 1 - `confidence` over the draw of `runs`:

    * by `run`: of the successes of future runs at most `max_loss` are stopped, if those runs are
      exchangeable with `runs`: drawn from the same mix of tasks. The test is the exact binomial
      one (Clopper-Pearson), with each success for a unit. Where `runs` hold many runs of few tasks,
      that says nothing about other tasks.
    * by `task`: of the successes of a new task at most `max_loss` are stopped, on the average over
      tasks like these, each task with the same weight. Tasks are the units, however alike their
      runs are. The loss of a task is the share of its successes that are stopped, and the test
      bets against a mean loss above `max_loss` (Waudby-Smith and Ramdas 2024, arXiv:2010.09686)
      with the one stake that gains most just where the test passes; it rejects whenever Hoeffding's
      bound does. Where every task has one success, it is the exact binomial test.
    * by `rate`: the same, with the loss of a task as a share of all its runs, which is what its
      success rate falls by: a task that is hardly ever won has little to lose.

    Raises `ConfigError` for a loss or a confidence that is not strictly between 0 and 1.
    """
    _check(max_loss, confidence)
    groups = _groups(runs, by)
    needed = runs_needed(max_loss, confidence)
    passed = list[Rule]()
    tried = _affordable(earliest, len(groups), max_loss, confidence)
    for step in tried:
        test = _make_test(groups, max_loss, (1 - confidence) / len(tried))
        threshold = _threshold(groups, Rule(threshold=inf, earliest=step, once=once), test)
        if threshold is not None:
            passed.append(Rule(threshold=threshold, earliest=step, once=once))
    rule = max(passed, key=lambda each: saving(runs, each) or 0.0, default=None)
    successes = [run for run in runs if run.success]
    lost = 0 if rule is None else sum(rule.stops_at(run.scores) is not None for run in successes)
    return Picked(rule, len(groups), needed, lost, len(successes))


def cut_rule(
    runs: Sequence[ScoredRun],
    *,
    max_loss: float,
    earliest: Sequence[int] = EARLIEST,
    once: bool = False,
) -> Rule | None:
    """The rule that saves most of those that lose at most `max_loss` of these very successes.

    Nothing is promised about any others. `None` where there are no successes.
    """
    groups = _groups(runs, "run")
    test, rules = _Test(float, floor(max_loss * len(groups))), list[Rule]()
    for step in earliest if groups else ():
        threshold = _threshold(groups, Rule(threshold=inf, earliest=step, once=once), test)
        if threshold is not None:
            rules.append(Rule(threshold=threshold, earliest=step, once=once))
    return max(rules, key=lambda each: saving(runs, each) or 0.0, default=None)


def runs_needed(max_loss: float, confidence: float) -> int:
    """The fewest units with which anything can be promised, if none of them is lost."""
    return ceil(log(1 - confidence) / log1p(-max_loss))


def stopped_share(runs: Sequence[ScoredRun], rule: Rule | None) -> float | None:
    """The share of the successes that `rule` stops; `None` where there are none."""
    successes = [run for run in runs if run.success]
    if not successes:
        return None
    if rule is None:
        return 0.0
    return sum(rule.stops_at(run.scores) is not None for run in successes) / len(successes)


def saving(runs: Sequence[ScoredRun], rule: Rule | None) -> float | None:
    """The share of what failing runs took that `rule` saves; `None` where they took nothing."""
    failing = [run for run in runs if not run.success and run.joules]
    total = sum(run.joules[-1] for run in failing)
    if not total:
        return None
    return sum(saved(run, rule) for run in failing) / total


def saved(run: ScoredRun, rule: Rule | None) -> float:
    """What stopping by `rule` saves of what `run` took."""
    step = None if rule is None else rule.stops_at(run.scores)
    return 0.0 if step is None else run.joules[-1] - run.joules[step]


def _check(max_loss: float, confidence: float) -> None:
    for name, value in (("max_loss", max_loss), ("confidence", confidence)):
        if not 0 < value < 1:
            raise ConfigError(f"{name} must lie between 0 and 1, not be {value:g}")


class _Group(NamedTuple):
    """A unit of the promise: what can be lost of it, and what that is a share of."""

    successes: list[ScoredRun]
    size: int


def _groups(runs: Sequence[ScoredRun], by: By) -> list[_Group]:
    if by == "run":
        return [_Group([run], 1) for run in runs if run.success]
    tasks = defaultdict[str, list[ScoredRun]](list)
    for run in runs:
        if run.success or by == "rate":
            tasks[run.task].append(run)
    return [_Group([run for run in its if run.success], len(its)) for its in tasks.values()]


def _affordable(
    earliest: Sequence[int], units: int, max_loss: float, confidence: float
) -> Sequence[int]:
    """The first of `earliest`, as many as can pass at all: a choice that sees no score."""
    for many in range(len(earliest), 0, -1):
        if units >= runs_needed(max_loss, 1 - (1 - confidence) / many):
            return earliest[:many]
    return ()


def _threshold(groups: Sequence[_Group], rule: Rule, test: _Test) -> float | None:
    """The lowest threshold whose losses, and those of all above it, pass the test."""
    total = len(groups) * test.cost(0.0)
    if total > test.limit:
        return None
    peaks = [
        (rule.peak(run.scores), place)
        for place, each in enumerate(groups)
        for run in each.successes
    ]
    threshold, lost = inf, [0] * len(groups)
    for peak, tied in groupby(sorted(peaks, reverse=True), key=itemgetter(0)):
        if peak == -inf:
            # The others were not looked at: a rule that stopped all that is left would be a cap.
            break
        threshold = nextafter(peak, inf)
        for _, place in tied:
            size = groups[place].size
            lost[place] += 1
            total += test.cost(lost[place] / size) - test.cost((lost[place] - 1) / size)
        if not total <= test.limit:
            break
    return threshold


class _Test(NamedTuple):
    """Passes while the costs of what each group loses add up to at most `limit`."""

    cost: Callable[[float], float]
    limit: float


def _make_test(groups: Sequence[_Group], max_loss: float, level: float) -> _Test:
    """A test at `level` that the mean share which groups lose is above `max_loss`."""
    if all(group.size == 1 for group in groups):
        return _Test(float, _most_lost(len(groups), max_loss, level))
    stake = _stake(len(groups), max_loss, level)

    def cost(share: float) -> float:
        gain = 1 + stake * (max_loss - share)
        return -log(gain) if gain > 0 else inf

    return _Test(cost, log(level))


def _most_lost(units: int, max_loss: float, level: float) -> int:
    """The most losses that still show it; -1 where none does."""
    count, chance = -1, 0.0
    while count < units:
        chance += _mass(count + 1, units, max_loss)
        if chance > level:
            break
        count += 1
    return count


def _stake(units: int, max_loss: float, level: float) -> float:
    """The stake that gains most at the largest mean loss which Hoeffding's bound lets pass."""
    low, high = 0.0, max_loss
    for _ in range(60):
        middle = (low + high) / 2
        passes = units * _divergence(middle, max_loss) >= -log(level)
        low, high = (middle, high) if passes else (low, middle)
    return (max_loss - low) / (max_loss * (1 - max_loss))


def _divergence(share: float, other: float) -> float:
    """Kullback and Leibler's, of two coins, in nats."""
    rest = (1 - share) * log((1 - share) / (1 - other))
    return rest + (share * log(share / other) if share else 0.0)


def _mass(count: int, trials: int, share: float) -> float:
    """The chance of exactly `count` in `trials`."""
    ways = lgamma(trials + 1) - lgamma(count + 1) - lgamma(trials - count + 1)
    return exp(ways + count * log(share) + (trials - count) * log1p(-share))
