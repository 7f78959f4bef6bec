"""Fit boosted trees with LightGBM, and write what was fitted as trees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np

from flyball.learning.table import Fitted, Floats, Nodes, Table
from flyball.monitors.learned.trees import Trees

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


@dataclass(frozen=True)
class Boosted:
    """Boosted trees."""

    booster: lightgbm.Booster

    def margins(self, values: Floats) -> Floats:
        return np.asarray(self.booster.predict(values, raw_score=True), dtype=np.float64)

    def nodes(self) -> Nodes:
        """A booster's trees node by node, as they are: nothing is rounded."""
        nodes = Nodes()
        for tree in self.booster.dump_model()["tree_info"]:
            nodes.roots.append(_added(nodes, tree["tree_structure"]))
        return nodes


def fit_trees(table: Table) -> Boosted:
    data = lightgbm.Dataset(
        table.values,
        label=table.labels,
        weight=table.weights,
        feature_name=list(table.features),
        free_raw_data=False,
    )
    return Boosted(lightgbm.train(dict(SETTINGS), data, num_boost_round=ROUNDS))


def export(
    fitted: Fitted,
    monitor: str,
    features: tuple[str, ...],
    sigmoid: tuple[float, float],
    decision: float,
    about: Mapping[str, object],
) -> Trees:
    """Write what was fitted as trees that the standard library can walk."""
    nodes = fitted.nodes()
    return Trees(
        monitor=monitor,
        features=features,
        roots=tuple(nodes.roots),
        feature=tuple(nodes.feature),
        threshold=tuple(nodes.threshold),
        left=tuple(nodes.left),
        right=tuple(nodes.right),
        missing_left=tuple(nodes.missing_left),
        leaves=tuple(nodes.leaves),
        slope=sigmoid[0],
        intercept=sigmoid[1],
        decision=decision,
        about=about,
    )


def _added(nodes: Nodes, tree: Mapping[str, Any]) -> int:
    """Add a node of LightGBM's and all below it; gives its number, or that of a leaf."""
    if "leaf_value" in tree:
        return nodes.leaf(float(tree["leaf_value"]))
    threshold = float(tree["threshold"])
    # A feature that was never missing in training is taken for 0 where it is (LightGBM's
    # `missing_type` None).
    known = tree["missing_type"] == "NaN"
    missing_left = bool(tree["default_left"]) if known else threshold >= 0
    node = nodes.split(int(tree["split_feature"]), threshold, missing_left=missing_left)
    nodes.left[node] = _added(nodes, tree["left_child"])
    nodes.right[node] = _added(nodes, tree["right_child"])
    return node
