"""Train one monitor: what it may look at, what it is to say, and how well it says it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from flyball.errors import ConfigError
from flyball.learning.blend import Blend, fit_shares
from flyball.learning.curves import fit_curves
from flyball.learning.fitting import export, fit_trees
from flyball.learning.labels import sound_repeats
from flyball.learning.logistic import fit_sigmoid
from flyball.learning.measures import best_cut
from flyball.learning.samples import Sample
from flyball.learning.table import Fitted, Floats, Table, matrix
from flyball.monitors.learned.catalogue import Row, in_groups
from flyball.monitors.learned.scored import ScoredRun
from flyball.monitors.learned.trees import Trees

FOLDS = 5
FEWEST_TASKS = 2 * FOLDS
"""With fewer, a fold would say little about tasks that were not trained on."""

Tell = Callable[[str], None]
"""Is told how far the training is."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a monitor is trained to say."""

    features: tuple[str, ...]
    labels: Callable[[Sample], Sequence[bool] | None]
    """One for each step; `None` for a run that nobody can label."""
    share: float
    """Each step weighs (steps of its run) ** -share: 1 makes runs equal, 0 steps."""
    fits: tuple[Callable[[Table], Fitted], ...]
    """What is fitted, and then weighed by what it says of tasks that were held out."""
    spares: Callable[[Sequence[Row]], Sequence[bool]] | None = None
    """Which steps of a run are legitimate, whatever else they look like."""

    def spared(self, runs: Sequence[Sample]) -> NDArray[np.bool_] | None:
        """Mark the steps of `runs`, one after another, that are to be spared (steps)."""
        if self.spares is None:
            return None
        return np.array([each for run in runs for each in self.spares(run.rows)], bool)


