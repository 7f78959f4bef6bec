"""Steps as numbers, for what is fitted to them; and trees as lists of nodes, as it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from flyball.monitors.learned.catalogue import Row, check_features

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Steps of many runs, in the order of the runs."""

    features: tuple[str, ...]
    values: Floats
    """A row a step, a column a feature; NaN is unknown."""
    labels: Floats
    """1 where it is so, 0 where it is not."""
    weights: Floats
    tasks: NDArray[np.str_]
    """The task of each step."""


def matrix(rows: Sequence[Row], features: Sequence[str]) -> Floats:
    """Rows as numbers, one a step. Raises `ConfigError` for a column that is no feature."""
    check_features(features)
    values = np.full((len(rows), len(features)), np.nan)
    for at, row in enumerate(rows):
        values[at] = [np.nan if row.get(name) is None else row[name] for name in features]
    return values


@dataclass(kw_only=True)
class Nodes:
    """The nodes and leaves of some trees (see `flyball.monitors.learned.trees`)."""

    roots: list[int] = field(default_factory=list)
    feature: list[int] = field(default_factory=list)
    threshold: list[float] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    missing_left: list[bool] = field(default_factory=list)
    leaves: list[float] = field(default_factory=list)

    def leaf(self, value: float) -> int:
        """Add a leaf; gives how a node names it."""
        self.leaves.append(value)
        return ~(len(self.leaves) - 1)

    def add(self, others: Nodes, *, share: float) -> None:
        """Add the trees of `others`, whose leaves count for `share` of what they are."""
        node, leaf = len(self.feature), len(self.leaves)
        # A leaf is named by its place from the end of the numbers below 0.
        moved = [
            [child + node if child >= 0 else child - leaf for child in children]
            for children in (others.roots, others.left, others.right)
        ]
        for mine, theirs in zip((self.roots, self.left, self.right), moved, strict=True):
            mine += theirs
        self.feature += others.feature
        self.threshold += others.threshold
        self.missing_left += others.missing_left
        self.leaves += [share * each for each in others.leaves]

    def split(self, feature: int, threshold: float, *, missing_left: bool) -> int:
        """Add a node whose children are still to be named; gives its number."""
        self.feature.append(feature)
        self.threshold.append(threshold)
        self.missing_left.append(missing_left)
        self.left.append(0)
        self.right.append(0)
        return len(self.feature) - 1


class Fitted(Protocol):
    """What was fitted to a table."""

    def margins(self, values: Floats) -> Floats:
        """What it says of `values` (steps, features), for a sigmoid to make a chance of (steps)."""
        ...

    def nodes(self) -> Nodes:
        """The same as trees."""
        ...
