"""Tasks that end in what cannot be undone: cancelled orders."""

from __future__ import annotations

from random import Random

from flyball.bench.miniwob.oracles.moves import NoMoveError
from flyball.bench.office.data import Data
from flyball.bench.office.moves import (
    View,
    Want,
    cancel,
    done,
    go,
    submit,
    to_customer,
    to_order,
    turn,
    write,
)
from flyball.bench.office.names import SENTENCES, SUBJECTS
from flyball.bench.office.template import Facts, Subgoal, Template
from flyball.bench.office.templates import drawing
from flyball.bench.office.templates.drawing import CANCELLED, FILTER, LOOK_ALIKES, MOVED
from flyball.records import Action


def _cancelled(facts: Facts, *numbers: str) -> tuple[Subgoal, ...]:
    query = "select 1 from orders where id = ? and status = 'Cancelled' and reason = ?"
    return tuple(
        drawing.holds(f"order {number} cancelled", query, int(number), facts["reason"])
        for number in numbers
    )


def _put_cancelled(data: Data, facts: Facts, *numbers: str) -> None:
    for number in numbers:
        data.put("orders", int(number), status="Cancelled", reason=facts["reason"])


def _one(data: Data, rng: Random) -> Facts:
    order = drawing.some_order(data, rng, "Open", "Paid")
    return {"order": order, "reason": drawing.reason(rng)}


def _cancel_one(want: Want, view: View) -> Action:
    number = want["order"]
    if view.did(f"Order {number}: cancelled"):
        return done()
    return cancel(view, number, want["reason"]) or to_order(view, number) or done()


CANCEL_ORDER = Template(
    name="cancel-order",
    wordings=(
        'Cancel order {order}. The reason is "{reason}".',
        'Order {order} has to be cancelled; give "{reason}" as the reason.',
        'Please cancel the order with the number {order} ("{reason}").',
        'We do not deliver order {order}: cancel it, reason "{reason}".',
    ),
    prepare=_one,
    change=lambda data, facts: _put_cancelled(data, facts, facts["order"]),
    subgoals=lambda facts: (
        drawing.seen("order found", f"/orders/{facts['order']}$"),
        drawing.seen("asked to confirm", f"/orders/{facts['order']}/cancel"),
        *_cancelled(facts, facts["order"]),
    ),
    plan=_cancel_one,
    steps=(8, 9),
    traps=(FILTER,),
)


def _maybe(data: Data, rng: Random) -> Facts:
    status = rng.choice(("Open", "Cancelled"))
    order = drawing.some_order(data, rng, status)
    reason = drawing.reason(rng)
    if status == "Cancelled":
        data.put("orders", int(order), reason=reason)
    return {"order": order, "reason": reason, "note": drawing.note(rng)}


def _cancel_and_note(want: Want, view: View) -> Action:
    number = want["order"]
    if view.heading == f"Edit order {number}" and not view.has("Quantity", "textbox"):
        return submit(view, "Save", Note=want["note"])
    if view.heading == f"Edit order {number}":
        return go(view, "Leave it as it is")
    if move := cancel(view, number, want["reason"]) or to_order(view, number):
        return move
    return done() if view.says(f"Note: {want['note']}") else go(view, "Edit order")


def _change_note(data: Data, facts: Facts) -> None:
    _put_cancelled(data, facts, facts["order"])
    data.put("orders", int(facts["order"]), note=facts["note"])


CANCEL_IF_OPEN = Template(
    name="cancel-if-open",
    wordings=(
        'Make sure that order {order} is cancelled ("{reason}"), then note "{note}" on it.',
        'If order {order} is not cancelled yet, cancel it ("{reason}"). Its note becomes "{note}".',
        'Order {order} should be cancelled for "{reason}" and have the note "{note}".',
        'See that order {order} is cancelled, reason "{reason}", and write the note "{note}".',
    ),
    prepare=_maybe,
    change=_change_note,
    subgoals=lambda facts: (
        drawing.seen("order found", f"/orders/{facts['order']}$"),
        *_cancelled(facts, facts["order"]),
        drawing.holds("noted", "select 1 from orders where note = ?", facts["note"]),
    ),
    plan=_cancel_and_note,
    steps=(8, 12),
    traps=(CANCELLED, FILTER, "a form that is shorter for a cancelled order"),
)


