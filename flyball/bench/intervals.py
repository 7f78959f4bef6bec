"""Confidence intervals."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from math import sqrt
from typing import NamedTuple, TypeVar

Unit = TypeVar("Unit")

Z_95 = 1.959964
RESAMPLES = 1_000


class Interval(NamedTuple):
    low: float
    high: float


def wilson(successes: int, trials: int, *, z: float = Z_95) -> Interval:
    """Interval of a proportion (Wilson 1927), which holds near 0 and 1 and for few trials too."""
    if trials == 0:
        return Interval(0.0, 1.0)
    share, spread = successes / trials, z * z / trials
    centre = share + spread / 2
    half = z * sqrt(share * (1 - share) / trials + spread / (4 * trials))
    low, high = (centre - half) / (1 + spread), (centre + half) / (1 + spread)
    return Interval(max(low, 0.0), min(high, 1.0))


def bootstrap(
    units: Sequence[Unit],
    statistic: Callable[[Sequence[Unit]], float | None],
    *,
    resamples: int = RESAMPLES,
) -> Interval | None:
    """95 % percentile interval (Efron 1979) of `statistic` over units drawn with replacement.

    Episodes of one task are alike, so where there are several tasks, they are the units. The
    same units give the same interval. `None` for fewer than two units, and where `statistic` is
    unknown for some draws.
    """
    if len(units) < 2:
        return None
    draw = random.Random(0)
    return middle([statistic(draw.choices(units, k=len(units))) for _ in range(resamples)])


def middle(figures: Sequence[float | None]) -> Interval | None:
    """What the middle 95 % of `figures` lie between; `None` where one of them is unknown."""
    known = sorted(figure for figure in figures if figure is not None)
    if not known or len(known) < len(figures):
        return None
    tail = round(0.025 * len(known))
    return Interval(known[tail], known[-1 - tail])
