"""Confidence intervals."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

Z_95 = 1.959964


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
    return Interval((centre - half) / (1 + spread), (centre + half) / (1 + spread))
