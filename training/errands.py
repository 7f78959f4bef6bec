"""Thoughts about the office: what is sought in the words of its lists, and what is done already.

A goal gives a row's facts in its own words and order ("an item on A2 that we have 11 of"); said
again as the list writes them ("11 on A2"), the row is found by copying. What a goal asks for is
read with the wordings of its template (`flyball.bench.office`), backwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

from flyball.bench.office import TEMPLATES
from flyball.bench.office.moves import View
from flyball.records import Action
from training.scene import Scene, so

Want = Mapping[str, str]
TURNS = ("Next page", "Previous page")


def errand(scene: Scene) -> str:
    """What a step in the office comes from, or nothing."""
    name = scene.example.task
    want = wanted(name, scene.goal) if name in TEMPLATES else {}
    if not want or scene.target is None:
        return ""
    view = View(scene.page, scene.example.told)
    rules = (_in_turn, _asked_by_mail, _examined, _looked_after, _checked, _found)
    return next((said for rule in rules if (said := rule(name, want, view, scene))), "")


@cache
def _wordings(name: str) -> tuple[re.Pattern[str], ...]:
    return tuple(_pattern(each) for each in TEMPLATES[name].wordings)


def _pattern(wording: str) -> re.Pattern[str]:
    """A wording with its gaps as groups; a gap that comes again says the same again."""
    parts, seen = list[str](), set[str]()
    for text, gap in re.findall(r"([^{]*)(?:\{(\w+)\})?", wording):
        group = f"(?P={gap})" if gap in seen else f"(?P<{gap}>.+?)"
        parts.append(re.escape(text) + (group if gap else ""))
        seen.add(gap)
    return re.compile("".join(parts))


def wanted(name: str, goal: str) -> Want:
    """The facts that the goal of the template `name` gives; none where it is worded otherwise."""
    found = (pattern.fullmatch(goal) for pattern in _wordings(name))
    return next((match.groupdict() for match in found if match), {})


def _in_turn(name: str, want: Want, view: View, scene: Scene) -> str:
    """Which of several things are done, up to the first that is not."""
    if name not in SEQUENCES or scene.target is None:
        return ""
    said = list[str]()
    for what, note in SEQUENCES[name](want):
        if not view.did(note):
            done = scene.argument or f"{scene.target.quoted} {scene.target.number}"
            return so([*said, what], done)
        said.append(f"{what} done")
    return ""


SEQUENCES: Mapping[str, Callable[[Want], list[tuple[str, str]]]] = {
    "restock": lambda want: [
        (f"{want[n]} {want[f'{n}_count']}", rf"{want[n]}: {want[f'{n}_count']} on .*")
        for n in ("first", "second", "third")
    ],
    "ship-orders": lambda want: [
        (want[n], rf"Order {want[n]}: \d+ .+, Shipped") for n in ("first", "second")
    ],
}
"""What is to be done one after the other, and how the office tells of each that it is done."""


def _asked_by_mail(name: str, want: Want, view: View, _: Scene) -> str:
    """What a mail that is kept in view asks for."""
    if name != "do-mail":
        return ""
    kept = view.told(f"Kept mail from {want['customer']}, {want['city']}, {want['subject']}: ")
    asked = re.search(r"order (\d+) to (\d+)", kept)
    return f"order {asked[1]} to {asked[2]}" if asked else ""


def _examined(task: str, want: Want, view: View, scene: Scene) -> str:
    """Of orders that a list does not tell apart: which were looked at, and what this one's note is.

    The note says whether it is the one.
    """
    if task != "cancel-noted" or scene.target is None:
        return ""
    if view.heading.startswith("Order "):
        right = scene.target.name == "Cancel order"
        return f"{want['note']} / {view.told('Note: ')} {'yes' if right else 'no'}"
    rows = {row[0]: row for row in view.rows()}
    if view.heading != "Orders" or scene.target.name not in rows:
        return ""
    sought, said = f"{want['item']}, Open", list[str]()
    for name, row in rows.items():
        seen = f'click "{name}"' in view.history[-6:] and name != scene.target.name
        said.append(_told_apart(sought, row, view) + " seen" * seen)
        if name == scene.target.name:
            break
    return f"{sought} : {so(said, scene.target.name)}"


def _looked_after(name: str, want: Want, view: View, _: Scene) -> str:
    """Of an item that was found: what is on its way, and below what it is reordered."""
    if name != "find-stock" or not view.heading.startswith("Item "):
        return ""
    place = f"{view.told('In stock: ').removesuffix(' (low)')} on {view.told('On shelf: ')}"
    if place != (sought := f"{want['count']} on {want['shelf']}"):
        return f"{place} not {sought}"
    coming, level = view.told("On its way: "), view.told("Reorder below: ")
    if coming != want["quantity"]:
        return f"{coming} not {want['quantity']}"
    return f"{coming} , {level} not {want['level']}" if level != want["level"] else ""


def _checked(_: str, want: Want, view: View, scene: Scene) -> str:
    """Whether the order that was opened is of what is asked for."""
    if not view.heading.startswith("Order ") or "item" not in want or scene.tool != "click":
        return ""
    assert scene.target is not None
    right = scene.target.name in ("Edit order", "Cancel order")
    there = f"{view.told('Item: ')}, {view.told('Status: ')}"
    return f"{want['item']}, Open / {there} {'yes' if right else 'no'}"


def _found(_: str, want: Want, view: View, scene: Scene) -> str:
    """What is sought, the rows of the list up to the one that it stands beside, and its name.

    Of a row its number is said and what may tell it apart, and all of it where that is as sought.
    """
    assert scene.target is not None
    sought, target, rows = _sought(want, view), scene.target, view.rows()
    opened = [row[2].arguments["element"] for row in rows]
    found, turns = target.number in opened, target.name in TURNS
    if not sought or scene.tool != "click" or not (found or turns):
        return ""
    until = opened.index(target.number) + 1 if found else len(rows)
    told = [_told_apart(sought, row, view) for row in rows[:until]]
    return f"{sought} : {so(told, f'{target.quoted} {target.number}' if found else 'none')}"


def _told_apart(sought: str, row: tuple[str, str, Action], view: View) -> str:
    """What is said of a row, in the order of the page: it is copied."""
    name, beside, opening = row
    number = opening.arguments["element"]
    if view.heading == "Orders":
        return f'{name}" {number} {_apart(sought, beside)}'.strip()
    return f"{number} {_apart(sought, beside) if view.heading == 'Stock' else beside}"


def _apart(sought: str, beside: str) -> str:
    """Of an item its amount, of an order what is ordered; all where that may be it."""
    first = sought.split()[0]
    if " on " in beside:
        count = beside.partition(" on ")[0]
        return beside if count == first or not first.isdigit() else count
    if "," not in sought:
        return ""
    _, what, status = beside.rsplit(", ", 2)
    count = what.partition(" ")[0]
    return count if first.isdigit() and count != first else f"{what}, {status}"


def _sought(want: Want, view: View) -> str:
    """What tells the right row of the list that is shown."""
    has = want.keys()
    if view.heading == "Customers" and has >= {"customer", "city"}:
        return f"{want['customer']} {want['city']}"
    if view.heading == "Mail" and has >= {"customer", "city"}:
        return f"{want['customer']}, {want['city']}"
    if view.heading == "Stock" and "shelf" in has:
        return (
            f"{want['count']} on {want['shelf']}" if "count" in has else f"on {want['shelf']}, low"
        )
    if view.heading == "Orders" and "item" in has:
        amount = "" if "customer" in has else f"{want['quantity']} "
        return f"{amount}{want['item']}, Open"
    return f"Order {want['order']}" if view.heading == "Orders" and "order" in has else ""
