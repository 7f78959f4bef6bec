"""What any claim about a learned monitor must beat, and the most that any could do."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from math import inf, nan

from flyball.bench.cases import Case, Score, replay
from flyball.monitors import LiteLLMStall, OpenHandsStuck

ORACLE, AGENTSTOP = "oracle", "agentstop"


def lowest_logprob(case: Case) -> list[float]:
    """The step's smallest token log-probability, turned round (AgentStop's baseline)."""
    logprobs = (step.action.logprobs for step in case.steps)
    return [-min(each, default=nan) if each else nan for each in logprobs]


def mean_logprob(case: Case) -> list[float]:
    """The step's mean token log-probability, turned round (AgentStop's baseline)."""
    logprobs = (step.action.logprobs for step in case.steps)
    means = [-sum(each) / len(each) if each else nan for each in logprobs]
    return [nan if mean == inf else mean for mean in means]


def chance(case: Case) -> list[float]:
    """A number that only the run's name sets."""
    draw = random.Random(case.run.id)
    return [draw.random() for _ in case.steps]


def step_cap(case: Case) -> list[float]:
    """The number of the step: a threshold on it is a cap."""
    return [float(place) for place in range(len(case.steps))]


def oracle(case: Case) -> list[float]:
    """Knows how the run ends, and stops one that fails once its first step is proposed."""
    return [float(not case.run.success)] * len(case.steps)


BASELINES: Mapping[str, Callable[[], Score]] = {
    "openhands_stuck": lambda: replay(OpenHandsStuck()),
    "litellm_stall": lambda: replay(LiteLLMStall(unchanged_only=False)),
    "lowest_logprob": lambda: lowest_logprob,
    "mean_logprob": lambda: mean_logprob,
    "random": lambda: chance,
    "step_cap": lambda: step_cap,
    ORACLE: lambda: oracle,
}
"""LiteLLM's rule as it ships, which counts a repeat whatever came of it."""
