"""Live runs under a calibrated monitor, from the ledger, held against its calibration."""

from __future__ import annotations

from math import nan

from flyball.ledger import Ledger
from flyball.monitors.learned.calibration import Calibration
from flyball.monitors.learned.drift import Drift, Live, find_drift
from flyball.records import Run

NEWEST = 500
"""Runs that are looked at, at most."""


def drift_of(calibration: Calibration, ledger: Ledger) -> Drift:
    """What the runs since the calibration say about it."""
    return find_drift(calibration, live_runs(calibration, ledger))


def live_runs(calibration: Calibration, ledger: Ledger) -> list[Live]:
    """The runs since the calibration of its model and agent that the monitor scored, in order."""
    subject = calibration.subject
    found = ledger.runs(agent=subject.agent, policy=subject.model, limit=NEWEST)
    since = [run for run in reversed(found) if run.started_at >= calibration.made_at]
    live = [_live(run, subject.monitor, ledger) for run in since if run.status != "running"]
    return [each for each in live if each.scores]


def _live(run: Run, monitor: str, ledger: Ledger) -> Live:
    scores = list[float]()
    for step in ledger.steps(run.id):
        said = [verdict.score for verdict in step.verdicts if verdict.monitor == monitor]
        known = said[0] if said and not step.action.is_final else None
        scores.append(nan if known is None else known)
    return Live(run.id, run.task.suite, tuple(scores))
