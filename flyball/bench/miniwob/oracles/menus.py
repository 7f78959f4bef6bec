"""What opens in steps: menus, trees, calendars, and the form that books a flight."""

from __future__ import annotations

import calendar
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from flyball.bench.miniwob.oracles.moves import (
    NoMoveError,
    Page,
    at,
    boxes,
    click,
    fill,
    find,
    hover,
    listed,
    quoted,
    texts,
    wait,
    wanted,
)
from flyball.bench.miniwob.oracles.posts import ticket
from flyball.records import Action
from flyball.tools.page import Entry

_ICONS: Mapping[str, str] = {
    "disk": "Save",
    "seek-start": "Prev",
    "stop": "Stop",
    "play": "Play",
    "seek-end": "Next",
    "zoomin": "Zoom In",
    "zoomout": "Zoom Out",
}
_MONTHS = list(calendar.month_name)[1:]


def submenus(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Rest the mouse on what leads to the item, level by level, and click the item."""
    *path, leaf = wanted(r"Select (.*)", goal).split(">")
    shown = {entry.name: entry for entry in listed(page, "menuitem")}
    if leaf in shown:
        return click(shown[leaf])
    for name in reversed(path):
        if name in shown:
            return hover(shown[name])
    raise NoMoveError(f"no {leaf} in the menu")


def menu(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Open the menu, and the part of it where the item is."""
    match = re.search(r"with the (\S+) icon", goal)
    name = _ICONS[match[1]] if match else quoted(goal)[1]
    shown = {entry.name: entry for entry in listed(page, "menuitem")}
    if name in shown:
        return click(shown[name])
    if "Playback" in shown:
        return click(shown["Playback"])
    return click(find(page, "menu", "button"))


def tree(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Open folder after folder until the name shows."""
    items, name = listed(page, "item"), quoted(goal)[0]
    for entry in items:
        if entry.name == name:
            return click(entry)
    opened = Counter(re.findall(r'^click "(.*)"$', "\n".join(history), re.MULTILINE))
    for before, folder in pairwise(items):
        if not before.name.startswith("hitarea"):
            continue
        if not opened[folder.name]:
            return click(folder)
        opened[folder.name] -= 1
    raise NoMoveError(f"no {name} in the tree")


def date(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Pick the date from the calendar, then submit."""
    box = find(page, None, "textbox")
    return _pick(goal, page, box) or click(find(page, "submit", "button"))


def _pick(goal: str, page: Page, box: Entry) -> Action | None:
    """Take the next step towards the goal's date in `box`, if it is not there yet."""
    day = wanted(r"(\d+/\d+/\d+)", goal)
    if box.value == day:
        return None
    shown = next((text for text in texts(page) if text.split(" ")[0] in _MONTHS), None)
    if shown is None:
        return click(box)
    off = int(day[:2]) - 1 - _MONTHS.index(shown.split(" ")[0])
    if off:
        return click(find(page, "next" if off > 0 else "prev", "link", "item"))
    return click(find(page, str(int(day[3:5])), "link"))


def flight(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Fill the form from its suggestions and its calendar, search, and book."""
    if any(entry.name.startswith("Book flight") for entry in listed(page, "button")):
        return ticket(goal, page, history)
    places = (wanted(r"from: (.*?) to:", goal), wanted(r"to: (.*?) on ", goal))
    for box, place in zip(boxes(page), places, strict=False):
        if place in box.value and re.search(r"\([A-Z]+\)$", box.value):
            continue
        return _choose(page, box, place)
    return _pick(goal, page, at(boxes(page), 2)) or click(find(page, "search", "button"))


def _choose(page: Page, box: Entry, place: str) -> Action:
    """Take the suggestion for `place`, a city or the code of an airport."""
    for entry in listed(page, "item", "menuitem", "option"):
        if entry.name.startswith(f"{place} (") or entry.name.endswith(f"({place})"):
            return click(entry)
    return wait() if box.value == place else fill(box, place)
