"""One supervised example: a page, what was done before, and the right next line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from flyball.agents.compact import prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A step of a demonstration."""

    task: str
    goal: str
    lines: tuple[str, ...]
    """The page, a line an entry."""
    told: tuple[str, ...]
    """All earlier actions, as the history tells them."""
    answer: str
    """The right line, with the space in front that the prompt leaves for it."""

    @property
    def prompt(self) -> str:
        return prompt(self.goal, self.lines, self.told)

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def read(folder: Path, *, most: int | None = None) -> Iterator[Example]:
    """Read the examples below `folder`, in a fixed order: the first `most` of each file."""
    for path in sorted(folder.glob("*.jsonl")):
        with path.open() as file:
            for line in islice(file, most):
                yield example(json.loads(line))


def example(row: Mapping[str, object]) -> Example:
    lines, told = row["lines"], row["told"]
    assert isinstance(lines, list)
    assert isinstance(told, list)
    return Example(
        task=str(row["task"]),
        goal=str(row["goal"]),
        lines=tuple(map(str, lines)),
        told=tuple(map(str, told)),
        answer=str(row["answer"]),
    )
