"""Rulings held against what is so: how many that are stuck, or at a milestone, a monitor finds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from flyball.bench.cases import Case
from flyball.bench.evaluation import row_of
from flyball.bench.intervals import bootstrap
from flyball.bench.report import Row
from flyball.learning.labels import milestone_labels, sound_repeats, stuck_labels
from flyball.monitors.learned.features import Features
from flyball.monitors.learned.scored import ScoredRun
from flyball.records import Ruling, Trajectory

Kind = Literal["stuck", "milestone"]
KINDS: Mapping[str, Kind] = {
    "stuck": "stuck",
    "openhands_stuck": "stuck",
    "litellm_stall": "stuck",
    "repeats": "stuck",
    "milestone": "milestone",
}
"""What monitors and baselines look for, by name."""
RULED: Mapping[Ruling, Kind] = {
    Ruling.REVISE: "stuck",
    Ruling.ESCALATE: "stuck",
    Ruling.VERIFY: "milestone",
}
"""What a monitor of another name looks for, by what it rules."""


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What is so at each step of a run, as the environment and the steps that followed tell."""

    task: str
    so: Sequence[bool]
    spared: Sequence[bool]
    """Legitimate repeats, for what finds runs that are stuck; else nothing is to be spared."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """What was ruled in a run, beside what is so."""

    truth: Truth
    ruled: Sequence[bool]


def kind_of(name: str, ruled: Sequence[Sequence[Ruling]]) -> Kind | None:
    """What a monitor looks for; `None` for one that stops runs, or rules nothing."""
    found = (RULED.get(ruling) for run in ruled for ruling in run)
    return KINDS.get(name) or next(filter(None, found), None)


def truth_of(case: Case, kind: Kind) -> Truth | None:
    """What is so in a run; `None` where nothing tells."""
    if kind == "milestone":
        if case.reached is None:
            return None
        so = milestone_labels(case.reached, len(case.steps))
        return Truth(task=case.task, so=so, spared=[False] * len(so))
    features = Features(case.run.task)
    trajectory = Trajectory(task=case.run.task, steps=case.steps)
    return Truth(
        task=case.task,
        so=stuck_labels(trajectory, case.run),
        spared=sound_repeats([features.add(step) for step in case.steps]),
    )


def held(truths: Sequence[Truth | None], ruled: Sequence[Sequence[bool]]) -> list[Held]:
    """Rulings beside what is so, of the runs of which that is known."""
    pairs = zip(truths, ruled, strict=True)
    return [Held(truth=truth, ruled=mine) for truth, mine in pairs if truth is not None]


def ruled_from(runs: Sequence[ScoredRun | None]) -> list[list[bool]]:
    """What is ruled from the thresholds that scores came with; nothing where one has none."""
    known = [run for run in runs if run is not None and run.threshold is not None]
    if len(known) < len(runs):
        return []
    return [[score >= (run.threshold or 0.0) for score in run.scores] for run in known]


def detection_rows(runs: Sequence[Held], head: Row) -> Iterator[Row]:
    """Precision, recall, F1, and the share of what is to be spared that was ruled against."""
    by_task = defaultdict[str, list[Held]](list)
    for run in runs:
        by_task[run.truth.task].append(run)
    units = [_Counts.of(group) for group in by_task.values()]
    true, spared = sum(each.true for each in units), sum(each.spared for each in units)
    for metric, statistic, n in (
        ("precision", _precision, true),
        ("recall", _recall, true),
        ("f1", _f1, true),
        ("false_alarms", _false_alarms, spared),
    ):
        value = statistic(units)
        interval = None if value is None else bootstrap(units, statistic)
        yield row_of(head, metric, value, interval, n)


class _Counts(NamedTuple):
    """Steps of one task."""

    both: int
    ruled: int
    true: int
    alarms: int
    spared: int

    @classmethod
    def of(cls, runs: Sequence[Held]) -> _Counts:
        steps = [
            each
            for run in runs
            for each in zip(run.ruled, run.truth.so, run.truth.spared, strict=True)
        ]
        return cls(
            both=sum(ruled and so for ruled, so, _ in steps),
            ruled=sum(ruled for ruled, _, _ in steps),
            true=sum(so for _, so, _ in steps),
            alarms=sum(ruled and spared for ruled, _, spared in steps),
            spared=sum(spared for _, _, spared in steps),
        )


def _precision(units: Sequence[_Counts]) -> float | None:
    ruled = sum(each.ruled for each in units)
    return sum(each.both for each in units) / ruled if ruled else None


def _recall(units: Sequence[_Counts]) -> float | None:
    true = sum(each.true for each in units)
    return sum(each.both for each in units) / true if true else None


def _f1(units: Sequence[_Counts]) -> float | None:
    total = sum(each.ruled + each.true for each in units)
    return 2 * sum(each.both for each in units) / total if total else None


def _false_alarms(units: Sequence[_Counts]) -> float | None:
    spared = sum(each.spared for each in units)
    return sum(each.alarms for each in units) / spared if spared else None
