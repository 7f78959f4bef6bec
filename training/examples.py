"""One supervised example: a page or a source, what was done before, and the right next line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from flyball.agents import compact, compact_code

PROMPTS: Mapping[str, Callable[[str, Sequence[str], Sequence[str]], str]] = {
    "web": compact.prompt,
    "code": compact_code.prompt,
}
"""How each format writes a prompt from the goal, the lines and the earlier actions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A step of a demonstration."""

    task: str
    goal: str
    lines: tuple[str, ...]
    """The page, a line an entry; or the numbered source, and what its tests said."""
    told: tuple[str, ...]
    """All earlier actions, as the history tells them."""
    answer: str
    """The right line, with the space in front that the prompt leaves for it."""
    format: str = "web"
    """One of `PROMPTS`."""
    letters: bool = False
    """Whether what the answer types is written letter by letter, as its thought has it."""
    thinks: bool = False
    """Whether the answer begins with a line of thought (see `training.thoughts`)."""

    @property
    def prompt(self) -> str:
        if self.thinks:
            return compact.reasoning(compact.prompt(self.goal, self.lines, self.told, closely=True))
        return PROMPTS[self.format](self.goal, self.lines, self.told)

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def read(folder: Path, *, most: int | None = None) -> Iterator[Example]:
    """Read the examples below `folder`, in a fixed order: the first `most` of each task."""
    count = Counter[str]()
    for path in sorted(folder.glob("*.jsonl")):
        with path.open() as file:
            for line in file:
                each = example(json.loads(line))
                count[each.task] += 1
                if most is None or count[each.task] <= most:
                    yield each


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
        format=str(row.get("format", "web")),
    )


def write(path: Path, examples: Iterable[Example]) -> None:
    """Write `examples` to `path`, all of them or none."""
    part = path.with_suffix(".part")
    part.write_text("".join(json.dumps(each.as_dict()) + "\n" for each in examples))
    part.rename(path)
