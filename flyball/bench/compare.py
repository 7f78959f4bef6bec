"""Contenders held against each other on the same tasks and seeds, as flat rows.

Cascades are compared as they were played. Only `BOUNDS` are computed from runs of others, and say
so: what a router would reach that knew which of the pair wins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

from flyball.bench.intervals import wilson
from flyball.bench.plays import Play
from flyball.bench.prices import RECORDED
from flyball.bench.report import Row
from flyball.bench.resampling import (
    MEASURED,
    Estimate,
    Plays,
    Resampled,
    Statistic,
    Totals,
    resample,
    share,
)
from flyball.bench.suites import SPLITS, Pair, Suite, split_of

SMALL, STRONG = "small", "strong"
BOUND, THRIFT = BOUNDS = ("oracle-router", "oracle-thrift")
"""Takes the small one where it wins, else the strong one; and the strong one only where it wins."""
ALL = "all"
LIVE = "live"

LINES: Mapping[str, str] = {
    "line": "",
    "every": "every:",
    "random": "random:",
    "litellm": "litellm",
    "openhands": "openhands",
}
"""Curves through the ends of the pair, and the contenders between whose names begin so."""
COSTS: Mapping[str, tuple[str, str]] = {
    "strong_calls": ("strong_requests", "n"),
    "joules": (f"{MEASURED}joules", f"{MEASURED}n"),
    "usd": ("usd", "n"),
}
"""What success is bought with, for an episode."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Episodes that every contender played, and what is known about their figures."""

    suite: Suite
    plays: Plays
    """In the order in which they are shown."""
    measured: Plays
    """The episodes whose energy is known: some of `plays`, or those of another ledger."""
    monitors: Mapping[str, str] = field(default_factory=dict[str, str])
    """What watched each contender, by its label."""
    baseline: str = STRONG
    usd_method: str = RECORDED
    """`list price`, as of a stand-in, or `recorded`: electricity, and servers' own prices."""
    usd_note: str = ""
    """The same in a line, with the prices of stand-ins."""


def with_bounds(plays: Plays) -> Plays:
    """Add what is best of both, where both ends of the pair are there."""
    if not {SMALL, STRONG} <= set(plays):
        return plays
    small, strong = plays[SMALL], plays[STRONG]
    best = {pair: small[pair] if small[pair].won else strong[pair] for pair in small}
    least = {pair: best[pair] if best[pair].won else small[pair] for pair in small}
    return {**plays, BOUND: best, THRIFT: least}


def compare(comparison: Comparison) -> list[Row]:
    """Give the rows of each split, and of both together.

    Each contender has a row a metric; `METRIC_difference` and `METRIC_ratio` hold it against the
    baseline; `above_line_COST` says how far its success lies above the line between the ends of
    the pair at the cost that it has, `above_every_COST` and `above_random_COST` above the curve
    through the schedules that were played, `above_litellm_COST` and `above_openhands_COST` above
    that through another router. Intervals are 95 %, bootstrapped over tasks and paired.
    """
    pairs = list(next(iter(comparison.plays.values())))
    splits = [split for split in SPLITS if _of(comparison, pairs, split)]
    rows = list[Row]()
    for split in (*splits, *([ALL] if len(splits) > 1 else [])):
        rows += _split_rows(comparison, split)
    return rows


def _of(comparison: Comparison, pairs: Sequence[Pair], split: str) -> list[Pair]:
    suite = comparison.suite
    return [pair for pair in pairs if split in (ALL, split_of(suite, pair.task))]


def _cut(comparison: Comparison, plays: Plays, split: str) -> Plays:
    return {
        label: {pair: mine[pair] for pair in _of(comparison, list(mine), split)}
        for label, mine in plays.items()
    }


def _split_rows(comparison: Comparison, split: str) -> Iterator[Row]:
    plays = with_bounds(_cut(comparison, comparison.plays, split))
    measured = with_bounds(_cut(comparison, comparison.measured, split))
    drawn = resample(plays, measured)
    for label in plays:
        head: Row = {
            "suite": comparison.suite.name,
            "split": split,
            "policy": label,
            "monitor": comparison.monitors.get(label, "none"),
            "kind": "bound" if label in BOUNDS else LIVE,
        }
        rows = _Rows(comparison, drawn, label, head, _methods(comparison, measured, label))
        yield from rows.all()


def _methods(comparison: Comparison, measured: Plays, label: str) -> dict[str, str | None]:
    """How the figures were obtained, by the beginning of the metric."""
    known = {play.method for play in measured.get(label, {}).values()}
    method = next(iter(known)) if len(known) == 1 else ("mixed" if known else None)
    return {
        "joules": method,
        "usd": comparison.usd_method,
        "seconds": "alone" if known else "beside others",
    }


