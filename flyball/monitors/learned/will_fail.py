"""Say how likely a run is to fail, and stop one that is too likely to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flyball.monitors.learned.judging import Question
from flyball.monitors.learned.trees import load_trees
from flyball.records import Ruling, Trajectory, Verdict


@dataclass(frozen=True, kw_only=True)
class WillFail:
    """Stop a run whose chance of failure reaches `threshold`.

    One model for all steps and agents, where AgentStop (arXiv 2605.15206) trains one for each.
    What chance of failure is worth a stop depends on the model and the agent at hand, so that
    without a threshold it scores each step and rules nothing. An answer is let through:
    it is paid for, and the run ends with it anyway.
    """

    threshold: float | None = None
    earliest: int = 1
    """The first step that may be stopped, counted from 0."""
    weights: Path | None = None
    """Trees of your own; those that come with flyball if not given."""
    name: str = "will_fail"

    def __post_init__(self) -> None:
        self._question(self.threshold).check()

    @property
    def fingerprint(self) -> str:
        """Tells one set of weights from another: a calibration holds for one of them."""
        return load_trees("will_fail", self.weights).fingerprint

    def judge(self, trajectory: Trajectory) -> Verdict:
        final = bool(trajectory.steps) and trajectory.last.action.is_final
        question = self._question(None if final else self.threshold)
        return question.put(trajectory, Ruling.STOP, "the run will fail", None)

    def _question(self, threshold: float | None) -> Question:
        return Question(
            monitor=self.name,
            trees="will_fail",
            weights=self.weights,
            threshold=threshold,
            earliest=self.earliest,
        )
