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
from training.scene import Scene, held, so

Want = Mapping[str, str]
TURNS = ("Next page", "Previous page")


def errand(scene: Scene) -> str:
    """What a step in the office comes from, or nothing."""
    name = scene.example.task
    want = wanted(name, scene.goal) if name in TEMPLATES else {}
    if not want or scene.target is None:
        return ""
    view = View(scene.page, scene.example.told)
    rules = (_in_turn, _asked_by_mail, _examined, _looked_after, _checked, _found, _narrowed)
    return next((said for rule in rules if (said := rule(name, want, view, scene))), "")


def cleared(scene: Scene) -> str:
    """Before a mailbox is left: none of the mails that are still there is one of those sought."""
    name, view = scene.example.task, View(scene.page, scene.example.told)
    if name != "archive-mail" or scene.tool != "finish" or view.heading != "Mail":
        return ""
    want = wanted(name, scene.goal)
    rows = [_told_apart(want, row, view) for row in view.rows()] if want else []
    return so(rows, "none") if rows else ""


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
            return so([*said, what, *_filtered(view, scene)], done)
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
    said = list[str]()
    for name, row in rows.items():
        seen = f'click "{name}"' in view.history[-6:] and name != scene.target.name
        said.append(_told_apart(want, row, view) + " seen" * seen)
        if name == scene.target.name:
            break
    return so(said, f"{scene.target.quoted} {scene.target.number}")


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
    amount, _, item = view.told("Item: ").partition(" ")
    pairs = [(item, want["item"]), (view.told("Status: "), "Open")]
    return held([(amount, want["quantity"]), *pairs] if "customer" not in want else pairs)


def _found(_: str, want: Want, view: View, scene: Scene) -> str:
    """The rows of the list up to the one that is sought, each beside it, and its name.

    Names and numbers come first, as the page has them, so that the next row is found.
    """
    assert scene.target is not None
    target, rows = scene.target, view.rows()
    opened = [row[2].arguments["element"] for row in rows]
    found, turns = target.number in opened, target.name in TURNS
    if scene.tool != "click" or not (found or turns):
        return ""
    until = opened.index(target.number) + 1 if found else len(rows)
    told = [_told_apart(want, row, view) for row in rows[:until]]
    return so(told, f"{target.quoted} {target.number}" if found else "none") if all(told) else ""


def _narrowed(_: str, want: Want, view: View, scene: Scene) -> str:
    """What stands in the boxes above a list, where the next of them is filled in or sent."""
    filtered = _filtered(view, scene)
    return so(filtered, scene.argument or scene.name) if filtered else ""


def _filtered(view: View, scene: Scene) -> list[str]:
    """What a list is searched for and narrowed to: what was there before may have to go."""
    if view.heading not in ("Customers", "Orders", "Stock", "Mail"):
        return []
    boxes = [e for e in scene.page if e.role in ("textbox", "select")]
    if scene.target not in boxes and scene.name != "Search":
        return []
    return [f"{e.name} {e.value or 'not'}" for e in boxes]


def _told_apart(want: Want, row: tuple[str, str, Action], view: View) -> str:
    """A row's name and number, and what tells it apart beside what is sought, if that is known."""
    name, beside, opening = row
    pairs = _sought(want, view.heading, name, beside)
    return f'{name}" {opening.arguments["element"]} {held(pairs)}' if pairs else ""


def _sought(want: Want, heading: str, name: str, beside: str) -> list[tuple[str, str]]:
    """What tells a row of a list apart, each beside what is sought, in the order of the page."""
    has = want.keys()
    if heading in ("Customers", "Mail") and has >= {"customer", "city"}:
        parts = [name, *beside.split(", ")] if heading == "Customers" else beside.split(", ")
        return [(parts[0], want["customer"]), (parts[1], want["city"])]
    if heading == "Stock" and "shelf" in has:
        count, _, place = beside.removesuffix(", low").partition(" on ")
        if "count" in has:
            return [(count, want["count"]), (place, want["shelf"])]
        return [(place, want["shelf"]), ("low" if beside.endswith(", low") else "enough", "low")]
    if heading == "Orders" and "item" in has:
        ordered, status = beside.split(", ")[-2:]
        count, _, item = ordered.partition(" ")
        pairs = [(item, want["item"]), (status, "Open")]
        return pairs if "customer" in has else [(count, want["quantity"]), *pairs]
    return [(name, f"Order {want['order']}")] if heading == "Orders" and "order" in has else []
