"""Gradient-boosted trees as JSON, and what they say of a row of features."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from flyball.errors import ConfigError
from flyball.monitors.learned.catalogue import Row, check_features

FORMAT, VERSION = "flyball-trees", 1
REMEDY = "make one with `flyball monitors train`"
NAN = math.nan


@dataclass(frozen=True, kw_only=True)
class Trees:
    """A sum of trees, and the sigmoid that makes a probability of it.

    Nodes of all trees lie in one list. A child of 0 or more is a node further on in it; one below
    0 is leaf `~child`. A value that is at most the threshold goes left, as it does in LightGBM.
    """

    monitor: str
    """What it was trained for: `will_fail`, `stuck` or `milestone`."""
    features: tuple[str, ...]
    roots: tuple[int, ...]
    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    missing_left: tuple[bool, ...]
    """Where an unknown value goes."""
    leaves: tuple[float, ...]
    slope: float
    intercept: float
    """Probability = sigmoid(slope x sum + intercept), fitted to tasks that were not trained on."""
    decision: float
    """The probability from which it is worth ruling, on tasks that were not trained on."""
    about: Mapping[str, object]
    """What it was trained on, for its card."""

    @cached_property
    def fingerprint(self) -> str:
        """Changes with the weights, and with nothing else."""
        said = {**{name: getattr(self, name) for name in self.__dataclass_fields__}, "about": None}
        return sha256(json.dumps(said).encode()).hexdigest()[:16]

    def margin(self, row: Row) -> float:
        """The sum of the leaves that `row` falls into. A feature that it lacks is unknown."""
        values = [row.get(name) for name in self.features]
        feature, threshold, left, right = self.feature, self.threshold, self.left, self.right
        total = 0.0
        for root in self.roots:
            node = root
            while node >= 0:
                value = values[feature[node]]
                if value is None or value != value:
                    node = left[node] if self.missing_left[node] else right[node]
                else:
                    node = left[node] if value <= threshold[node] else right[node]
            total += self.leaves[~node]
        return total

    def probability(self, row: Row) -> float:
        """The calibrated probability, from 0 to 1."""
        return sigmoid(self.slope * self.margin(row) + self.intercept)


def sigmoid(x: float) -> float:
    if x >= 0:
        return 1 / (1 + math.exp(-x))
    small = math.exp(max(x, -700.0))
    return small / (1 + small)


def trees_to_json(trees: Trees) -> str:
    body = {name: getattr(trees, name) for name in Trees.__dataclass_fields__}
    return json.dumps({"format": FORMAT, "version": VERSION, **body}, separators=(",", ":")) + "\n"


@cache
def load_trees(monitor: str, path: Path | None = None) -> Trees:
    """The weights at `path`, or those that come with flyball. Raises `ConfigError`."""
    place = path or files(__package__).joinpath("weights", f"{monitor}.json")
    try:
        text = place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"weights {place} cannot be read: {error}; {REMEDY}") from error
    trees = trees_from_json(text, str(place))
    if trees.monitor != monitor:
        raise ConfigError(f"weights {place} are for {trees.monitor!r}, not {monitor!r}; {REMEDY}")
    return trees


def trees_from_json(text: str, place: str) -> Trees:
    """Read weights, whoever wrote them; `place` is what an error calls them.

    Raises `ConfigError` for what is not a set of trees that can be walked to its leaves.
    """
    try:
        body = json.loads(text)
        if not isinstance(body, dict) or body.pop("format", None) != FORMAT:
            raise ValueError("they are no trees of flyball's")
        if (version := body.pop("version", None)) != VERSION:
            raise ValueError(f"version {version} is not {VERSION}, which this flyball reads")
        trees = _trees(body)
        _check(trees)
    except (ConfigError, KeyError, TypeError, ValueError, RecursionError) as error:
        why = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise ConfigError(f"weights {place} cannot be used: {why}; {REMEDY}") from error
    return trees


def _trees(body: Mapping[str, Any]) -> Trees:
    return Trees(
        monitor=str(body["monitor"]),
        features=tuple(map(str, _sequence(body, "features"))),
        roots=_whole(body, "roots"),
        feature=_whole(body, "feature"),
        threshold=_numbers(body, "threshold"),
        left=_whole(body, "left"),
        right=_whole(body, "right"),
        missing_left=tuple(map(bool, _sequence(body, "missing_left"))),
        leaves=_numbers(body, "leaves"),
        slope=_number(body["slope"]),
        intercept=_number(body["intercept"]),
        decision=_number(body["decision"]),
        about=dict(body["about"]),
    )


def _sequence(body: Mapping[str, Any], name: str) -> Sequence[Any]:
    if not isinstance(body[name], list):
        raise ValueError(f"{name} is no list")
    return list(body[name])


def _whole(body: Mapping[str, Any], name: str) -> tuple[int, ...]:
    values = _sequence(body, name)
    if not all(type(value) is int for value in values):
        raise ValueError(f"{name} has something in it that is no whole number")
    return tuple(values)


def _numbers(body: Mapping[str, Any], name: str) -> tuple[float, ...]:
    return tuple(map(_number, _sequence(body, name)))


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no finite number")
    return float(value)


def _check(trees: Trees) -> None:
    check_features(trees.features)
    nodes, leaves = len(trees.feature), len(trees.leaves)
    for name in ("threshold", "left", "right", "missing_left"):
        if len(getattr(trees, name)) != nodes:
            raise ValueError(f"{name} has not one value for each of {nodes} nodes")
    if not all(0 <= index < len(trees.features) for index in trees.feature):
        raise ValueError("a node asks for a feature that is not listed")
    ends = [(root, -1) for root in trees.roots]
    for node, pair in enumerate(zip(trees.left, trees.right, strict=True)):
        ends += [(child, node) for child in pair]
    # A child that lies further on than its node cannot lead round in a circle.
    if not all(above < child < nodes if child >= 0 else ~child < leaves for child, above in ends):
        raise ValueError("a node leads nowhere")
    if not 0.0 <= trees.decision <= 1.0:
        raise ValueError("decision is no probability")
