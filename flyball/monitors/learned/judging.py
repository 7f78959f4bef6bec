"""What the learned monitors have in common: a score, and a verdict where it is high enough."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flyball.errors import ConfigError
from flyball.monitors.learned.features import featurise
from flyball.monitors.learned.trees import load_trees
from flyball.records import Ruling, Trajectory, Verdict


@dataclass(frozen=True, kw_only=True)
class Question:
    """What the trees called `trees` are asked, and what to make of the answer."""

    monitor: str
    trees: str
    weights: Path | None
    threshold: float | None
    earliest: int

    def check(self) -> None:
        """Raise `ConfigError` for settings or weights that will not do."""
        load_trees(self.trees, self.weights)
        if self.threshold is not None and not 0.0 <= self.threshold <= 1.0:
            raise ConfigError(f"{self.monitor}: threshold is a probability, from 0 to 1")
        if self.earliest < 0:
            raise ConfigError(f"{self.monitor}: earliest is the index of a step, from 0")

    def put(self, trajectory: Trajectory, ruling: Ruling, what: str, policy: str | None) -> Verdict:
        """Score the last step, and rule where the threshold is reached.

        A threshold is what somebody chose as sure enough, so that the ruling carries full
        confidence; how likely it is to be right is the score.
        """
        if not trajectory.steps:
            error = "there is no step to judge"
            return Verdict(monitor=self.monitor, confidence=0.0, error=error)
        score = load_trees(self.trees, self.weights).probability(featurise(trajectory))
        last = trajectory.last
        if self.threshold is None or score < self.threshold or last.index < self.earliest:
            return Verdict(monitor=self.monitor, score=score, threshold=self.threshold)
        return Verdict(
            monitor=self.monitor,
            ruling=ruling,
            reason=f"{what}: {score:.0%} likely, and {self.threshold:.0%} is the threshold",
            policy=policy,
            evidence=(len(trajectory.steps) - 1,),
            score=score,
            threshold=self.threshold,
        )
