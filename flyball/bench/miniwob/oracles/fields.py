"""Boxes to fill with what has to be read, worked out or looked up first."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from flyball.bench.miniwob.oracles.moves import (
    NoMoveError,
    Oracle,
    Page,
    at,
    boxes,
    click,
    fill,
    fill_then,
    find,
    listed,
    ordinal,
    quoted,
    scroll,
    texts,
    wait,
    wanted,
)
from flyball.records import Action
from flyball.tools.page import Entry


def fill_with(answer: Callable[[str, Page], str]) -> Oracle:
    """Fill the last box with what `answer` makes of goal and page, then submit."""

    def oracle(goal: str, page: Page, history: Sequence[str]) -> Action:
        return fill_then(at(boxes(page), -1), answer(goal, page), find(page, "submit", "button"))

    return oracle


def change_case(goal: str, page: Page) -> str:
    text = quoted(goal)[0]
    return text.upper() if "upper case" in goal else text.lower()


def iso_date(goal: str, page: Page) -> str:
    """Write the goal's 04/02/2012 as 2012-04-02."""
    month, day, year = wanted(r"(\d+/\d+/\d+)", goal).split("/")
    return f"{year}-{month}-{day}"


def hours_and_minutes(goal: str, page: Page) -> str:
    """Write the goal's 4:53 PM as 16:53."""
    hour, minute = wanted(r"(\d+:\d+)", goal).split(":")
    return f"{int(hour) % 12 + (12 if 'PM' in goal else 0):02d}:{minute}"


def number(goal: str, page: Page) -> str:
    return wanted(r"Select (-?\d+)", goal)


def word(goal: str, page: Page) -> str:
    """Give the nth word of the paragraph, which a short page shows as the box's label."""
    paragraph = next(iter(texts(page)), "") or at(boxes(page), 0).name
    words = paragraph.split()
    if (index := ordinal(goal, "word")) >= len(words):
        raise NoMoveError(f"only {len(words)} words")
    return re.sub(r"[^a-zA-Z]", "", words[index])


def shown_text(goal: str, page: Page) -> str:
    """Give the letters that stand over the box."""
    return at(boxes(page), 0).name or next(iter(texts(page)), "")


def total(goal: str, page: Page) -> str:
    """Work out `2 x 7 =`."""
    said = " ".join([*texts(page), at(boxes(page), 0).name])
    match = re.search(r"(\d+) ([-+x]) (\d+)", said)
    if match is None:
        raise NoMoveError("no problem to solve")
    left, right = int(match[1]), int(match[3])
    return str({"+": left + right, "-": left - right, "x": left * right}[match[2]])


def unknown(goal: str, page: Page) -> str:
    """Solve `2 + x = 77`, or with x in front."""
    said = " ; ".join(texts(page))
    if match := re.search(r"x ([-+]) (\d+) = (\d+)", said):
        value, result = int(match[2]), int(match[3])
        return str(result - value if match[1] == "+" else result + value)
    match = re.search(r"(\d+) ([-+]) x = (\d+)", said)
    if match is None:
        raise NoMoveError("no equation")
    value, result = int(match[1]), int(match[3])
    return str(result - value if match[2] == "+" else value - result)


def table(page: Page) -> dict[str, str]:
    """Read rows of two cells."""
    rows = (text.split(" | ") for text in texts(page))
    return {row[0]: row[1] for row in rows if len(row) == 2}


def cell(goal: str, page: Page) -> str:
    return table(page).get(wanted(r"value of (.*) into", goal), "")


def cells(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Fill each box with the cell that its label names."""
    rows = table(page)
    for box in boxes(page):
        value = rows.get(box.name.rstrip(":"), "")
        if box.value != value:
            return fill(box, value)
    return click(find(page, "submit", "button"))


def copy(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Copy a text area (the nth, if the goal says which) into the box of one line."""
    source = at([box for box in boxes(page) if box.multiline], _which(goal))
    target = at([box for box in boxes(page) if not box.multiline], 0)
    return fill_then(target, source.value, find(page, "submit", "button"))


def _which(goal: str) -> int:
    return ordinal(goal, "text area") if re.search(r"\d(st|nd|rd) ", goal) else 0


def last_word(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Scroll until the end of the text shows, then copy its last word."""
    source, target = at(boxes(page), 0), at(boxes(page), 1)
    if source.value.endswith("…") or source.below:
        return scroll(source, "down")
    answer = re.sub(r"[^a-zA-Z0-9]", "", source.value.split()[-1])
    return fill_then(target, answer, find(page, "submit", "button"))


def scroll_to_end(goal: str, page: Page, history: Sequence[str]) -> Action:
    box, down = at(boxes(page), 0), "bottom" in goal
    if box.below if down else box.above:
        return scroll(box, "down" if down else "up")
    return click(find(page, "submit", "button"))


def sign(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Scroll until the form unlocks, sign if asked to, then press the button."""
    if goal.startswith("Click the cancel"):
        return click(find(page, "cancel", "button"))
    agreement, name = at(boxes(page), 0), find(page, "name", "textbox")
    if name.disabled:
        return scroll(agreement, "down")
    who, button = quoted(goal)
    return fill_then(name, who, find(page, button, "button"))


_NEXT_GUESS = {
    ("lower", 5): 2, ("lower", 2): 1, ("lower", 1): 0, ("lower", 8): 7, ("lower", 7): 6,
    ("higher", 5): 8, ("higher", 2): 3, ("higher", 3): 4, ("higher", 8): 9,
}  # fmt: skip
"""A search by halves that needs no memory: what a number was told decides on the next."""


def guess(goal: str, page: Page, history: Sequence[str]) -> Action:
    box = at(boxes(page), 0)
    match = re.search(r"(lower|higher) than (-?\d+)", " ".join([*texts(page), box.name]))
    side, last = (match[1], int(match[2])) if match else ("", 0)
    # Off the search's path, as after somebody else's guess, one step at a time will do.
    step = last - 1 if side == "lower" else last + 1
    answer = _NEXT_GUESS.get((side, last), step) if side else 5
    return fill_then(box, str(answer), find(page, "submit", "button"))


def complete(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Type how the word begins, and pick a suggestion that also ends as it should."""
    start, *end = quoted(goal)
    box = at(boxes(page), 0)

    def fits(text: str) -> bool:
        return text.startswith(start) and text.endswith(tuple(end) or "")

    if fits(box.value) and f'click "{box.value}"' in history[-1:]:
        return click(find(page, "submit", "button"))
    offered = [entry for entry in listed(page, "item", "menuitem", "option") if fits(entry.name)]
    if offered:
        return click(offered[0])
    if box.value == start:
        return wait()
    return fill(box, start)


def movie(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Fill the boxes by what they are called, in whichever order they stand."""
    values = {
        "genre": wanted(r"Search for (.*) movies", goal),
        "director": wanted(r"directed by (.*) from", goal),
        "year": wanted(r"year (\d+)", goal),
        "date": wanted(r"year (\d+)", goal),
    }
    for box in boxes(page):
        value = next((v for key, v in values.items() if key in box.name.lower()), "")
        if box.value != value:
            return fill(box, value)
    return click(_send(page))


def _send(page: Page) -> Entry:
    for name in ("submit", "search", "go!"):
        for entry in listed(page, "button", "item"):
            if entry.name.lower() == name:
                return entry
    raise NoMoveError("nothing to send the form with")
