"""What is known about a counter of this machine: whether it works, and what would make it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from flyball.roles import Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One place that energy figures can come from, as `flyball doctor` shows it."""

    name: str
    works: bool
    why: str
    """What it reads, or why it cannot."""
    remedy: str = ""
    """What a user can do about it; empty where nothing can be done, or need be."""


class Counter(Meter, Protocol):
    """A meter that can say for itself whether it works."""

    @property
    def source(self) -> Source: ...
