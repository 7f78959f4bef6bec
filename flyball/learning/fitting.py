"""Fit boosted trees with LightGBM, and write them as JSON that the standard library can walk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from flyball.monitors.learned.catalogue import Row, check_features
from flyball.monitors.learned.trees import Trees

Floats = NDArray[np.float64]

SETTINGS: Mapping[str, Any] = {
    "objective": "binary",
    "num_leaves": 15,
    "learning_rate": 0.05,
    "min_data_in_leaf": 40,
    "min_sum_hessian_in_leaf": 1e-3,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 63,
    "num_threads": 1,
    "seed": 0,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
ROUNDS = 150
STEPS = 50


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


def fit(table: Table) -> lightgbm.Booster:
    data = lightgbm.Dataset(
        table.values,
        label=table.labels,
        weight=table.weights,
        feature_name=list(table.features),
        free_raw_data=False,
    )
    return lightgbm.train(dict(SETTINGS), data, num_boost_round=ROUNDS)


def margins(booster: lightgbm.Booster, values: Floats) -> Floats:
    """The sums of leaves, which a sigmoid makes probabilities of."""
    return np.asarray(booster.predict(values, raw_score=True), dtype=np.float64)


def fit_sigmoid(margin: Floats, labels: Floats, weights: Floats) -> tuple[float, float]:
    """Slope and intercept of the sigmoid that makes probabilities of margins (Platt 1999).

    Found by Newton's method, with a little pull towards leaving the margins as they are.
    """
    pull = 1.0
    found = np.array([1.0, 0.0])
    inputs = np.column_stack([margin, np.ones_like(margin)])
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ found, -500, 500)))
        slope = inputs.T @ (weights * (chance - labels)) + pull * (found - [1.0, 0.0])
        curve = (inputs * (weights * chance * (1 - chance))[:, None]).T @ inputs
        move = np.linalg.solve(curve + pull * np.eye(2), slope)
        found = found - move
        if np.abs(move).max() < 1e-9:
            break
    return float(found[0]), float(found[1])


def export(
    booster: lightgbm.Booster,
    monitor: str,
    sigmoid: tuple[float, float],
    decision: float,
    about: Mapping[str, object],
) -> Trees:
    """Write a booster's trees flat, node by node, as they are: nothing is rounded."""
    dump = booster.dump_model()
    walk = _Walk()
    roots = [walk.take(tree["tree_structure"]) for tree in dump["tree_info"]]
    return Trees(
        monitor=monitor,
        features=tuple(dump["feature_names"]),
        roots=tuple(roots),
        feature=tuple(walk.feature),
        threshold=tuple(walk.threshold),
        left=tuple(walk.left),
        right=tuple(walk.right),
        missing_left=tuple(walk.missing_left),
        leaves=tuple(walk.leaves),
        slope=sigmoid[0],
        intercept=sigmoid[1],
        decision=decision,
        about=about,
    )


class _Walk:
    """Lists of nodes and leaves that grow as trees are walked."""

    def __init__(self) -> None:
        self.feature: list[int] = []
        self.threshold: list[float] = []
        self.left: list[int] = []
        self.right: list[int] = []
        self.missing_left: list[bool] = []
        self.leaves: list[float] = []

    def take(self, node: Mapping[str, Any]) -> int:
        """Add a node and all below it; gives its number, or `~` that of a leaf."""
        if "leaf_value" in node:
            self.leaves.append(float(node["leaf_value"]))
            return ~(len(self.leaves) - 1)
        mine = len(self.feature)
        self.feature.append(int(node["split_feature"]))
        self.threshold.append(float(node["threshold"]))
        # A feature that was never missing in training is taken for 0 where it is (LightGBM's
        # `missing_type` None).
        known = node["missing_type"] == "NaN"
        zero_left = float(node["threshold"]) >= 0
        self.missing_left.append(bool(node["default_left"]) if known else zero_left)
        self.left.append(0)
        self.right.append(0)
        self.left[mine] = self.take(node["left_child"])
        self.right[mine] = self.take(node["right_child"])
        return mine