TARGETS: Mapping[str, Target] = {
    # Seconds and joules differ from machine to machine, and say more of it than of the run.
    "will_fail": Target(
        features=in_groups("confidence", "recurrence", "results", "goal", "shape", "place"),
        labels=lambda sample: [not sample.success] * len(sample.rows),
        share=0.5,
        fits=(fit_curves, fit_trees),
    ),
    "stuck": Target(
        features=in_groups("recurrence", "results", "shape"),
        labels=lambda sample: sample.stuck,
        share=0.0,
        fits=(fit_curves,),
        spares=sound_repeats,
    ),
    "milestone": Target(
        features=in_groups("confidence", "recurrence", "results", "goal", "shape", "place"),
        labels=lambda sample: sample.milestone,
        share=0.0,
        fits=(fit_trees,),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A monitor's weights, and what it says of tasks that it was not trained on."""

    trees: Trees
    runs: tuple[Sample, ...]
    scores: tuple[tuple[float, ...], ...]
    """For each run and step: the probability from trees that never saw the run's task."""
    labels: tuple[tuple[bool, ...], ...]
    thresholds: tuple[float, ...]
    """For each run: where F1 is highest on the tasks of other folds."""

    @property
    def scored(self) -> tuple[ScoredRun, ...]:
        """The runs with their scores, as calibration takes them."""
        energy = all(run.joules is not None for run in self.runs)
        return tuple(
            ScoredRun(
                task=run.unit,
                name="" if run.group is None else run.task,
                success=run.success,
                scores=scores,
                joules=run.joules if energy and run.joules is not None else run.tokens,
                agent=run.agent,
                seed=run.seed,
                run=run.run,
                threshold=threshold,
            )
            for run, scores, threshold in zip(self.runs, self.scores, self.thresholds, strict=True)
        )


def train(monitor: str, samples: Sequence[Sample], tell: Tell) -> Trained:
    """Fit `monitor` on all runs, and score each run with trees that never saw its task.

    Raises `ConfigError` for runs of too few tasks, and where there is nothing to learn.
    """
    target = TARGETS[monitor]
    told = [(run, target.labels(run)) for run in samples]
    labelled = [(run, tuple(labels)) for run, labels in told if labels is not None]
    if samples and not labelled:
        raise ConfigError(
            f"{monitor}: none of these runs says where it is so, as runs of flyball bench collect"
            " do; leave it out with --monitors"
        )
    runs, labels = [run for run, _ in labelled], [labels for _, labels in labelled]
    table = make_table(target, runs, labels)
    _check(monitor, table, {run.unit for run in runs})
    apart = np.empty((len(table.labels), len(target.fits)))
    for number, held in enumerate(folds(runs), start=1):
        tell(f"{monitor}: fold {number} of {FOLDS}, {len(held)} tasks are held out")
        out = np.isin(table.tasks, list(held))
        for part, fit in enumerate(target.fits):
            apart[out, part] = fit(_part(table, ~out)).margins(table.values[out])
    shares = fit_shares(apart, table.labels, table.weights)
    held_out = apart @ shares
    sigmoid = fit_sigmoid(held_out, table.labels, table.weights)
    chances = 1 / (1 + np.exp(-(sigmoid[0] * held_out + sigmoid[1])))
    tell(f"{monitor}: all {len(runs)} runs")
    about = {
        "runs": len(runs),
        "shares": [round(float(share), 3) for share in shares],
        "steps": len(table.labels),
        "tasks": sorted({run.task for run in runs}),
        "agents": sorted({run.agent for run in runs}),
    }
    spared = target.spared(runs)
    decision = best_cut(chances, table.labels, spared).threshold
    blend = Blend([fit(table) for fit in target.fits], shares)
    trees = export(blend, monitor, target.features, sigmoid, decision, about)
    return Trained(
        trees=trees,
        runs=tuple(runs),
        scores=tuple(_by_run(chances, runs)),
        labels=tuple(labels),
        thresholds=_thresholds(table, chances, spared, runs),
    )


def _thresholds(
    table: Table, chances: Floats, spared: NDArray[np.bool_] | None, runs: Sequence[Sample]
) -> tuple[float, ...]:
    """For each run what its task's fold is ruled from, which the other folds set."""
    found = dict[str, float]()
    for held in folds(runs):
        others = ~np.isin(table.tasks, list(held))
        known = None if spared is None else spared[others]
        cut = best_cut(chances[others], table.labels[others], known)
        found |= dict.fromkeys(held, cut.threshold)
    return tuple(found[run.unit] for run in runs)


def make_table(target: Target, runs: Sequence[Sample], labels: Sequence[Sequence[bool]]) -> Table:
    """Put the steps of `runs` under one another. Raises `ConfigError` for an unknown feature."""
    lengths = [len(run.rows) for run in runs]
    return Table(
        features=target.features,
        values=matrix([row for run in runs for row in run.rows], target.features),
        labels=np.array([float(each) for told in labels for each in told]),
        weights=np.repeat([float(length) ** -target.share for length in lengths], lengths),
        tasks=np.repeat([run.unit for run in runs], lengths),
    )


def folds(runs: Sequence[Sample]) -> list[set[str]]:
    """Part the tasks, or groups of them, into `FOLDS` sets of about as many steps each.

    They are the same every time.
    """
    steps = Counter[str]()
    for run in runs:
        steps[run.unit] += len(run.rows)
    tasks = sorted(steps)
    Random(0).shuffle(tasks)
    parts: list[set[str]] = [set() for _ in range(FOLDS)]
    sizes = [0] * FOLDS
    for task in sorted(tasks, key=lambda task: -steps[task]):
        smallest = sizes.index(min(sizes))
        parts[smallest].add(task)
        sizes[smallest] += steps[task]
    return parts


def _check(monitor: str, table: Table, tasks: set[str]) -> None:
    if len(tasks) < FEWEST_TASKS:
        raise ConfigError(
            f"{monitor}: runs of {len(tasks)} tasks are too few to tell how it does on others;"
            f" give runs of at least {FEWEST_TASKS}"
        )
    if len(set(table.labels.tolist())) < 2:
        raise ConfigError(
            f"{monitor}: all {len(table.labels)} steps have the same label, so that there is"
            " nothing to learn; give runs that differ"
        )


def _part(table: Table, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Table:
    return Table(
        features=table.features,
        values=table.values[chosen],
        labels=table.labels[chosen],
        weights=table.weights[chosen],
        tasks=table.tasks[chosen],
    )


def _by_run(chances: Floats, runs: Sequence[Sample]) -> Iterator[tuple[float, ...]]:
    at = 0
    for run in runs:
        yield tuple(map(float, chances[at : at + len(run.rows)]))
        at += len(run.rows)
