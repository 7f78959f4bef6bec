"""Sums over the same tasks for several contenders at once, drawn again and again.

Every statistic of a comparison is made of sums, and each draw takes the same tasks for all
contenders: differences and ratios are paired, and episodes of one task stay together.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan
from operator import mul
from typing import NamedTuple

from flyball.bench.intervals import RESAMPLES, Interval, middle
from flyball.bench.plays import Play
from flyball.bench.suites import Pair

Sums = Mapping[str, float]
"""By key; not a number where something is unknown."""
Totals = Mapping[str, Sums]
"""The sums of each contender, by its label."""
Statistic = Callable[[Totals], float | None]
Plays = Mapping[str, Mapping[Pair, Play]]
"""By label and pair; every label has the same pairs."""

AMOUNTS: Mapping[str, Callable[[Play], float | None]] = {
    "n": lambda play: 1,
    "won": lambda play: play.won,
    "steps": lambda play: play.steps,
    "strong_steps": lambda play: play.strong_steps,
    "requests": lambda play: play.requests,
    "strong_requests": lambda play: play.strong_requests,
    "input_tokens": lambda play: play.input_tokens,
    "output_tokens": lambda play: play.output_tokens,
    "tokens": lambda play: play.input_tokens + play.output_tokens,
    "seconds": lambda play: play.seconds,
    "usd": lambda play: play.usd,
    "joules": lambda play: play.joules,
}
MEASURED = "measured "
"""Goes before the key of a sum over the episodes whose energy is known."""


class Estimate(NamedTuple):
    value: float | None
    interval: Interval | None


@dataclass(frozen=True, kw_only=True)
class Resampled:
    """The sums as they are, and those of each draw."""

    whole: Totals
    draws: Sequence[Totals]

    def estimate(self, statistic: Statistic) -> Estimate:
        """A figure with its 95 % percentile interval, where every draw has one."""
        value = statistic(self.whole)
        known = value is not None and len(self.draws) > 0
        return Estimate(value, middle([statistic(draw) for draw in self.draws]) if known else None)


def resample(plays: Plays, measured: Plays, *, resamples: int = RESAMPLES) -> Resampled:
    """Draw tasks with replacement; where there is one task only, its seeds.

    `measured` are the episodes whose energy is known, which may be others. The same episodes give
    the same draws.
    """
    units = _units(plays, measured)
    columns = {label: _columns(units, plays[label], measured.get(label, {})) for label in plays}
    draw, draws = random.Random(0), list[Totals]()
    for _ in range(resamples if len(units) > 1 else 0):
        drawn = Counter(draw.choices(range(len(units)), k=len(units)))
        draws.append(_totals(columns, [drawn[place] for place in range(len(units))]))
    return Resampled(whole=_totals(columns, [1] * len(units)), draws=draws)


def _units(plays: Plays, measured: Plays) -> list[frozenset[Pair]]:
    pairs = {pair for each in (plays, measured) for mine in each.values() for pair in mine}
    tasks = sorted({pair.task for pair in pairs})
    if len(tasks) > 1:
        return [frozenset(pair for pair in pairs if pair.task == task) for task in tasks]
    return [frozenset({pair}) for pair in sorted(pairs)]


def _columns(
    units: Sequence[frozenset[Pair]], plays: Mapping[Pair, Play], measured: Mapping[Pair, Play]
) -> Mapping[str, Sequence[float]]:
    """For each key its sum over each unit."""
    columns = dict[str, Sequence[float]]()
    for prefix, known in (("", plays), (MEASURED, measured)):
        mine = [[known[pair] for pair in sorted(unit) if pair in known] for unit in units]
        for key, amount in AMOUNTS.items():
            columns[f"{prefix}{key}"] = [_sum(map(amount, each)) for each in mine]
    return columns


def _sum(amounts: map[float | None]) -> float:
    return float(sum(nan if amount is None else amount for amount in amounts))


def _totals(columns: Mapping[str, Mapping[str, Sequence[float]]], weights: Sequence[int]) -> Totals:
    return {
        label: {key: sum(map(mul, weights, column)) for key, column in mine.items()}
        for label, mine in columns.items()
    }


def share(label: str, amount: str, by: str) -> Statistic:
    """One sum of a contender over another; unknown where nothing is there to divide by."""

    def statistic(totals: Totals) -> float | None:
        above, below = totals[label][amount], totals[label][by]
        return None if isnan(above) or isnan(below) or not below else above / below

    return statistic
