"""Notice a policy that goes round in circles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flyball.monitors.learned.judging import Question
from flyball.monitors.learned.trees import load_trees
from flyball.records import Ruling, Trajectory, Verdict


@dataclass(frozen=True, kw_only=True)
class Stuck:
    """Hand a run over where its policy repeats actions and nothing comes of them.

    StepWise's Stuck Monitor (arXiv 2604.27151): it looks at the last steps, and not at the goal.
    Trained on what the following steps showed, and not on a model's opinion. With `policy` the
    ruling is ESCALATE, until that policy is at work; without one it is REVISE.
    """

    policy: str | None = None
    """The policy to go on with."""
    threshold: float | None = None
    """The probability to rule from; if not given, that which the weights come with."""
    earliest: int = 2
    """The first step that may be ruled against, counted from 0."""
    weights: Path | None = None
    """Trees of your own; those that come with flyball if not given."""
    name: str = "stuck"

    def __post_init__(self) -> None:
        self._question().check()

    def judge(self, trajectory: Trajectory) -> Verdict:
        if trajectory.steps and self.policy and trajectory.last.policy == self.policy:
            return Verdict(monitor=self.name)
        ruling = Ruling.ESCALATE if self.policy else Ruling.REVISE
        return self._question().put(trajectory, ruling, "the policy is stuck", self.policy)

    def _question(self) -> Question:
        usual = load_trees("stuck", self.weights).decision
        return Question(
            monitor=self.name,
            trees="stuck",
            weights=self.weights,
            threshold=usual if self.threshold is None else self.threshold,
            earliest=self.earliest,
        )
