"""Thoughts about the office: what is sought in the words of its lists, and what is done already.

A goal gives a row's facts in its own words and order ("an item on A2 that we have 11 of"); said
again as the list writes them ("11 on A2"), the row is found by copying. What a goal asks for is
read with the wordings of its template (`flyball.bench.office`), backwards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from flyball.bench.office import TEMPLATES
from flyball.bench.office.moves import View
from flyball.records import Action
from training.plans import progress
from training.scene import Scene, held, so

Want = Mapping[str, str]
TURNS = ("Next page", "Previous page")
IN_TURN = ("restock", "ship-orders")
COUNTED = ("archive-mail", "cancel-all", "count-orders")
"""Errands that end by how many rows a list has."""
LISTS = ("Customers", "Orders", "Stock", "Mail")


def errand(scene: Scene) -> str:
    """What a step in the office comes from, or nothing."""
    name = scene.example.task
    want = wanted(name, scene.goal) if name in TEMPLATES else {}
    if not want or scene.target is None:
        return ""
    view = View(scene.page, scene.example.told)
    rules = (_in_turn, _examined, _looked_after, _checked, _found, _narrowed)
    return next((said for rule in rules if (said := rule(name, want, view, scene))), "")


def cleared(scene: Scene) -> str:
    """Before a mailbox is left: none of the mails that are still there is one of those sought."""
    name, view = scene.example.task, View(scene.page, scene.example.told)
    if name != "archive-mail" or scene.tool != "finish" or view.heading != "Mail":
        return ""
    want = wanted(name, scene.goal)
    rows = [_told_apart(want, row, view) for row in view.rows()] if want else []
    return _heard(want, view) + so(rows, "none") if rows else ""


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
    """Which of several things are done, which is next, which are left; and where one is."""
    several = name in IN_TURN or (name == "do-mail" and view.told("Kept mail from "))
    if not several or not (said := progress(name, want, view)) or scene.target is None:
        return ""
    return so([f"{' , '.join(said)} : {view.heading}", *_filtered(view, scene)], _acted(scene))


def planned(scene: Scene) -> str:
    """Where no other thought fits: the parts of the errand that are done, the next, and the page.

    It is what tells whether one may finish.
    """
    name, view = scene.example.task, View(scene.page, scene.example.told)
    want = wanted(name, scene.goal) if name in TEMPLATES else {}
    if not want or scene.tool in ("wait", "back") or not (said := progress(name, want, view)):
        return ""
    known = [f"{view.found} found"] if name in COUNTED and view.found else []
    if name == "pick-order" and scene.tool == "finish":
        known = [f"on {scene.argument}"]
    return so([f"{' , '.join(said)} : {view.heading}", *known], _acted(scene))


def _acted(scene: Scene) -> str:
    """What is done: to a field, with its name."""
    if scene.target is None:
        return scene.argument or scene.tool
    if scene.argument:
        return f"{scene.target.name} = {scene.argument}"
    return f"{scene.target.quoted} {scene.target.number}"


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
    opened = [name for name in rows if f'click "{name}"' in view.history[-6:]]
    said = list[str]()
    for name, row in rows.items():
        told = f"{name} {_told_apart(want, row, view)}"
        seen = name in opened and name != scene.target.name
        said.append(told + f" {'seen' if seen else 'new'}" * told.endswith("yes"))
        if name == scene.target.name:
            break
    front = f"opened {' '.join(opened) or 'none'} : "
    return front + so(said, f"{scene.target.quoted} {scene.target.number}")


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
    """The rows of the list up to the one that is sought, each beside it, and its name."""
    assert scene.target is not None
    target, rows = scene.target, view.rows()
    opened = [row[2].arguments["element"] for row in rows]
    found, turns = target.number in opened, target.name in TURNS
    if scene.tool != "click" or not (found or turns):
        return ""
    until = opened.index(target.number) + 1 if found else len(rows)
    told = [_told_apart(want, row, view) for row in rows[:until]]
    done = f"{target.quoted} {target.number}" if found else "none"
    return _heard(want, view) + so(told, done) if all(told) else ""


def _narrowed(_: str, want: Want, view: View, scene: Scene) -> str:
    """What stands in the boxes above a list, where the next of them is filled in or sent."""
    boxes = [e for e in scene.page if e.role in ("textbox", "select")]
    if scene.target not in boxes and scene.name != "Search":
        return ""
    filtered = _filtered(view, scene)
    return _heard(want, view) + so(filtered, scene.argument or scene.name) if filtered else ""


def _filtered(view: View, scene: Scene) -> list[str]:
    """What a list is searched for and narrowed to: what was there before may have to go."""
    boxes = [e for e in scene.page if e.role in ("textbox", "select")]
    return [f"{e.name} {e.value or 'not'}" for e in boxes] if view.heading in LISTS else []


def _heard(want: Want, view: View) -> str:
    """What is sought in a list, in its words, before the list is narrowed or gone through."""
    sought = _sought(want, view.heading)
    return f"{' , '.join(sought)} : " if sought else ""


def _told_apart(want: Want, row: tuple[str, str, Action], view: View) -> str:
    """A row by its number, and what tells it apart beside what is sought, if that is known.

    Numbers are counted up, and what a row ends with follows its number on the page: neither is
    mistaken for that of another row, as names are that begin alike. Of an order, for short, its
    customer is left out.
    """
    name, beside, opening = row
    if not (sought := _sought(want, view.heading)):
        return ""
    pairs = zip(_there(want, view.heading, name, beside), sought, strict=False)
    end = beside.partition(", ")[2] if view.heading == "Orders" else beside
    return f"{opening.arguments['element']} {end} : {held(pairs)}"


def _sought(want: Want, heading: str) -> list[str]:
    """What tells the row that is sought apart from others, in the order of the page."""
    has = want.keys()
    if heading in ("Customers", "Mail") and has >= {"customer", "city"}:
        return [want["customer"], want["city"]]
    if heading == "Stock" and "shelf" in has:
        return [want["count"], want["shelf"]] if "count" in has else [want["shelf"], "low"]
    if heading == "Orders" and "item" in has:
        return [*([] if "customer" in has else [want["quantity"]]), want["item"], "Open"]
    return [f"Order {want['order']}"] if heading == "Orders" and "order" in has else []


def _there(want: Want, heading: str, name: str, beside: str) -> list[str]:
    """The same of a row that is there."""
    if heading in ("Customers", "Mail"):
        return ([name] if heading == "Customers" else []) + beside.split(", ")
    if heading == "Stock":
        count, _, place = beside.removesuffix(", low").partition(" on ")
        low = "low" if beside.endswith(", low") else "enough"
        return [count, place] if "count" in want else [place, low]
    if "item" in want:
        ordered, status = beside.split(", ")[-2:]
        count, _, item = ordered.partition(" ")
        return [*([] if "customer" in want else [count]), item, status]
    return [name]
