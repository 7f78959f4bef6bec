"""Lists of the same thing over and over: posts, dishes, tickets, results, contacts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from flyball.bench.miniwob.oracles.moves import (
    NoMoveError,
    Page,
    at,
    boxes,
    click,
    fill,
    find,
    listed,
    ordinal,
    quoted,
    texts,
    wanted,
)
from flyball.records import Action
from flyball.tools.page import Entry


def blocks(page: Page, starts: Callable[[Entry], bool]) -> Iterator[list[Entry]]:
    """Cut a page into what begins with an entry that `starts` a block."""
    block: list[Entry] = []
    for entry in page:
        if starts(entry):
            if block:
                yield block
            block = [entry]
        elif block:
            block.append(entry)
    if block:
        yield block


def _posts(page: Page, user: str) -> list[list[Entry]]:
    """Give the posts of one user, which begin with the line that has their handle."""
    cut = blocks(page, lambda each: each.role == "text" and bool(re.search(r" @\S+", each.name)))
    return [block for block in cut if re.search(rf" {re.escape(user)}( |$)", block[0].name)]


def _control(block: Sequence[Entry], name: str) -> Entry:
    for entry in block:
        if entry.number is not None and entry.name.lower().startswith(f"{name.lower()} |"):
            return entry
    raise NoMoveError(f"no {name}")


def one_post(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Press a post's button, or open its menu for what is in there."""
    button = quoted(goal)[0]
    block = at(_posts(page, wanted(r"(@[^\s,]+)", goal)), 0)
    if button in ("Reply", "Retweet", "Like"):
        return click(_control(block, button))
    for entry in block:
        if entry.number is not None and entry.name.startswith(button):
            return click(entry)
    return click(_control(block, "more"))


def many_posts(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Press the button on as many posts as the goal says, and on no other."""
    user, button = wanted(r"(@\S+) and", goal), quoted(goal)[0]
    right = [_control(block, button) for block in _posts(page, user)]
    if match := re.search(r"on (\d+) post", goal):
        pressed = [entry for entry in right if entry.on]
        right = [*pressed, *(entry for entry in right if not entry.on)][: int(match[1])]
    for entry in listed(page, "item"):
        if entry.on != (entry in right):
            return click(entry)
    return click(find(page, "submit", "button"))


def order(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Add dishes until the order is right, and take off what does not belong."""
    dishes = [block for block in _dishes(page) if len(block) > 1]
    if match := re.search(r"Order (\d+) items that are (\S+)", goal):
        fitting = [dish for dish in dishes if match[2] in dish[1].name.split()]
        amounts = {at(fitting, 0)[0].name: int(match[1])}
    else:
        amounts = dict.fromkeys(wanted(r"each item: (.*)", goal).split(", "), 1)
    for dish in dishes:
        off = amounts.get(dish[0].name.strip(), 0) - _quantity(dish)
        if off:
            return click(find(dish, "+" if off > 0 else "-", "item"))
    return click(find(page, "order!", "button"))


def _dishes(page: Page) -> Iterator[list[Entry]]:
    """Cut the menu after each `+`."""
    block: list[Entry] = []
    for entry in page:
        if entry.role == "heading":
            continue
        block.append(entry)
        if entry.name == "+":
            yield block
            block = []


def _quantity(dish: Sequence[Entry]) -> int:
    return next((int(each.name) for each in dish if each.name.isdigit()), 0)


def ticket(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Buy the cheapest, dearest, shortest or longest of the flights on the page."""
    flights: list[tuple[int, int, Entry]] = []
    minutes = 0
    for entry in page:
        if match := re.search(r"(\d+)h (\d+)m", entry.name):
            minutes = 60 * int(match[1]) + int(match[2])
        elif entry.role == "button" and "$" in entry.name:
            flights.append((minutes, int(entry.name.partition("$")[2]), entry))
    by_time = re.search(r"shortest|longest", goal)
    flights.sort(key=lambda flight: flight[0] if by_time else flight[1])
    most = re.search(r"longest|most", goal)
    return click(at(flights, -1 if most else 0)[2])


def search(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Search, turn to the page that has the result, and click it."""
    box = at(boxes(page), 0)
    pages = [entry for entry in listed(page, "link") if re.fullmatch(r"\d|<|>", entry.name)]
    if box.value != (text := quoted(goal)[0]):
        return fill(box, text)
    if not pages or 'click "Search"' not in history:
        return click(find(page, "search", "button"))
    index = ordinal(goal)
    turned = next((entry for entry in pages if entry.name == str(index // 3 + 1)), None)
    if turned and not turned.on:
        return click(turned)
    results = [entry for entry in listed(page, "link") if entry not in pages]
    return click(at(results, index % 3))


def contact(goal: str, page: Page, history: Sequence[str]) -> Action:
    """Turn the pages until the name shows, then click what is asked for."""
    name = wanted(r"Find (\S+) in", goal)
    if name not in texts(page):
        return click(find(page, ">", "link"))
    what = {"phone": "Phone:", "email": "Email:", "address": "Address:"}
    label = what[wanted(r"their (\w+)", goal)]
    for before, after in pairwise(page):
        if before.name == label and after.role == "link":
            return click(after)
    raise NoMoveError(f"no {label}")