def _several(data: Data, rng: Random) -> Facts:
    facts = drawing.someone(data, rng)
    owner = facts["customer_id"]
    for row in data.rows("select id from orders where customer = ?", int(owner)):
        data.put("orders", row["id"], status="Shipped", reason="")
    (item, _), (other, _) = drawing.some_items(data, rng, 2)
    numbers = drawing.give_orders(data, rng, owner, item, *["Open"] * rng.choice((2, 3)))
    free = [n["id"] for n in data.rows("select id from orders") if n["id"] not in numbers]
    data.put("orders", rng.choice(free), customer=int(owner), item=int(other), status="Paid")
    return {**facts, "orders": " ".join(map(str, sorted(numbers))), "reason": drawing.reason(rng)}


def _cancel_all(want: Want, view: View) -> Action:
    known = f"{want['customer']}, {want['city']}"
    if view.heading.startswith(("Order ", "Cancel order ")) and view.says(f"Customer: {known}"):
        if view.says("Status: Open"):
            move = cancel(view, view.heading.split()[-1].rstrip("?"), want["reason"])
            return move or go(view, "Orders")
        return go(view, "Orders")
    if view.heading == "Orders" and view.applied.get("of") == known:
        if dict(view.applied) != {"of": known, "status": "Open"}:
            return submit(view, "Search", Search="", Status="Open")
        return view.rows()[0][2] if view.rows() else done()
    return to_customer(view, want) or go(view, "Orders of this customer")


CANCEL_ALL = Template(
    name="cancel-all",
    wordings=(
        'Cancel all open orders of {customer} in {city}; the reason is "{reason}".',
        '{customer} in {city} wants none of the open orders: cancel each of them ("{reason}").',
        'Every open order that {customer} in {city} has is to be cancelled ("{reason}").',
        'Find the open orders of {customer} in {city} and cancel them all, reason "{reason}".',
    ),
    prepare=_several,
    change=lambda data, facts: _put_cancelled(data, facts, *facts["orders"].split()),
    subgoals=lambda facts: (
        drawing.seen("customer found", f"/customers/{facts['customer_id']}$"),
        drawing.seen("orders listed", rf"/orders\?customer={facts['customer_id']}$"),
        *_cancelled(facts, *facts["orders"].split()),
    ),
    plan=_cancel_all,
    steps=(18, 24),
    traps=(LOOK_ALIKES, FILTER, MOVED, "a paid order among the open ones"),
)


def _noted(data: Data, rng: Random) -> Facts:
    facts = drawing.someone(data, rng)
    item, name = drawing.some_items(data, rng, 1)[0]
    wanted, other, _ = drawing.give_orders(
        data, rng, facts["customer_id"], item, "Open", "Open", "Cancelled"
    )
    note = drawing.note(rng)
    data.put("orders", wanted, note=note)
    data.put("orders", other, note=drawing.note(rng) + " too")
    more = {"item": name, "order": str(wanted), "note": note, "reason": drawing.reason(rng)}
    return {**facts, **more}


def _cancel_noted(want: Want, view: View) -> Action:
    known = f"{want['customer']}, {want['city']}"
    if view.heading.startswith(("Order ", "Cancel order ")) and view.says(f"Customer: {known}"):
        return _judge_noted(want, view)
    if view.did(r"Order \d+: cancelled"):
        return done()
    if view.heading != "Orders" or dict(view.applied) != {"of": known}:
        return to_customer(view, want) or go(view, "Orders of this customer")
    rows = [row for row in view.rows() if row[1].endswith(f" {want['item']}, Open")]
    fresh = [row for row in rows if f'click "{row[0]}"' not in view.history[-6:]]
    return (fresh or rows)[0][2] if rows else turn(view, "Orders")


