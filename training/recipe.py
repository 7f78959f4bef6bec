"""Everything that a policy's weights depend on, but for its data."""

from __future__ import annotations

from dataclasses import dataclass

WARM_UP_STEPS = 50
FLAT_SHARE = 0.4
"""The rate stays flat for this share of the run."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that the weights depend on."""

    shape: str = "small"
    tokens: int = 20_000_000
    grown_from: str = ""
    """The GGUF file that this one grows from, if any: it begins with those weights, wider and
    deeper where its shape is. A token costs the smaller one a seventh, and copying is there from
    the start, so that small batches and most of the made-up examples are for that one only."""
    batch_tokens: int = 1024
    small_batches: int = 4_000_000
    """Tokens for which batches stay small, which makes copying appear sooner; they are twice as
    large after that, and four times for the second half of the run, which is faster."""
    muon_rate: float = 0.006
    """Half of it, and of the next, where a model has grown: it is not to forget."""
    adam_rate: float = 0.003
    drills_only: int = 1_500_000
    """Tokens for which made-up examples are all: copying is learned first, or late."""
    drills: float = 0.6
    """Share of made-up examples after that; it falls to `least_drills` over `fading` tokens."""
    least_drills: float = 0.2
    fading: int = 5_000_000
    thinks: bool = False
    """Whether it learns to think before it acts, and lines of facts to think with."""
    facts: float = 0.3
    """Share of lines of facts, where it thinks; it falls to `least_facts` over the first half."""
    least_facts: float = 0.05
    seed: int = 0

    def rate(self, step: int, progress: float) -> float:
        """The share of the peak rate: warm-up, flat, linear decay."""
        decay = 1.0 - max(0.0, progress - FLAT_SHARE) / (1.0 - FLAT_SHARE)
        return min(1.0, (step + 1) / WARM_UP_STEPS) * max(0.02, decay)

    def drill_share(self, seen: int) -> float:
        """The share of made-up examples after `seen` tokens."""
        if self.grown_from:
            return self.least_drills
        if seen < self.drills_only:
            return 1.0
        faded = min(1.0, (seen - self.drills_only) / self.fading)
        return self.drills + (self.least_drills - self.drills) * faded

    def fact_share(self, seen: int) -> float:
        """The share of lines of facts after `seen` tokens."""
        left = max(0.0, 1.0 - 2 * seen / self.tokens)
        return (self.least_facts + (self.facts - self.least_facts) * left) * self.thinks

    def batch(self, seen: int) -> int:
        """The tokens of a batch after `seen` tokens."""
        if seen < self.small_batches and not self.grown_from:
            return self.batch_tokens
        return self.batch_tokens * (2 if seen < self.tokens / 2 and not self.grown_from else 4)