@dataclass(frozen=True)
class _Rows:
    """The rows of one contender in one split."""

    comparison: Comparison
    drawn: Resampled
    label: str
    head: Row
    methods: Mapping[str, str | None]

    def all(self) -> Iterator[Row]:
        base = self.comparison.baseline
        for metric, (amount, by) in self._metrics().items():
            mine = share(self.label, amount, by)
            yield self._row(metric, by, self._whole(metric, mine))
            if self.label != base and base in self.drawn.whole:
                theirs = share(base, amount, by)
                difference = self.drawn.estimate(partial(_difference, mine, theirs))
                ratio = self.drawn.estimate(partial(_ratio, mine, theirs))
                yield self._row(f"{metric}_difference", by, difference, baseline=base)
                yield self._row(f"{metric}_ratio", by, ratio, baseline=base)
        for curve, beginning in LINES.items():
            for cost, (amount, by) in COSTS.items():
                above = self._above(beginning, amount, by)
                if above is not None:
                    yield self._row(f"above_{curve}_{cost}", by, self.drawn.estimate(above))

    def _metrics(self) -> dict[str, tuple[str, str]]:
        """By metric the sum that it is, and the one that it is divided by."""
        timed = MEASURED if self.drawn.whole[self.label][f"{MEASURED}n"] else ""
        costs = {
            "tokens": "",
            "joules": MEASURED,
            "usd": self._priced(),
            "seconds": timed,
        }
        each = {name: (f"{frame}{name}", f"{frame}n") for name, frame in costs.items()}
        won = {
            f"{name}_per_success": (f"{frame}{name}", f"{frame}won")
            for name, frame in costs.items()
        }
        return {
            "success": ("won", "n"),
            "strong_calls": ("strong_requests", "requests"),
            "strong_steps": ("strong_steps", "steps"),
            "strong_requests": ("strong_requests", "n"),
            "steps": ("steps", "n"),
            "input_tokens": ("input_tokens", "n"),
            "output_tokens": ("output_tokens", "n"),
            **each,
            **won,
        }

    def _priced(self) -> str:
        return MEASURED if self.comparison.usd_method == RECORDED else ""

    def _whole(self, metric: str, statistic: Statistic) -> Estimate:
        """A share of all or nothing has no spread to draw from: there Wilson's interval holds."""
        estimate, n = self.drawn.estimate(statistic), int(self.drawn.whole[self.label]["n"])
        if metric != "success" or estimate.value not in (0.0, 1.0) or not n:
            return estimate
        return Estimate(estimate.value, wilson(round(estimate.value * n), n))

    def _above(self, beginning: str, amount: str, by: str) -> Statistic | None:
        """How far above a curve's success at equal cost; `None` where it cannot be asked."""
        if amount == "usd":
            amount, by = f"{self._priced()}{amount}", f"{self._priced()}{by}"
        labels = [label for label in self.drawn.whole if beginning and label.startswith(beginning)]
        if not {SMALL, STRONG} <= set(self.drawn.whole) or (beginning and not labels):
            return None
        if self.label in (SMALL, STRONG, *labels):
            return None
        return partial(_above, self.label, (SMALL, *labels, STRONG), amount, by)

    def _row(self, metric: str, by: str, estimate: Estimate, *, baseline: str | None = None) -> Row:
        low, high = estimate.interval or (None, None)
        frame = MEASURED if by.startswith(MEASURED) else ""
        method = next((how for name, how in self.methods.items() if metric.startswith(name)), None)
        return {
            **self.head,
            "metric": metric,
            "value": estimate.value,
            "low": low,
            "high": high,
            "n": int(self.drawn.whole[self.label][f"{frame}n"]),
            "baseline": baseline,
            "method": None if estimate.value is None else method,
        }


def _difference(mine: Statistic, theirs: Statistic, totals: Totals) -> float | None:
    a, b = mine(totals), theirs(totals)
    return None if a is None or b is None else a - b


def _ratio(mine: Statistic, theirs: Statistic, totals: Totals) -> float | None:
    a, b = mine(totals), theirs(totals)
    return None if a is None or not b else a / b


def _above(label: str, curve: Sequence[str], amount: str, by: str, totals: Totals) -> float | None:
    """Success less that of a curve through contenders, at the same cost.

    The line between two of them is what tossing a coin between them reaches. Beyond its ends the
    curve stays level. Unknown where the strong policy costs no more than the small one.
    """
    points = list[tuple[float, float]]()
    won = f"{MEASURED}won" if by.startswith(MEASURED) else "won"
    for name in (label, *curve):
        cost, success = share(name, amount, by)(totals), share(name, won, by)(totals)
        if cost is None or success is None:
            return None
        points.append((cost, success))
    (cost, success), *rest = points
    if rest[-1][0] <= rest[0][0]:
        return None
    return success - height(sorted(rest), cost)


def height(points: Sequence[tuple[float, float]], x: float) -> float:
    """The height at `x` of the line through `points`, which are sorted; level beyond its ends."""
    if x <= points[0][0]:
        return points[0][1]
    for (left, low), (right, high) in pairwise(points):
        if x <= right:
            part = (x - left) / (right - left) if right > left else 1.0
            return low + part * (high - low)
    return points[-1][1]


def common(plays: Mapping[str, Mapping[Pair, Play]]) -> dict[str, dict[Pair, Play]]:
    """Keep the pairs that every contender has."""
    shared = set.intersection(*(set(mine) for mine in plays.values()))
    return {
        label: {pair: play for pair, play in mine.items() if pair in shared}
        for label, mine in plays.items()
    }


def known_energy(plays: Plays) -> Plays:
    """Keep the pairs whose energy is known for every contender, all read or all estimated."""
    shared = [
        pair
        for pair in next(iter(plays.values()))
        if all(mine[pair].joules is not None for mine in plays.values())
    ]
    kinds = {mine[pair].method == "estimated" for mine in plays.values() for pair in shared}
    kept = shared if len(kinds) == 1 else []
    return {label: {pair: mine[pair] for pair in kept} for label, mine in plays.items()}
