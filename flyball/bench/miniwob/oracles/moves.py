"""What oracles are made of: moves, and ways to find things on a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from flyball.records import Action
from flyball.tools.page import Entry

Page = Sequence[Entry]
Thing = TypeVar("Thing")
Oracle = Callable[[str, Page, Sequence[str]], Action]


class NoMoveError(LookupError):
    """The page does not show what the goal asks for."""


def click(entry: Entry) -> Action:
    return Action(tool="click", arguments=_of(entry))


def hover(entry: Entry) -> Action:
    return Action(tool="hover", arguments=_of(entry))


def fill(entry: Entry, text: str) -> Action:
    return Action(tool="fill", arguments={**_of(entry), "text": text})


def select(entry: Entry, option: str) -> Action:
    return Action(tool="select", arguments={**_of(entry), "option": option})


def press(key: str, entry: Entry | None = None) -> Action:
    return Action(tool="press", arguments={**(_of(entry) if entry else {}), "key": key})


def typed(text: str) -> Action:
    return Action(tool="type", arguments={"text": text})


def scroll(entry: Entry, direction: str) -> Action:
    return Action(tool="scroll", arguments={**_of(entry), "direction": direction})


def wait() -> Action:
    return Action(tool="wait", arguments={"seconds": 1})


def _of(entry: Entry) -> dict[str, object]:
    return {"element": entry.number, "target": entry.label}


def find(page: Page, name: str | None = None, *roles: str) -> Entry:
    """Give the first element of one of `roles` (any, if none) that is called `name`."""
    for entry in page:
        if entry.number is None or (roles and entry.role not in roles):
            continue
        if name is None or entry.name.lower() == name.lower():
            return entry
    raise NoMoveError(f"no {'/'.join(roles) or 'element'} {name or ''}")


def listed(page: Page, *roles: str) -> list[Entry]:
    """Give the elements of one of `roles`."""
    return [entry for entry in page if entry.role in roles and entry.number is not None]


def boxes(page: Page) -> list[Entry]:
    return listed(page, "textbox")


def texts(page: Page) -> list[str]:
    """Give what the page says outside of its elements."""
    return [entry.name for entry in page if entry.role in ("text", "heading")]


def quoted(goal: str) -> list[str]:
    return re.findall(r'"([^"]*)"', goal)


def wanted(pattern: str, text: str) -> str:
    """Give what `pattern` captures in `text`. Raises `NoMoveError` if it does not occur."""
    match = re.search(pattern, text)
    if match is None:
        raise NoMoveError(f"no {pattern} in {text!r}")
    return match[1]


def fill_then(box: Entry, text: str, then: Entry) -> Action:
    """Fill `box` unless it holds `text` already; if it does, click `then`."""
    return click(then) if box.value == text else fill(box, text)


def ordinal(goal: str, noun: str = "") -> int:
    """Read `3rd` (before `noun`) as the index 2."""
    return int(wanted(rf"(\d+)(?:st|nd|rd|th) ?{noun}", goal)) - 1


def at(entries: Sequence[Thing], index: int) -> Thing:
    """Give one of `entries` by its place. Raises `NoMoveError` if there are fewer."""
    if not -len(entries) <= index < len(entries):
        raise NoMoveError(f"only {len(entries)} elements")
    return entries[index]
