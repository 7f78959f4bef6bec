"""How well scores tell what is so from what is not."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST_FALSE_ALARMS = 0.02
"""The share of the steps to be spared that may be ruled against all the same."""


class Cut(NamedTuple):
    """What ruling from a threshold on comes to."""

    threshold: float
    precision: float
    recall: float
    f1: float


def auc(scores: Floats, labels: Floats) -> float | None:
    """The chance that one that is so scores above one that is not; ties count half.

    `None` where all labels are the same.
    """
    so, not_so = int(labels.sum()), int(len(labels) - labels.sum())
    if not so or not not_so:
        return None
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[place]
    above = ranks[labels == 1].sum() - so * (so + 1) / 2
    return float(above / (so * not_so))


def cut_at(scores: Floats, labels: Floats, threshold: float) -> Cut:
    """Precision, recall and F1 of ruling from `threshold` on; 0 where there is nothing to find."""
    ruled = scores >= threshold
    found = float((ruled & (labels == 1)).sum())
    precision = found / max(1.0, float(ruled.sum()))
    recall = found / max(1.0, float(labels.sum()))
    f1 = 2 * precision * recall / (precision + recall) if found else 0.0
    return Cut(threshold, precision, recall, f1)


def best_cut(scores: Floats, labels: Floats, spared: NDArray[np.bool_] | None = None) -> Cut:
    """The threshold with the highest F1, of those with few false alarms on `spared`, if any has.

    Few are `MOST_FALSE_ALARMS`.
    """
    order = np.argsort(-scores, kind="stable")
    found = np.cumsum(labels[order])
    f1 = 2 * found / (np.arange(1, len(found) + 1) + labels.sum())
    # Equal scores are ruled on together.
    ends = np.append(np.diff(scores[order]) != 0, True)
    if spared is not None:
        few = np.cumsum(spared[order]) <= MOST_FALSE_ALARMS * spared.sum()
        ends = ends & few if (ends & few).any() else ends
    best = int(np.argmax(np.where(ends, f1, -1.0)))
    return cut_at(scores, labels, float(scores[order][best]))
