"""How scores are spread, small enough to keep beside a promise."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple

BINS = 20


class Histogram(NamedTuple):
    """Counts of scores between edges."""

    edges: tuple[float, ...]
    """Ascending; bin i holds the scores from edge i - 1 up to edge i, that one excluded."""
    counts: tuple[int, ...]
    """One more than there are edges."""

    @classmethod
    def of(cls, scores: Sequence[float], bins: int = BINS) -> Histogram:
        """Spread `scores` over at most `bins` bins with about as many in each."""
        ordered = sorted(scores)
        places = (round(len(ordered) * bin_ / bins) for bin_ in range(1, bins))
        picked = {ordered[place] for place in places if place < len(ordered)}
        edges = tuple(sorted(filter(isfinite, picked)))
        counts = Counter(bisect_right(edges, score) for score in ordered)
        return cls(edges, tuple(counts[bin_] for bin_ in range(len(edges) + 1)))

    def bin(self, score: float) -> int:
        """The number of the bin that `score` falls in."""
        return bisect_right(self.edges, score)
