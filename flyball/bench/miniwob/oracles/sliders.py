"""Sliders, moved by keys: an arrow is a step, and a page a fifth of the range."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise

from flyball.bench.miniwob.oracles.moves import (
    Page,
    at,
    click,
    find,
    listed,
    ordinal,
    press,
    wanted,
)
from flyball.records import Action
from flyball.tools.page import Entry

PAGE_BEYOND = 10
"""Steps. Pages are 20 at most, so that from 11 steps off a page brings the target nearer."""


def _move(slider: Entry, value: int, target: int) -> Action | None:
    """Move towards `target`; by pages while it is further off than `PAGE_BEYOND`."""
    off = target - value
    if not off:
        return None
    if abs(off) > PAGE_BEYOND:
        return press("PageUp" if off > 0 else "PageDown", slider)
    return press("ArrowRight" if off > 0 else "ArrowLeft", slider)


def _values(page: Page) -> list[int]:
    """Read the number that stands behind each slider."""
    return [int(after.name) for before, after in pairwise(page) if before.role == "slider"]


def one(goal: str, page: Page, history: Sequence[str]) -> Action:
    move = _move(find(page, None, "slider"), _values(page)[0], _target(goal))
    return move or click(find(page, "submit", "button"))


def several(goal: str, page: Page, history: Sequence[str]) -> Action:
    targets = json.loads(wanted(r"(\[.*\])", goal))
    for slider, value, target in zip(listed(page, "slider"), _values(page), targets, strict=True):
        if move := _move(slider, value, target):
            return move
    return click(find(page, "submit", "button"))


def one_and_checkbox(goal: str, page: Page, history: Sequence[str]) -> Action:
    if move := _move(find(page, None, "slider"), _values(page)[0], _target(goal)):
        return move
    right = at(listed(page, "checkbox"), ordinal(goal, "checkbox"))
    for box in listed(page, "checkbox"):
        if box.on != (box is right):
            return click(box)
    return click(find(page, "submit", "button"))


def _target(goal: str) -> int:
    return int(wanted(r"Select (-?\d+) with", goal))
