"""A text encoder as a monitor: any sequence classifier, StepWise's ModernBERT among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isnan

from flyball.errors import ConfigError
from flyball.models.classifiers import Classifier, load_classifier
from flyball.records import Ruling, Step, Trajectory, Verdict

LONGEST_OBSERVATION = 2_000
"""Characters of each observation that are shown, where they are shown at all."""


def window_text(
    trajectory: Trajectory, *, window: int, goal: bool = False, observations: bool = False
) -> str:
    """The last steps as text: the only format there is, for training an encoder and for asking it.

    StepWise (arXiv 2604.27151) gives its Stuck Monitor the last thoughts and actions, and its
    Milestone Monitor the goal besides.
    """
    parts = [f"Goal: {trajectory.task.prompt}"] if goal else []
    for step in trajectory.steps[-window:]:
        parts += _told(step, observations=observations)
    return "\n".join(parts)


def _told(step: Step, *, observations: bool) -> Sequence[str]:
    told = [f"Saw: {step.observation.text[:LONGEST_OBSERVATION]}"] if observations else []
    if step.action.thought:
        told.append(f"Thought: {step.action.thought}")
    arguments = " ".join(f"{name}={value}" for name, value in step.action.arguments.items())
    return [*told, f"Action: {step.action.tool} {arguments}".strip()]


@dataclass(frozen=True, kw_only=True)
class TextEncoder:
    """Rule where a sequence classifier gives its label a probability of `threshold` or more.

    It costs some hundred times what the monitors on trees cost. The model is read when the monitor
    is made; judging does no I/O. Needs the extra `encoder`, or `onnx` for ONNX.
    """

    model: str
    """A Hugging Face classifier's directory or name on the hub; or an ONNX file here or there."""
    ruling: Ruling = Ruling.VERIFY
    policy: str | None = None
    """For ESCALATE: the policy to go on with."""
    label: int = 1
    """Which of the classifier's labels says that it is so."""
    threshold: float = 0.5
    window: int = 5
    """How many steps it reads, the judged one last."""
    goal: bool = False
    """Whether it reads what the task asks for."""
    observations: bool = False
    """Whether it reads what was seen."""
    longest: int = 2_048
    """Tokens; what is more is cut at the beginning."""
    earliest: int = 2
    """The first step that may be ruled on, counted from 0."""
    name: str = "text_encoder"
    _classifier: Classifier = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.ruling is Ruling.ESCALATE and not self.policy:
            raise ConfigError(f"{self.name} cannot escalate without a policy: set `policy`")
        classifier = load_classifier(self.model)
        if not 0 <= self.label < classifier.labels:
            raise ConfigError(f"{self.name}: {self.model} has labels 0 to {classifier.labels - 1}")
        object.__setattr__(self, "_classifier", classifier)

    def judge(self, trajectory: Trajectory) -> Verdict:
        score = self._score(trajectory)
        if isnan(score):
            error = f"{self.model} gave no number"
            return Verdict(monitor=self.name, confidence=0.0, error=error)
        if score < self.threshold or trajectory.last.index < self.earliest:
            return Verdict(monitor=self.name, score=score, threshold=self.threshold)
        return Verdict(
            monitor=self.name,
            ruling=self.ruling,
            reason=f"{self.model} is {score:.0%} sure; {self.threshold:.0%} is the threshold",
            policy=self.policy if self.ruling is Ruling.ESCALATE else None,
            evidence=tuple(range(len(trajectory.steps))[-self.window :]),
            score=score,
            threshold=self.threshold,
        )

    def _score(self, trajectory: Trajectory) -> float:
        text = window_text(
            trajectory, window=self.window, goal=self.goal, observations=self.observations
        )
        return self._classifier.chances(text, self.longest)[self.label]
