"""Monitors that are not obeyed yet, and monitors that are obeyed as a calibration promises."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flyball.records import Ruling, Trajectory, Verdict

if TYPE_CHECKING:
    from flyball.monitors.learned.calibration import Calibration
    from flyball.roles import Monitor


@dataclass(frozen=True, kw_only=True)
class Shadow:
    """Judge as `monitor` does, write down what it would have ruled, and rule nothing.

    The verdict's ruling is CONTINUE, so that no governor can obey it, and `Verdict.shadow` has what
    the ruling would have been, which `flyball show` tells.
    """

    monitor: Monitor

    @property
    def name(self) -> str:
        return self.monitor.name

    def judge(self, trajectory: Trajectory) -> Verdict:
        verdict = self.monitor.judge(trajectory)
        if verdict.ruling is Ruling.CONTINUE:
            return verdict
        return replace(verdict, ruling=Ruling.CONTINUE, policy=None, shadow=verdict.ruling)


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """Rule as `calibration` says, on the scores that `monitor` gives.

    The step that is judged is ruled on alone: a run that reached the threshold before, and went on
    all the same, is not ruled against for that. An answer is let through: it is paid for. Raises
    what `monitor` raises.
    """

    monitor: Monitor
    calibration: Calibration
    ruling: Ruling = Ruling.STOP

    @property
    def name(self) -> str:
        return self.monitor.name

    def judge(self, trajectory: Trajectory) -> Verdict:
        verdict = self.monitor.judge(trajectory)
        if verdict.error is not None:
            return verdict
        rule, score, step = self.calibration.rule, verdict.score, len(trajectory.steps) - 1
        verdict = replace(verdict, threshold=rule.threshold)
        mild = replace(verdict, ruling=Ruling.CONTINUE, reason="", policy=None, confidence=1.0)
        if trajectory.last.action.is_final or not rule.looks_at(step):
            return mild
        if score is None or not score >= rule.threshold:
            return mild
        return replace(
            verdict,
            ruling=self.ruling,
            confidence=self.calibration.confidence,
            reason=(
                f"scored {score:.3g}, and {rule.threshold:.3g} is the limit that loses at most"
                f" {self.calibration.max_loss:.0%} of the successes"
            ),
        )
