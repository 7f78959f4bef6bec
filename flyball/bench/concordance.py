"""How well scores tell failing runs from the others at the same step."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby
from math import isnan
from operator import itemgetter
from typing import NamedTuple

from flyball.monitors.learned.scored import ScoredRun


class Pairs(NamedTuple):
    """Pairs of a failing and a successful run that were both still going at a step."""

    right: float
    """Those in which the failing one scored higher; a tie counts half."""
    all: float

    @property
    def auc(self) -> float | None:
        return self.right / self.all if self.all else None


class Ranked:
    """The scores of runs at each step in order, so that resampled tasks need no sorting."""

    def __init__(self, runs: Sequence[ScoredRun]) -> None:
        at = defaultdict[int, list[tuple[float, str, bool]]](list)
        for run in runs:
            for step, score in enumerate(run.scores):
                if not isnan(score):
                    at[step].append((score, run.task, run.success))
        self._ties = {step: _tied(entries) for step, entries in sorted(at.items())}

    @property
    def steps(self) -> list[int]:
        return list(self._ties)

    def pairs(self, step: int | None = None, tasks: Iterable[str] | None = None) -> Pairs:
        """Count pairs at `step`, or at all steps; of `tasks`, each as often as it is named."""
        weights = None if tasks is None else Counter(tasks)
        chosen = self._ties.values() if step is None else [self._ties[step]]
        counted = [_count(ties, weights) for ties in chosen]
        return Pairs(sum(each.right for each in counted), sum(each.all for each in counted))


Ties = list[list[tuple[float, str, bool]]]


def _tied(entries: list[tuple[float, str, bool]]) -> Ties:
    return [list(group) for _, group in groupby(sorted(entries), key=itemgetter(0))]


def _count(ties: Ties, weights: Counter[str] | None) -> Pairs:
    successes, failures, right = 0, 0, 0.0
    for group in ties:
        won = lost = 0
        for _, task, success in group:
            weight = 1 if weights is None else weights[task]
            if success:
                won += weight
            else:
                lost += weight
        right += lost * (successes + won / 2)
        successes += won
        failures += lost
    return Pairs(right, successes * failures)
