"""How sure the model was of its tokens. What it does not tell is unknown."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

from flyball.monitors.learned.catalogue import Row
from flyball.monitors.learned.glances import Glance

LOWEST = 10
RECENT = 4
UNSURE = math.log(0.5)
IMPOSSIBLE = -50.0
"""In place of a log-probability of minus infinity, of which there is no mean."""


class Confidence:
    """Log-probabilities, entropies and what was forbidden, of this step and over the run."""

    def __init__(self) -> None:
        self._lowest: deque[float] = deque(maxlen=RECENT)
        self._lowest_run = math.inf
        self._lowest_sum = self._mean_sum = 0.0
        self._entropy_highest = -math.inf
        self._entropy_sum = self._entropy_squares = 0.0
        self._forbidden_highest = self._forbidden_sum = 0.0
        self._told = self._entropies = self._unsure = self._offered = 0

    def row(self, glance: Glance) -> Row:
        return {
            **self._probabilities(finite(glance.action.logprobs)),
            **self._entropy(finite(glance.action.entropies)),
            **self._forbidden(glance.action.forbidden),
        }

    def absorb(self, glance: Glance) -> None:
        if told := finite(glance.action.logprobs):
            lowest = min(told)
            self._lowest.append(lowest)
            self._lowest_run = min(self._lowest_run, lowest)
            self._lowest_sum += lowest
            self._mean_sum += sum(told) / len(told)
            self._told += 1
            self._unsure += lowest < UNSURE
        if entropies := finite(glance.action.entropies):
            mean = sum(entropies) / len(entropies)
            self._entropy_highest = max(self._entropy_highest, *entropies)
            self._entropy_sum += mean
            self._entropy_squares += mean * mean
            self._entropies += 1
        if (forbidden := glance.action.forbidden) is not None and math.isfinite(forbidden):
            self._forbidden_highest = max(self._forbidden_highest, forbidden)
            self._forbidden_sum += forbidden
            self._offered += 1

    def _probabilities(self, told: Sequence[float]) -> Row:
        if not told:
            return {}
        lowest, mean, n = min(told), sum(told) / len(told), self._told
        recent = [*self._lowest, lowest][-RECENT:]
        ranked = enumerate(sorted(told)[:LOWEST], start=1)
        return {
            **{f"p_lowest_{rank}": each for rank, each in ranked},
            "p_mean": mean,
            "p_sum": sum(told),
            "p_first": told[0],
            "p_lowest_run": min(self._lowest_run, lowest),
            "p_lowest_recent": min(recent),
            "p_lowest_mean": (self._lowest_sum + lowest) / (n + 1),
            "p_lowest_trend": lowest - self._lowest_sum / n if n else None,
            "p_mean_run": (self._mean_sum + mean) / (n + 1),
            "unsure": self._unsure + (lowest < UNSURE),
            "unsure_recent": sum(each < UNSURE for each in recent),
        }

    def _entropy(self, entropies: Sequence[float]) -> Row:
        if not entropies:
            return {}
        mean = sum(entropies) / len(entropies)
        n, total = self._entropies + 1, self._entropy_sum + mean
        squares = self._entropy_squares + mean * mean
        return {
            "entropy_mean": mean,
            "entropy_highest": max(entropies),
            "entropy_variance": sum((each - mean) ** 2 for each in entropies) / len(entropies),
            "entropy_highest_run": max(self._entropy_highest, *entropies),
            "entropy_mean_run": total / n,
            "entropy_variance_run": max(0.0, squares / n - (total / n) ** 2),
        }

    def _forbidden(self, forbidden: float | None) -> Row:
        if forbidden is None or not math.isfinite(forbidden):
            return {}
        return {
            "forbidden": forbidden,
            "forbidden_highest": max(self._forbidden_highest, forbidden),
            "forbidden_mean": (self._forbidden_sum + forbidden) / (self._offered + 1),
        }


def finite(values: Sequence[float] | None) -> Sequence[float]:
    """The values, none below `IMPOSSIBLE`; nothing where one of them is no number."""
    if not values or any(math.isnan(each) or each == math.inf for each in values):
        return ()
    return [max(each, IMPOSSIBLE) for each in values]
