"""Tasks about what is in stock."""

from __future__ import annotations

from random import Random

from flyball.bench.office.data import Data
from flyball.bench.office.moves import View, Want, done, go, narrow, submit, to_item, turn
from flyball.bench.office.names import SHELVES
from flyball.bench.office.template import Facts, Template
from flyball.bench.office.templates import drawing
from flyball.bench.office.templates.drawing import FILTER
from flyball.records import Action

ORDINALS = ("first", "second", "third")


def _to_count(data: Data, rng: Random) -> Facts:
    facts: dict[str, str] = {}
    for name, (number, item) in zip(ORDINALS, drawing.some_items(data, rng, 3), strict=True):
        facts |= {name: item, f"{name}_id": number, f"{name}_count": str(rng.randint(61, 99))}
    return facts


def _count(want: Want, view: View) -> Action:
    for name in ORDINALS:
        item, count = want[name], want[f"{name}_count"]
        if view.did(rf"{item}: {count} on .*"):
            continue
        if view.heading == f"Edit item {item}":
            return submit(view, "Save", Count=count)
        return to_item(view, item) or go(view, "Edit item")
    return done()


def _put_counts(data: Data, facts: Facts) -> None:
    for name in ORDINALS:
        data.put("items", int(facts[f"{name}_id"]), count=int(facts[f"{name}_count"]))


RESTOCK = Template(
    name="restock",
    wordings=(
        "After counting, there are {first_count} {first}, {second_count} {second} and "
        "{third_count} {third}: correct the counts.",
        "Set the count of {first} to {first_count}, of {second} to {second_count} and of {third} "
        "to {third_count}.",
        "New counts in stock: {first} is {first_count}, {second} is {second_count}, {third} is "
        "{third_count}.",
        "We have {first_count} of {first}, {second_count} of {second}, and {third_count} of "
        "{third} now. Enter that.",
    ),
    prepare=_to_count,
    change=_put_counts,
    subgoals=lambda facts: tuple(
        drawing.holds(
            f"{facts[name]} counted",
            "select 1 from items where id = ? and count = ?",
            *(int(facts[f"{name}_id"]), int(facts[f"{name}_count"])),
        )
        for name in ORDINALS
    ),
    plan=_count,
    steps=(22, 23),
    traps=("look-alike goods", FILTER),
)


def _to_move(data: Data, rng: Random) -> Facts:
    (first, one), (second, other) = drawing.some_items(data, rng, 2)
    rows = data.rows("select shelf from items where id in (?, ?)", int(first), int(second))
    taken = {row["shelf"] for row in rows}
    return {
        "first": one,
        "first_id": first,
        "second": other,
        "second_id": second,
        "shelf": rng.choice([shelf for shelf in SHELVES if shelf not in taken]),
        "level": str(rng.randint(10, 30)),
    }


def _move(want: Want, view: View) -> Action:
    for item in (want["first"], want["second"]):
        if view.did(rf"{item}: \d+ on {want['shelf']}, reorder below {want['level']}"):
            continue
        if view.heading == f"Edit item {item}":
            return submit(view, "Save", Shelf=want["shelf"], Reorder_below=want["level"])
        return to_item(view, item) or go(view, "Edit item")
    return done()


def _put_moved(data: Data, facts: Facts) -> None:
    for name in ("first_id", "second_id"):
        data.put("items", int(facts[name]), shelf=facts["shelf"], level=int(facts["level"]))


MOVE_SHELF = Template(
    name="move-shelf",
    wordings=(
        "Move {first} and {second} to shelf {shelf}, and reorder both below {level}.",
        "{first} and {second} now lie on shelf {shelf} and are reordered below {level}.",
        "Change the shelf of {first} and of {second} to {shelf}; reorder them below {level}.",
        "Shelf {shelf}, reorder below {level}: enter that for {first} and for {second}.",
    ),
    prepare=_to_move,
    change=_put_moved,
    subgoals=lambda facts: tuple(
        drawing.holds(
            f"{facts[name]} moved",
            "select 1 from items where id = ? and shelf = ? and level = ?",
            *(int(facts[f"{name}_id"]), facts["shelf"], int(facts["level"])),
        )
        for name in ("first", "second")
    ),
    plan=_move,
    steps=(17, 18),
    trained=False,
    traps=("look-alike goods", FILTER),
)


def _to_reorder(data: Data, rng: Random) -> Facts:
    number, _ = drawing.some_items(data, rng, 1)[0]
    shelf, other = rng.sample(SHELVES, 2)
    data.run("update items set count = level + 4 where shelf = ?", shelf)
    data.put("items", int(number), shelf=shelf, count=1)
    data.run("update items set count = count + level where shelf = ?", other)
    return {"item_id": number, "shelf": shelf, "other": other, "quantity": str(rng.randint(10, 60))}


def _treat(want: Want, view: View) -> Action:
    """Reorder first, then move: on a page about the item itself."""
    ordered = view.did(rf".*: {want['quantity']} on the way")
    if view.heading.startswith("Reorder item "):
        return submit(view, "Reorder", Quantity=want["quantity"])
    if view.heading.startswith("Item "):
        return go(view, "Edit item" if ordered else "Reorder item")
    if ordered:
        return submit(view, "Save", Shelf=want["other"])
    return go(view, "Leave it as it is")


