"""A source file as text: numbered lines, edits that name a line and its tokens, test results."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

INDENT = "    "
UNTESTED = "tests not run"
MOST_FAILURES = 3
"""How many failing tests are told."""

_TOKEN = re.compile(
    r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|\d+\.\d+|\w+'
    r"|(?:\*\*|//|<<|>>|[-+*/%&|^@<>=!:])=|\*\*|//|<<|>>|->|[^\w\s]"
)


class EditError(ValueError):
    """An edit that cannot be made; the message says why, and is for the policy."""


def numbered(source: str) -> list[str]:
    """Give the lines of `source` as `NUMBER CODE`, a tab for each level of indentation.

    A tab is one token of the bundled models, where four spaces are four.
    """
    return [f"{n} {_tabbed(line)}" for n, line in enumerate(source.splitlines(), 1)]


def _tabbed(line: str) -> str:
    code = line.lstrip(" ")
    levels, rest = divmod(len(line) - len(code), len(INDENT))
    return "\t" * levels + " " * rest + code


def replaced(source: str, line: int, old: str, new: str) -> str:
    """Put `new` for the tokens `old` on line number `line`, counted from 1.

    `1` is not found in `10` or `x1`. Raises `EditError` where there is no such line, or where it
    does not have `old` exactly once.
    """
    lines = source.split("\n")
    if not 1 <= line <= len(lines):
        raise EditError(f"there is no line {line}; the last one is {len(lines)}")
    places = _places(lines[line - 1], old)
    if len(places) != 1:
        found = "not" if not places else f"{len(places)} times"
        raise EditError(f"{old!r} is {found} on line {line}; name tokens that are there once")
    begin, end = places[0]
    lines[line - 1] = lines[line - 1][:begin] + new + lines[line - 1][end:]
    return "\n".join(lines)


def _places(line: str, old: str) -> list[tuple[int, int]]:
    """Find where the tokens of `old` stand behind each other in `line`."""
    wanted = _TOKEN.findall(old)
    tokens = list(_TOKEN.finditer(line))
    size = len(wanted)
    starts = (i for i in range(len(tokens) - size + 1) if size)
    return [
        (tokens[i].start(), tokens[i + size - 1].end())
        for i in starts
        if [token[0] for token in tokens[i : i + size]] == wanted
    ]


def difference(before: str, after: str) -> tuple[int, str, str] | None:
    """Give the shortest `(line, old, new)` with which `replaced` makes `after` of `before`.

    `None` where they are the same, or where one replacement on one line does not do it.
    """
    lines, others = before.split("\n"), after.split("\n")
    if len(lines) != len(others):
        return None
    changed = [i for i, pair in enumerate(zip(lines, others, strict=True)) if pair[0] != pair[1]]
    if len(changed) != 1:
        return None
    line = changed[0]
    for old, new in _spans(lines[line], others[line]):
        if len(_places(lines[line], old)) == 1 and replaced(before, line + 1, old, new) == after:
            return line + 1, old, new
    return None


def _spans(before: str, after: str) -> Sequence[tuple[str, str]]:
    """Give what differs between two lines, with ever more of the tokens around it.

    Both sides have a token: what was put in or taken out is told with what stands beside it.
    """
    old, new = list(_TOKEN.finditer(before)), list(_TOKEN.finditer(after))
    least = min(len(old), len(new))
    head = next((i for i in range(least) if old[i][0] != new[i][0]), least)
    left = least - head
    tail = next((i for i in range(left) if old[-1 - i][0] != new[-1 - i][0]), left)
    spans = []
    for before_it in range(head, -1, -1):  # what stands in front tells more than what follows
        for behind in (tail, tail - 1, 0):
            last, other = len(old) - behind, len(new) - behind
            if 0 <= behind <= tail and last > before_it and other > before_it:
                spans.append(
                    (_cut(before, old, before_it, last), _cut(after, new, before_it, other))
                )
    return sorted(spans, key=lambda span: len(span[0]))


def _cut(line: str, tokens: Sequence[re.Match[str]], begin: int, end: int) -> str:
    return line[tokens[begin].start() : tokens[end - 1].end()] if begin < end else ""


class Failure(NamedTuple):
    """A test that did not pass, as short texts on one line each."""

    call: str
    expected: str
    got: str


def results(passed: int, failures: Sequence[Failure]) -> list[str]:
    """Tell a run of tests: `tests 2 of 4`, then `fail CALL is GOT not EXPECTED` for the first."""
    shown = failures[:MOST_FAILURES]
    count = f"tests {passed} of {passed + len(failures)}"
    return [count, *(f"fail {each.call} is {each.got} not {each.expected}" for each in shown)]