def _judge_noted(want: Want, view: View) -> Action:
    if not (view.says(f"Note: {want['note']}") and view.told("Item: ").endswith(want["item"])):
        return go(view, "Orders")
    number = view.heading.split()[-1].rstrip("?")
    return cancel(view, number, want["reason"]) or done()


CANCEL_NOTED = Template(
    name="cancel-noted",
    wordings=(
        "Of the two open orders for {item} that {customer} in {city} has, cancel the one with the "
        'note "{note}"; reason: "{reason}".',
        '{customer} in {city} ordered {item} twice. Cancel the order noted "{note}" ("{reason}").',
        'Cancel one open {item} order of {customer} in {city}, the one that says "{note}". '
        'The reason is "{reason}".',
        'The order for {item} by {customer} in {city} with the note "{note}" is to be cancelled '
        '("{reason}").',
    ),
    prepare=_noted,
    change=lambda data, facts: _put_cancelled(data, facts, facts["order"]),
    subgoals=lambda facts: (
        drawing.seen("customer found", f"/customers/{facts['customer_id']}$"),
        drawing.seen("orders listed", rf"/orders\?customer={facts['customer_id']}$"),
        drawing.seen("order found", f"/orders/{facts['order']}$"),
        *_cancelled(facts, facts["order"]),
    ),
    plan=_cancel_noted,
    steps=(10, 13),
    traps=(LOOK_ALIKES, CANCELLED, "a list that does not tell the orders apart"),
)


def _to_tell(data: Data, rng: Random) -> Facts:
    facts = drawing.someone(data, rng)
    item, _ = drawing.some_items(data, rng, 1)[0]
    order = drawing.give_orders(data, rng, facts["customer_id"], item, "Open")[0]
    text = {"subject": rng.choice(SUBJECTS), "message": rng.choice(SENTENCES)}
    return {**facts, **text, "order": str(order), "reason": drawing.reason(rng)}


def _cancel_and_tell(want: Want, view: View) -> Action:
    number, known = want["order"], f"{want['customer']}, {want['city']}"
    if not view.did(f"Order {number}: cancelled"):
        if move := cancel(view, number, want["reason"]) or to_order(view, number):
            return move
        raise NoMoveError(f"order {number} was not cancelled here")
    if view.did(f"Mail to {want['customer']}: sent, {want['subject']}"):
        return done()
    if move := write(view, known, want["subject"], want["message"]):
        return move
    if view.heading == f"Order {number}":
        return go(view, f"Customer {want['customer']}")
    return to_customer(view, want) or go(view, "Write mail")


def _tell(data: Data, facts: Facts) -> None:
    _put_cancelled(data, facts, facts["order"])
    owner, subject = int(facts["customer_id"]), facts["subject"]
    data.add("mail", folder="Sent", customer=owner, subject=subject, body=facts["message"])


CANCEL_AND_TELL = Template(
    name="cancel-and-tell",
    wordings=(
        'Cancel order {order} ("{reason}") and tell {customer} in {city}: subject "{subject}", '
        'message "{message}".',
        'Order {order} of {customer} in {city} is to be cancelled, reason "{reason}". Then write '
        'to the customer, "{subject}": "{message}".',
        'Cancel order {order} for "{reason}", then mail {customer} in {city} with the subject '
        '"{subject}" and the message "{message}".',
        'First cancel order {order} (reason "{reason}"). Second, send {customer} in {city} the '
        'mail "{subject}" that says "{message}".',
    ),
    prepare=_to_tell,
    change=_tell,
    subgoals=lambda facts: (
        drawing.seen("order found", f"/orders/{facts['order']}$"),
        *_cancelled(facts, facts["order"]),
        drawing.seen("mail written", "/mail/preview"),
        drawing.holds(
            "mail sent",
            "select 1 from mail where folder = 'Sent' and customer = ? and body = ?",
            *(int(facts["customer_id"]), facts["message"]),
        ),
    ),
    plan=_cancel_and_tell,
    steps=(14, 15),
    trained=False,
    traps=(LOOK_ALIKES, FILTER),
)

TEMPLATES = (CANCEL_ORDER, CANCEL_IF_OPEN, CANCEL_ALL, CANCEL_NOTED, CANCEL_AND_TELL)
