"""Bootstrap intervals of sums and medians of many figures, quickly and without a package.

What makes draws slow is the drawing. Here a byte is a draw: bytes come thousands at a time, and
which unit each stands for is looked up without a line of Python in between. The median of single
figures needs no draws, as its distribution under drawing is known.
"""

from __future__ import annotations

import random
from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from math import exp, lgamma, log

from flyball.bench.intervals import RESAMPLES, Interval, middle

MOST_DRAWN, MOST_DRAWN_OFTEN, FEWEST_RESAMPLES = 2_000_000, 40_000, 200
"""Units drawn for an interval, which for very many takes fewer resamples: where the draws are
summed once, where they are summed at each halving, and how few resamples at least."""
TAIL = 0.025
BYTE = 256
ROOM_BITS = 62
"""Python adds whole numbers of this many bits quickest."""


class Draws:
    """The same resamples of `count` units, drawn with replacement, for every sum over them."""

    def __init__(self, count: int, *, most: int = MOST_DRAWN) -> None:
        self.count = count
        self.resamples = max(FEWEST_RESAMPLES, min(RESAMPLES, most // count))
        self._drawn = _drawn(count, self.resamples * count)

    def sums(self, amounts: Sequence[int]) -> list[int]:
        """The sum of each resample."""
        table = [amounts[place % self.count] for place in range(max(BYTE, self.count))]
        of, drawn = table.__getitem__, self._drawn
        steps = range(0, len(drawn), self.count)
        return [sum(map(of, drawn[at : at + self.count])) for at in steps]


def ratio_interval(parts: Sequence[tuple[float, int]]) -> Interval | None:
    """95 % percentile interval of the sum of the first over the sum of the second.

    `None` for fewer than two units, and where some resamples have nothing to divide by.
    """
    if len(parts) < 2:
        return None
    # Both in one whole number, so that one sum adds both up.
    low_bits = (len(parts) * max(below for _, below in parts)).bit_length() + 1
    most = max(abs(above) for above, _ in parts) * len(parts) or 1.0
    scale = 2 ** (ROOM_BITS - low_bits) / most
    packed = [(round(above * scale) << low_bits) + below for above, below in parts]
    mask = (1 << low_bits) - 1
    sums = Draws(len(parts)).sums(packed)
    return middle([_over(each >> low_bits, each & mask, scale) for each in sums])


def median_interval(groups: Sequence[Sequence[float]]) -> Interval | None:
    """95 % percentile interval of the median over all that the drawn groups hold.

    Where a median lies between two figures, the interval reaches to the outer one.
    `None` for fewer than two groups.
    """
    if len(groups) < 2:
        return None
    if all(len(group) == 1 for group in groups):
        return _median_of_singles(sorted(figure for group in groups for figure in group))
    groups = [sorted(group) for group in groups]
    figures = sorted({figure for group in groups for figure in group})
    draws = Draws(len(groups), most=MOST_DRAWN_OFTEN)
    tail = round(TAIL * draws.resamples)

    def below(figure: float) -> list[int]:
        """For each resample, how many more of its figures are up to `figure` than beyond it."""
        return draws.sums([2 * bisect_right(group, figure) - len(group) for group in groups])

    low = _first(len(figures), lambda at: sum(n >= 0 for n in below(figures[at])) > tail)
    upper = draws.resamples - tail
    high = _first(len(figures), lambda at: sum(n > 0 for n in below(figures[at])) >= upper)
    return Interval(figures[low], figures[high])


def _median_of_singles(figures: Sequence[float]) -> Interval:
    """What endless resamples would give: how many are up to the k-th figure is binomial.

    Source: Efron, "Bootstrap methods: another look at the jackknife" (1979), section 3.
    """
    count = len(figures)

    def share(at: int, least: int) -> float:
        return at_least(least, trials=count, chance=(at + 1) / count)

    low = _first(count, lambda at: share(at, (count + 1) // 2) >= TAIL)
    high = _first(count, lambda at: share(at, count // 2 + 1) >= 1 - TAIL)
    return Interval(figures[low], figures[high])


def at_least(least: int, *, trials: int, chance: float) -> float:
    """The chance of at least so many of `trials`."""
    if chance >= 1.0 or least <= 0:
        return 1.0
    odds = chance / (1 - chance)
    upwards = least > trials * chance
    # From the middle outwards, where the terms only shrink.
    at, total = (least if upwards else least - 1), 0.0
    term = exp(
        lgamma(trials + 1) - lgamma(at + 1) - lgamma(trials - at + 1)
        + at * log(chance) + (trials - at) * log(1 - chance)
    )  # fmt: skip
    while 0 <= at <= trials and term > total * 1e-12:
        total += term
        term *= (trials - at) / (at + 1) * odds if upwards else at / (trials - at + 1) / odds
        at += 1 if upwards else -1
    return total if upwards else 1 - total


def _drawn(count: int, draws: int) -> Sequence[int]:
    """Numbers that stand for units, all units as likely; the same ones every time."""
    source = random.Random(0)
    if count > BYTE:
        return [number % count for number in array("Q", source.randbytes(8 * draws))]
    # Bytes from here on would make the first units likelier than the last.
    uneven = bytes(range(BYTE - BYTE % count, BYTE))
    drawn = b""
    while len(drawn) < draws:
        drawn += source.randbytes(2 * draws - len(drawn)).translate(None, uneven)
    return drawn[:draws]


def _over(above: int, below: int, scale: float) -> float | None:
    return above / scale / below if below else None


def _first(count: int, holds: Callable[[int], bool]) -> int:
    """The first place at which `holds`, as it does from there on."""
    low, high = 0, count - 1
    while low < high:
        at = (low + high) // 2
        low, high = (low, at) if holds(at) else (at + 1, high)
    return low