def _reorder(want: Want, view: View) -> Action:
    if view.did(rf".*: \d+ on {want['other']}, reorder below \d+"):
        return done()
    low = view.told("In stock: ").endswith("(low)") and view.says(f"On shelf: {want['shelf']}")
    if low:
        return _treat(want, view)
    if move := narrow(view, "Stock", Show="Low"):
        return move
    for _, text, opening in view.rows():
        if text.endswith(f" on {want['shelf']}, low"):
            return opening
    return turn(view, "Stock")


REORDER_LOW = Template(
    name="reorder-low",
    wordings=(
        "One item on shelf {shelf} runs low. Reorder {quantity} of it, then move it to {other}.",
        "Find what is low on shelf {shelf}, reorder {quantity} pieces, and put it on {other}.",
        "Reorder {quantity} of the item that is low on shelf {shelf}; its shelf becomes {other}.",
        "What is low on shelf {shelf} needs {quantity} more on their way, and goes to {other}.",
    ),
    prepare=_to_reorder,
    change=lambda data, facts: data.put(
        *("items", int(facts["item_id"])), coming=int(facts["quantity"]), shelf=facts["other"]
    ),
    subgoals=lambda facts: (
        drawing.seen("item found", f"/stock/{facts['item_id']}$"),
        drawing.holds(
            "reordered",
            "select 1 from items where id = ? and coming = ?",
            *(int(facts["item_id"]), int(facts["quantity"])),
        ),
        drawing.holds(
            "moved",
            "select 1 from items where id = ? and shelf = ?",
            *(int(facts["item_id"]), facts["other"]),
        ),
    ),
    plan=_reorder,
    steps=(9, 11),
    traps=("full and low goods on one shelf", FILTER),
)


def _to_find(data: Data, rng: Random) -> Facts:
    number, name = drawing.some_items(data, rng, 1)[0]
    shelf = data.row("select shelf from items where id = ?", int(number))["shelf"]
    count = rng.randint(10, 60)
    data.run("update items set count = count + 100 where count = ? and shelf = ?", count, shelf)
    data.put("items", int(number), count=count)
    amounts = {"quantity": str(rng.randint(10, 60)), "level": str(rng.randint(20, 40))}
    return {"item_id": number, "name": name, "shelf": shelf, "count": str(count), **amounts}


def _find(want: Want, view: View) -> Action:
    counted = view.told("In stock: ").split(" ")[0] == want["count"]
    if counted and view.says(f"On shelf: {want['shelf']}"):
        return _look_after(want, view)
    if move := narrow(view, "Stock"):
        return move
    place = f"{want['count']} on {want['shelf']}"
    for _, text, opening in view.rows():
        if text in (place, f"{place}, low"):
            return opening
    return turn(view, "Stock")


def _look_after(want: Want, view: View) -> Action:
    """Reorder, then set the level: on a page about the item itself."""
    if view.heading.startswith("Reorder item "):
        return submit(view, "Reorder", Quantity=want["quantity"])
    if view.heading.startswith("Edit item "):
        return submit(view, "Save", Reorder_below=want["level"])
    if not view.says(f"On its way: {want['quantity']}"):
        return go(view, "Reorder item")
    if not view.says(f"Reorder below: {want['level']}"):
        return go(view, "Edit item")
    return done(view.heading.removeprefix("Item "))


FIND_STOCK = Template(
    name="find-stock",
    wordings=(
        "Which item is it of which {count} lie on shelf {shelf}? Reorder {quantity} of it, have it "
        "reordered below {level} from now on, and answer with its name.",
        "There are {count} pieces of something on shelf {shelf}: reorder {quantity}, set the level "
        "to reorder below to {level}, and tell me what it is.",
        "Find the item with {count} on shelf {shelf}. Reorder {quantity} pieces, then reorder "
        "below {level}. What is it called?",
        "On shelf {shelf} is an item that we have {count} of. Get {quantity} more on their way, "
        "set reorder below to {level}, and name it.",
    ),
    prepare=_to_find,
    change=lambda data, facts: data.put(
        *("items", int(facts["item_id"])),
        coming=int(facts["quantity"]),
        level=int(facts["level"]),
    ),
    answer=lambda data, facts: facts["name"],
    subgoals=lambda facts: (
        drawing.seen("item found", f"/stock/{facts['item_id']}$"),
        drawing.holds(
            "reordered",
            "select 1 from items where id = ? and coming = ?",
            *(int(facts["item_id"]), int(facts["quantity"])),
        ),
        drawing.holds(
            "level set",
            "select 1 from items where id = ? and level = ?",
            *(int(facts["item_id"]), int(facts["level"])),
        ),
    ),
    plan=_find,
    steps=(9, 13),
    traps=(FILTER, "a list that has to be paged through"),
)

TEMPLATES = (RESTOCK, MOVE_SHELF, REORDER_LOW, FIND_STOCK)
