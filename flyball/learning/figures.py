"""What a trained monitor comes to on tasks that it was not trained on, beside plain rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from flyball.learning.measures import auc, cut_at
from flyball.learning.table import Floats
from flyball.learning.training import TARGETS, Trained
from flyball.monitors.learned.catalogue import Row

LONGEST = 30
FEWEST = 20
"""Fewer runs than this that were still going say nothing of a step."""

PLAIN: dict[str, Callable[[Row], float]] = {
    "auc_lowest_p": lambda row: -(row["p_lowest_1"] or 0.0),
    "auc_lowest_p_run": lambda row: -(row["p_lowest_run"] or 0.0),
    "auc_steps": lambda row: row["step"] or 0.0,
}
"""What a monitor has to beat: the step's lowest log-probability, the run's, and their number."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One number, and how many steps it rests on."""

    metric: str
    value: float | None
    n: int
    step: int | None = None
    """The step that it is about, among runs that were still going then; `None`: all steps."""


def figures(trained: Trained) -> list[Figure]:
    """AUC by step for `will_fail`; precision, recall, F1 and false alarms for the others."""
    scores, labels, rows = _flat(trained)
    pooled = Figure(metric="auc", value=auc(scores, labels), n=len(labels))
    if trained.trees.monitor == "will_fail":
        return [pooled, *_by_step(scores, labels, rows)]
    cut = cut_at(scores, labels, trained.trees.decision)
    told = {"precision": cut.precision, "recall": cut.recall, "f1": cut.f1}
    found = [Figure(metric=name, value=value, n=int(labels.sum())) for name, value in told.items()]
    spared = TARGETS[trained.trees.monitor].spared(trained.runs)
    if spared is None:
        return [pooled, *found]
    alarms = float((scores[spared] >= trained.trees.decision).mean()) if spared.any() else None
    return [pooled, *found, Figure(metric="false_alarms", value=alarms, n=int(spared.sum()))]


def _by_step(scores: Floats, labels: Floats, rows: Sequence[Row]) -> Iterator[Figure]:
    steps = np.array([row["step"] for row in rows], float)
    plain = {name: np.array([rule(row) for row in rows]) for name, rule in PLAIN.items()}
    for name, values in plain.items():
        yield Figure(metric=name, value=auc(values, labels), n=len(labels))
    for step in range(LONGEST):
        here = steps == step
        if (n := int(here.sum())) < FEWEST:
            return
        for name, values in {"auc": scores, **plain}.items():
            value = auc(values[here], labels[here])
            # At one step all runs have as many steps, and in the end all that still go on fail.
            if name != "auc_steps" and value is not None:
                yield Figure(metric=name, value=value, n=n, step=step)


def _flat(trained: Trained) -> tuple[Floats, Floats, list[Row]]:
    scores = np.array([each for run in trained.scores for each in run])
    labels = np.array([float(each) for run in trained.labels for each in run])
    return scores, labels, [row for run in trained.runs for row in run.rows]
