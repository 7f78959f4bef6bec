"""Notice that a part of the task is done, which is the moment to check it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flyball.monitors.learned.judging import Question
from flyball.monitors.learned.trees import load_trees
from flyball.records import Ruling, Trajectory, Verdict


@dataclass(frozen=True, kw_only=True)
class Milestone:
    """Have the work verified where the action before this step reached a part of the goal.

    StepWise's Milestone Monitor (arXiv 2604.27151): it looks at the goal too. Trained on what the
    environment knows of its own tasks, and not on a model's opinion.
    """

    threshold: float | None = None
    """The probability to rule from; if not given, that which the weights come with."""
    earliest: int = 1
    """The first step that may be ruled on, counted from 0."""
    weights: Path | None = None
    """Trees of your own; those that come with flyball if not given."""
    name: str = "milestone"

    def __post_init__(self) -> None:
        self._question().check()

    def judge(self, trajectory: Trajectory) -> Verdict:
        reached = "a part of the goal is reached"
        return self._question().put(trajectory, Ruling.VERIFY, reached, None)

    def _question(self) -> Question:
        usual = load_trees("milestone", self.weights).decision
        return Question(
            monitor=self.name,
            trees="milestone",
            weights=self.weights,
            threshold=usual if self.threshold is None else self.threshold,
            earliest=self.earliest,
        )
