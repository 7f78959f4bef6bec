"""What is to come of a run: a chance, and what it takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What is to come until a run's end. `None`: nothing tells."""

    chance: float | None = None
    """Of success, from 0 to 1."""
    joules: float | None = None
    usd: float | None = None
    seconds: float | None = None
    runs: float = 0
    """How many runs tell, those of wider cells not counted."""

    def __post_init__(self) -> None:
        if self.chance is not None and not 0.0 <= self.chance <= 1.0:
            raise ValueError(f"a chance is from 0 to 1, and not {self.chance}")


UNKNOWN = Outlook()
COSTS = ("joules", "usd", "seconds")
