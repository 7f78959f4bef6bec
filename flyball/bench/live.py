"""Live runs under a calibrated monitor, from the ledger, held against its calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import nan

from flyball.ledger import Ledger
from flyball.ledger.alone import drove_alone
from flyball.monitors.learned.calibration import Calibration
from flyball.monitors.learned.drift import Drift, Live, find_drift
from flyball.records import Run, Step

NEWEST = 500
"""Runs that are looked at, at most."""


def drift_of(calibration: Calibration, ledger: Ledger) -> Drift:
    """What the runs since the calibration say about it."""
    since = _since(calibration, ledger)
    alone = [(run, steps) for run, steps in since if drove_alone(run, steps)]
    live = [_live(run, steps, calibration.subject.monitor) for run, steps in alone]
    return replace(find_drift(calibration, live), passed_over=len(since) - len(alone))


def _since(calibration: Calibration, ledger: Ledger) -> list[tuple[Run, tuple[Step, ...]]]:
    """The runs since the calibration of its model and agent, oldest first."""
    subject = calibration.subject
    found = ledger.runs(agent=subject.agent, policy=subject.model, limit=NEWEST)
    since = [run for run in reversed(found) if run.started_at >= calibration.made_at]
    known = [(run, ledger.steps(run.id)) for run in since if run.status != "running"]
    return [(run, steps) for run, steps in known if steps]


def _live(run: Run, steps: Sequence[Step], monitor: str) -> Live:
    scores = list[float]()
    for step in steps:
        said = [verdict.score for verdict in step.verdicts if verdict.monitor == monitor]
        known = said[0] if said and not step.action.is_final else None
        scores.append(nan if known is None else known)
    return Live(run.id, run.task.suite, tuple(scores))
