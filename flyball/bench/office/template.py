"""What a task of the office suite consists of."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from flyball.bench.miniwob.oracles.moves import Oracle, Page
from flyball.bench.office.data import Data
from flyball.bench.office.moves import View, Want
from flyball.records import Action

Facts = Mapping[str, str]
"""What a task is about: what the goal says, and what only the checker knows."""


class State(NamedTuple):
    """Where an episode stands."""

    data: Data
    trail: Sequence[str]
    """The addresses of all pages shown so far."""

    def visited(self, pattern: str) -> bool:
        return any(re.match(pattern, url) for url in self.trail)


class Subgoal(NamedTuple):
    """A milestone: whether it is reached now is a question of the state alone.

    One about the records can be lost again; one about a page that was seen cannot.
    """

    name: str
    reached: Callable[[State], bool]


@dataclass(frozen=True, kw_only=True)
class Template:
    """A kind of task. Its particulars are drawn from the seed."""

    name: str
    wordings: tuple[str, ...]
    prepare: Callable[[Data, Random], Facts]
    """Choose what the task is about, and see to it that the records have what it needs."""
    change: Callable[[Data, Facts], object]
    """Do to the records what the task asks for, and nothing else."""
    subgoals: Callable[[Facts], tuple[Subgoal, ...]]
    plan: Callable[[Want, View], Action]
    """The oracle's next move, from what the goal says and the page shows."""
    steps: tuple[int, int]
    """The fewest and the most steps that the oracle takes, `finish` included."""
    answer: Callable[[Data, Facts], str] | None = None
    """The right answer, where the task asks a question."""
    trained: bool = True
    traps: tuple[str, ...] = ()
    """What makes an agent drift here."""

    def goal(self, facts: Facts, rng: Random) -> str:
        """Put the task in one of its wordings."""
        return rng.choice(self.wordings).format(**facts)

    def oracle(self) -> Oracle:
        """A player that knows only the goal and the page."""

        def oracle(goal: str, page: Page, history: Sequence[str]) -> Action:
            return self.plan(self.understand(goal), View(page, history))

        return oracle

    def understand(self, goal: str) -> Want:
        """Read a goal back into what it was made of. Raises `ValueError`."""
        for wording in self.wordings:
            if match := re.fullmatch(_pattern(wording), goal):
                return match.groupdict()
        raise ValueError(f"{goal!r} is no goal of {self.name}")


def _pattern(wording: str) -> str:
    parts = re.split(r"\{(\w+)\}", wording)
    return "".join(
        f"(?P<{part}>.+?)" if index % 2 else re.escape(part) for index, part in enumerate(parts)
    )
