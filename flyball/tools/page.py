"""A page as text: numbered lines for what can be acted on, plain lines for what can be read.

The number stands behind the name (`button "Login" 3`), so that a model that has named its
target finds the number by looking the name up.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

CHARACTERS_PER_TOKEN = 3.5
"""A cautious figure for English page text under the usual tokenisers."""

_LINE = re.compile(
    r'(?P<role>[a-z]+) "(?P<name>[^"]*)"(?: (?P<number>\d+))?(?: = "(?P<value>[^"]*)")?'
    r"(?P<states>(?: (?:on|disabled|covered|readonly|multiline|above|below))*)"
    r"(?: : (?P<options>.*))?"
)
STATES = ("on", "disabled", "covered", "readonly", "multiline", "above", "below")
"""The marks that a line may carry, in this order."""
TEXT_ROLES = ("textbox", "searchbox", "combobox")
"""What text can be filled into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An element that can be acted on, or (`number=None`) a piece of text."""

    role: str
    name: str
    number: int | None = None
    value: str = ""
    on: bool = False
    disabled: bool = False
    covered: bool = False
    readonly: bool = False
    multiline: bool = False
    above: bool = False
    """More of its text can be scrolled to above."""
    below: bool = False
    options: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What the entry is called: `role "name"`."""
        return f"{self.role} {self.quoted}"

    @property
    def quoted(self) -> str:
        """Its name as it is written: `"name"`."""
        return f'"{_quotable(self.name)}"'

    @property
    def line(self) -> str:
        """The entry as the policy reads it."""
        parts = [self.label]
        if self.number is not None:
            parts.append(str(self.number))
        if self.value:
            parts.append(f'= "{_quotable(self.value)}"')
        parts += [state for state in STATES if getattr(self, state)]
        if self.options:
            parts.append(": " + " ".join(f'"{_quotable(option)}"' for option in self.options))
        return " ".join(parts)


def entry(raw: Mapping[str, object], number: int | None = None) -> Entry:
    """Make an entry of what `page.js` read; `number` replaces the frame's own numbering."""
    options = raw.get("options") or ()
    return Entry(
        role=str(raw["role"]),
        name=str(raw["name"]),
        number=number,
        value=str(raw.get("value") or ""),
        **{state: bool(raw.get(state)) for state in STATES},
        options=tuple(str(option) for option in options) if isinstance(options, list) else (),
    )


def parse(text: str) -> list[Entry]:
    """Read a page's text back; lines that are no entries (`url`, `title`) are left out."""
    matches = (_LINE.fullmatch(line) for line in text.splitlines())
    return [_parsed(match) for match in matches if match]


def _parsed(match: re.Match[str]) -> Entry:
    states = match["states"].split()
    return Entry(
        role=match["role"],
        name=match["name"],
        number=int(match["number"]) if match["number"] else None,
        value=match["value"] or "",
        **{state: state in states for state in STATES},
        options=tuple(re.findall(r'"([^"]*)"', match["options"] or "")),
    )


def cut(lines: Sequence[str], *, budget_tokens: int, before: Iterable[str] = ()) -> list[str]:
    """Keep what fits in `budget_tokens`, in order: what changed, then elements, then text.

    `before` are the lines that were shown last time; a line that is not among them is new.
    """
    if fits(lines, budget_tokens):
        return list(lines)
    seen = set(before)
    order = sorted(range(len(lines)), key=lambda i: (rank(lines[i], seen), i))
    kept = first_fitting(lines, order, budget_tokens - tokens("... 000 more lines"))
    return [lines[i] for i in kept] + [f"... {len(lines) - len(kept)} more lines"]


def fits(lines: Iterable[str], budget_tokens: int) -> bool:
    """Whether nothing has to be left out."""
    return sum(map(tokens, lines)) <= budget_tokens


def first_fitting(lines: Sequence[str], order: Iterable[int], budget_tokens: int) -> list[int]:
    """Take lines in `order` as long as they fit; gives their places in `lines`, sorted."""
    left, kept = budget_tokens, list[int]()
    for i in order:
        if (need := tokens(lines[i])) <= left:
            left -= need
            kept.append(i)
    return sorted(kept)


def rank(line: str, seen: Container[str]) -> int:
    """0 for an element that is not among those `seen` before, 1 for such text, 2 and 3 for others.

    Where nothing was seen before, nothing is new.
    """
    changed = bool(seen) and line not in seen
    if line.startswith(("url ", "title ")):
        return 0
    match = _LINE.fullmatch(line)
    return (0 if changed else 2) + (0 if match and match["number"] else 1)


def tokens(line: str) -> int:
    """About how many tokens a line takes."""
    return int(len(line) / CHARACTERS_PER_TOKEN) + 1


def _quotable(text: str) -> str:
    return text.replace('"', "'")
