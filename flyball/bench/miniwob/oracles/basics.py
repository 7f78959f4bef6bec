"""Buttons, links, tabs, boxes to tick and to fill: one or two kinds of move a task."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from flyball.bench.miniwob.oracles.moves import (
    NoMoveError,
    Oracle,
    Page,
    at,
    boxes,
    click,
    fill,
    find,
    listed,
    ordinal,
    quoted,
    select,
    wanted,
)
from flyball.bench.miniwob.oracles.similar import similar
from flyball.records import Action
from flyball.tools.page import Entry


def click_quoted(*roles: str) -> Oracle:
    return lambda goal, page, history: click(find(page, quoted(goal)[0], *roles))


def click_first(*roles: str) -> Oracle:
    return lambda goal, page, history: click(find(page, None, *roles))


def fill_all(button: str) -> Oracle:
    """Fill the boxes with what the goal quotes, then press `button`."""

    def oracle(goal: str, page: Page, history: Sequence[str]) -> Action:
        wanted = quoted(goal)
        for index, box in enumerate(boxes(page)):
            text = wanted[min(index, len(wanted) - 1)]
            # A password is shown as dots, so only its length can be checked.
            if box.value != text and box.value != "•" * len(text):
                return fill(box, text)
        return click(find(page, button, "button"))

    return oracle


def popup_then_login(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Stay on the page, where a pop-up asks; here the button to log in is called OK."""
    for entry in page:
        if entry.role == "button" and entry.name == "Cancel":
            return click(entry)
    return fill_all("OK")(goal, page, history)


def focus_nth(goal: str, page: Page, history: Sequence[str]) -> Action:
    number = re.search(r"(\d)", goal)
    return click(boxes(page)[int(number[1]) - 1 if number else 0])


def search_tabs(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Open what is not open yet until the link shows."""
    wanted = quoted(goal)[0]
    for entry in page:
        if entry.role in ("item", "link") and entry.name == wanted:
            return click(entry)
    shut = [entry for entry in page if entry.role == "tab" and not entry.on]
    fresh = [entry for entry in shut if f'click "{entry.name}"' not in history]
    if not shut:
        raise NoMoveError(f"no link {wanted}")
    return click((fresh or shut)[0])


def open_then_submit(goal: str, page: Page, history: Sequence[str]) -> Action:
    tab = find(page, None, "tab")
    return click(find(page, "submit", "button")) if tab.on else click(tab)


def tab_by_name(goal: str, page: Page, history: Sequence[str]) -> Action:
    match = re.search(r"(Tab #\d)", goal)
    return click(find(page, match[1] if match else None, "tab"))


def tick(goal: str, page: Page, history: Sequence[str]) -> Action:
    match = re.search(r"Select (.*) and click", goal)
    listed = match[1] if match else ""
    wanted = set() if listed == "nothing" else set(listed.split(", "))
    for entry in page:
        if entry.role in ("checkbox", "radio") and entry.on != (entry.name in wanted):
            if entry.role == "radio" and entry.on:
                continue
            return click(entry)
    return click(find(page, "submit", "button"))


def choose(goal: str, page: Page, history: Sequence[str]) -> Action:
    match = re.search(r"Select (.*) from the list", goal)
    wanted, box = match[1] if match else "", find(page, None, "select")
    if box.value != wanted:
        return select(box, wanted)
    return click(find(page, "submit", "button"))


def dialog_button(goal: str, page: Page, history: Sequence[str]) -> Action:
    wanted = quoted(goal)[0]
    return click(find(page, "close" if wanted == "x" else wanted, "button"))


def in_order(goal: str, page: Page, history: Sequence[str]) -> Action:
    names = re.findall(r"button ([A-Z]+)", goal)
    done = [name for name in names if f'click "{name}"' in history]
    return click(find(page, names[min(len(done), len(names) - 1)], "button"))


def select_several(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Choose what is missing in a list that takes several, and take off what is too much."""
    names = set(wanted(r"Select (.*) from the scroll list", goal).split(", "))
    box = find(page, None, "select")
    chosen = set(filter(None, box.value.split(", ")))
    for option in box.options:
        if (option in names) != (option in chosen):
            return select(box, option)
    return click(find(page, "submit", "button"))


KINDS: Mapping[str, Callable[[Entry], bool]] = {
    "radio": lambda each: each.role == "radio",
    "checkbox": lambda each: each.role == "checkbox",
    "button": lambda each: each.role == "button",
    "text": lambda each: each.role == "textbox" and not each.multiline,
    "textarea": lambda each: each.role == "textbox" and each.multiline,
}


def widget(goal: str, page: Page, history: Sequence[str]) -> Action:
    return click(at([each for each in page if KINDS[quoted(goal)[0]](each)], 0))


def tick_similar(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Tick the words that mean what one of the goal's words means."""
    names = wanted(r"similar to (.*) and click", goal).split(", ")
    meant = {word for name in names for word in similar(name)}
    for entry in listed(page, "checkbox"):
        if entry.on != (entry.name in meant):
            return click(entry)
    return click(find(page, "submit", "button"))


def odd_or_even(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Press Odd or Even on both sides of each number."""
    for before, number, after in zip(page, page[1:], page[2:], strict=False):
        if (before.name, number.role, after.name) != ("Odd", "text", "Even"):
            continue
        right = before if int(number.name) % 2 else after
        if not right.on:
            return click(right)
    return click(find(page, "submit", "button"))


def greatest(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Pick the card, unless it was the last one to be picked."""
    cards = [entry for entry in listed(page, "item") if entry.name.isdigit()]
    best = max(cards, key=lambda card: int(card.name), default=None)
    if best is None:
        raise NoMoveError("no cards")
    picked = [told for told in history if told.startswith("click ")]
    done = bool(picked) and picked[-1] == f'click "{best.name}"'
    return click(find(page, "submit", "button")) if done else click(best)


def generate(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Draw numbers until one will do."""
    shown = [entry.name for entry in page if entry.role == "text"]
    number = int(shown[0]) if shown and shown[0].isdigit() else None
    if number is not None and _will_do(goal, number):
        return click(find(page, "submit", "button"))
    return click(find(page, "generate", "button"))


def _will_do(goal: str, number: int) -> bool:
    if match := re.search(r"(less|greater) than (\d+)", goal):
        return number < int(match[2]) if match[1] == "less" else number > int(match[2])
    return number % 2 == (1 if "odd" in goal else 0)


def coordinate(goal: str, page: Page, history: Sequence[str]) -> Action:
    return click(find(page, wanted(r"(\(.*\))", goal), "item"))


def ascending(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Click what comes first: the squares that hide the numbers stand in the numbers' order."""
    return click(find(page, None, "item"))


def radio_and_box(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Check the nth radio button, fill the nth box, and leave the others empty."""
    radio = at(listed(page, "radio"), ordinal(goal, "radio"))
    if not radio.on:
        return click(radio)
    right = ordinal(goal, "textbox")
    for index, box in enumerate(boxes(page)):
        text = quoted(goal)[0] if index == right else ""
        if box.value != text:
            return fill(box, text)
    return click(find(page, "submit", "button"))


def dropdown_and_button(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Open the list that a script has drawn, choose, then press the button."""
    option, button = wanted(r"Choose (.*) from", goal), quoted(goal)[0]
    head, *shown = listed(page, "item")
    if head.name.startswith(option):
        return click(find(page, button, "button"))
    for entry in shown:
        if entry.name == option:
            return click(entry)
    return click(head)


def click_named(name: str) -> Oracle:
    return lambda goal, page, history: click(find(page, name, "button"))
