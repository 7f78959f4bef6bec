"""What an errand consists of, and which parts the office tells to be done already.

Said before each step that needs no other thought, it tells errands apart whose goals look alike,
and keeps one from being left before its last part. The parts are in the same words wherever they
come: an errand that was never shown is made of them, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from flyball.bench.office.moves import View

Want = Mapping[str, str]
Part = tuple[str, Callable[[View], object]]
"""What is to be done, and whether the page says that it is."""


def parts(name: str, want: Want, view: View) -> Sequence[Part]:
    """The parts of the errand of the template `name`, in order."""
    made = PLANS[name](want) if name in PLANS else []
    kept = view.told("Kept mail from ")
    asked = re.search(r"order (\d+) to (\d+)", kept) if name == "do-mail" else None
    if not asked:
        return made
    return [*made, (f"order {asked[1]} to {asked[2]}", _did("Order {0}: {1} .+", *asked.groups()))]


def progress(name: str, want: Want, view: View) -> list[str]:
    """All parts: those that are done are said to be, and after the next comes what is left."""
    said, to_do = list[str](), list[str]()
    for what, is_done in parts(name, want, view):
        if to_do or not is_done(view):
            to_do.append(f"{'then ' * bool(to_do)}{what}")
        else:
            said.append(f"{what} done")
    return said + to_do


def _did(note: str, *facts: str) -> Callable[[View], object]:
    """Whether one of the last changes is told by the pattern `note`, with the facts in its gaps."""
    pattern = note.format(*map(re.escape, facts))
    return lambda view: view.did(pattern)


def _says(line: str) -> Callable[[View], object]:
    return lambda view: view.says(line)


def _never(_: View) -> bool:
    return False


def _is_cancelled(order: str) -> Callable[[View], object]:
    """Told, seen, or known by its form, which is shorter."""
    told = _did("Order {0}: (cancelled|.+, Cancelled)", order)

    def seen(view: View) -> object:
        if view.heading == f"Edit order {order}" and not view.has("Quantity", "textbox"):
            return True
        here = view.heading == f"Order {order}" and view.says("Status: Cancelled")
        return here or told(view)

    return seen


def _cancel(want: Want) -> Part:
    return f"cancel {want['order']}", _is_cancelled(want["order"])


def _note(want: Want) -> Part:
    return f"note {want['note']}", _says(f"Note: {want['note']}")


def _send(how: str, want: Want, subject: str) -> Part:
    told = _did("Mail to {0}: sent, {1}", want["customer"], subject)
    return f"{how} {want['customer']}", told


def _create(want: Want) -> Part:
    told = _did("{0}: created", want["customer"])
    return f"create {want['customer']} {want['city']} {want['tier']}", told


def _order(want: Want) -> Part:
    told = _did(r"Order \d+: created for {0}", want["customer"])
    return f"order {want['quantity']} {want['item']}", told


def _ship(number: str) -> Part:
    return f"ship {number}", _did(r"Order {0}: \d+ .+, Shipped", number)


def _archive(want: Want) -> Part:
    told = _did("Mail from {0}: moved to Archive", want["customer"])
    return f"archive {want['customer']}", told


def _is_on_its_way(quantity: str) -> Callable[[View], object]:
    told, seen = _did(".+: {0} on the way", quantity), _says(f"On its way: {quantity}")
    return lambda view: told(view) or seen(view)


def _count(item: str, count: str) -> Part:
    return f"{item} {count}", _did("{0}: {1} on .*", item, count)


PLANS: Mapping[str, Callable[[Want], list[Part]]] = {
    "cancel-order": lambda want: [_cancel(want)],
    "cancel-if-open": lambda want: [_cancel(want), _note(want)],
    "cancel-all": lambda want: [(f"cancel all {want['customer']}", _never)],
    "cancel-noted": lambda want: [(f"cancel noted {want['note']}", _did(r"Order \d+: cancelled"))],
    "correct-customer": lambda want: [
        (f"correct {want['customer']}", _did("{0}: saved", want["customer"]))
    ],
    "new-customer": lambda want: [_create(want)],
    "promote-customer": lambda want: [
        (f"tier {want['tier']} for {want['order']}", _says(f"Tier: {want['tier']}"))
    ],
    "count-orders": lambda want: [(f"count {want['status']}", _never)],
    "reply-mail": lambda want: [_send("reply", want, f"Re: {want['subject']}"), _archive(want)],
    "write-mail": lambda want: [_send("write", want, want["subject"])],
    "archive-mail": lambda want: [(f"archive all {want['customer']}", _never)],
    "do-mail": lambda want: [
        (f"keep {want['subject']}", lambda view: view.told("Kept mail from ")),
    ],
    "change-quantity": lambda want: [
        (f"set {want['quantity']}", _did(r"Order \d+: {0} .+", want["quantity"]))
    ],
    "note-order": lambda want: [_note(want)],
    "ship-orders": lambda want: [_ship(want["first"]), _ship(want["second"])],
    "new-order": lambda want: [_order(want)],
    "pick-order": lambda want: [_ship(want["order"]), ("tell shelf", _never)],
    "restock": lambda want: [
        _count(want[n], want[f"{n}_count"]) for n in ("first", "second", "third")
    ],
    "reorder-low": lambda want: [
        (f"reorder {want['quantity']}", _is_on_its_way(want["quantity"])),
        (f"move to {want['other']}", _did(r".+: \d+ on {0}, .+", want["other"])),
    ],
    "find-stock": lambda want: [
        (f"reorder {want['quantity']}", _is_on_its_way(want["quantity"])),
        (f"below {want['level']}", _says(f"Reorder below: {want['level']}")),
    ],
}
