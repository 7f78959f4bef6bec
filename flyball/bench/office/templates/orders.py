"""Tasks about orders that go on."""

from __future__ import annotations

import re
from random import Random

from flyball.bench.office.data import Data
from flyball.bench.office.moves import (
    View,
    Want,
    done,
    go,
    narrow,
    submit,
    to_customer,
    to_item,
    to_order,
    turn,
)
from flyball.bench.office.template import Facts, Template
from flyball.bench.office.templates import drawing
from flyball.bench.office.templates.drawing import CANCELLED, FILTER, LOOK_ALIKES, MOVED
from flyball.records import Action


def _to_resize(data: Data, rng: Random) -> Facts:
    facts = drawing.someone(data, rng)
    item, name = drawing.some_items(data, rng, 1)[0]
    cancelled, order = drawing.give_orders(
        data, rng, facts["customer_id"], item, "Cancelled", "Open"
    )
    for number, quantity in ((order, rng.randint(1, 20)), (cancelled, rng.randint(1, 20))):
        data.put("orders", number, quantity=quantity)
    return {**facts, "item": name, "order": str(order), "quantity": str(rng.randint(21, 60))}


def _resize(want: Want, view: View) -> Action:
    known, item = f"{want['customer']}, {want['city']}", want["item"]
    theirs = view.says(f"Customer: {known}")
    if theirs and view.says(f"Item: {item}") and view.has("Quantity", "textbox"):
        return submit(view, "Save", Quantity=want["quantity"])
    same = view.told("Item: ").split(" ", 1)[1:] == [item]
    if theirs and same and view.says("Status: Open") and view.heading.startswith("Order "):
        right = view.says(f"Item: {want['quantity']} {item}")
        return done() if right else go(view, "Edit order")
    if view.heading != "Orders" or dict(view.applied) != {"of": known}:
        return to_customer(view, want) or go(view, "Orders of this customer")
    rows = [row for row in view.rows() if re.search(rf", \d+ {item}, Open$", row[1])]
    return rows[0][2] if rows else turn(view, "Orders")


CHANGE_QUANTITY = Template(
    name="change-quantity",
    wordings=(
        "{customer} in {city} wants {quantity} pieces in the open order for {item}.",
        "Set the quantity of the open order for {item} by {customer} in {city} to {quantity}.",
        "The open {item} order of {customer} in {city} should be for {quantity} pieces.",
        "Make it {quantity} {item} in the open order of {customer} in {city}.",
    ),
    prepare=_to_resize,
    change=lambda data, facts: data.put(
        "orders", int(facts["order"]), quantity=int(facts["quantity"])
    ),
    subgoals=lambda facts: (
        drawing.seen("customer found", f"/customers/{facts['customer_id']}$"),
        drawing.seen("order found", f"/orders/{facts['order']}$"),
        drawing.seen("form opened", f"/orders/{facts['order']}/edit"),
        drawing.holds(
            "quantity set",
            "select 1 from orders where id = ? and quantity = ?",
            *(int(facts["order"]), int(facts["quantity"])),
        ),
    ),
    plan=_resize,
    steps=(10, 11),
    traps=(LOOK_ALIKES, CANCELLED, FILTER),
)


def _to_note(data: Data, rng: Random) -> Facts:
    order = int(drawing.some_order(data, rng, "Open"))
    item, name = drawing.some_items(data, rng, 1)[0]
    quantity = rng.randint(21, 60)
    paid = int(drawing.some_order(data, rng, "Paid"))
    for number in (order, paid):
        data.put("orders", number, item=int(item), quantity=quantity)
    note = drawing.note(rng)
    return {"order": str(order), "item": name, "quantity": str(quantity), "note": note}


def _note(want: Want, view: View) -> Action:
    what = f"Item: {want['quantity']} {want['item']}"
    if view.heading.startswith("Edit order ") and view.says(f"Item: {want['item']}"):
        fields = {entry.name: entry.value for entry in view.page}
        if fields.get("Status") == "Open" and fields.get("Quantity") == want["quantity"]:
            return submit(view, "Save", Note=want["note"])
    if view.heading.startswith("Order ") and view.says(what) and view.says("Status: Open"):
        return done() if view.says(f"Note: {want['note']}") else go(view, "Edit order")
    if move := narrow(view, "Orders", Status="Open"):
        return move
    for _, text, opening in view.rows():
        if text.endswith(f", {want['quantity']} {want['item']}, Open"):
            return opening
    return turn(view, "Orders")


NOTE_ORDER = Template(
    name="note-order",
    wordings=(
        'Put the note "{note}" on the open order for {quantity} {item}.',
        'The open order for {quantity} {item} gets the note "{note}".',
        'Among the open orders is one for {quantity} {item}: write "{note}" into its note.',
        'Find the open order that is for {quantity} {item}. Its note should be "{note}".',
    ),
    prepare=_to_note,
    change=lambda data, facts: data.put("orders", int(facts["order"]), note=facts["note"]),
    subgoals=lambda facts: (
        drawing.seen("narrowed down", r"/orders\?search=&choice=Open"),
        drawing.seen("order found", f"/orders/{facts['order']}$"),
        drawing.holds(
            "noted",
            "select 1 from orders where id = ? and note = ?",
            *(int(facts["order"]), facts["note"]),
        ),
    ),
    plan=_note,
    steps=(8, 10),
    traps=(FILTER, MOVED, "a paid order for the same"),
)


def _to_ship(data: Data, rng: Random) -> Facts:
    paid = [row["id"] for row in data.rows("select id from orders where status = 'Paid'")]
    rest = [row["id"] for row in data.rows("select id from orders where status = 'Open'")]
    first, second = rng.sample([*paid, *rest[:3]], 2)
    for number in (first, second):
        data.put("orders", number, status="Paid")
    return {"first": str(first), "second": str(second)}


def _ship(want: Want, view: View) -> Action:
    for number in (want["first"], want["second"]):
        if view.did(rf"Order {number}: \d+ .+, Shipped"):
            continue
        if view.heading == f"Edit order {number}":
            return submit(view, "Save", Status="Shipped")
        return to_order(view, number) or go(view, "Edit order")
    return done()


def _put_shipped(data: Data, facts: Facts) -> None:
    for name in ("first", "second"):
        data.put("orders", int(facts[name]), status="Shipped")


SHIP_ORDERS = Template(
    name="ship-orders",
    wordings=(
        "Orders {first} and {second} have left the house: set both to Shipped.",
        "Mark order {first} and then order {second} as Shipped.",
        "The status of the orders {first} and {second} should be Shipped.",
        "Set order {first} to Shipped, and the same for order {second}.",
    ),
    prepare=_to_ship,
    change=_put_shipped,
    subgoals=lambda facts: tuple(
        drawing.holds(
            f"order {facts[name]} shipped",
            "select 1 from orders where id = ? and status = 'Shipped'",
            int(facts[name]),
        )
        for name in ("first", "second")
    ),
    plan=_ship,
    steps=(15, 16),
    traps=(FILTER, MOVED),
)


def _to_order(data: Data, rng: Random) -> Facts:
    item, name = drawing.some_items(data, rng, 1)[0]
    amount = {"quantity": str(rng.randint(2, 60)), "note": drawing.note(rng)}
    return {**drawing.someone(data, rng), **amount, "item": name, "item_id": item}


def _order(want: Want, view: View) -> Action:
    if view.did(rf"Order \d+: created for {want['customer']}"):
        return done()
    if view.heading == "New order" and view.says(f"For {want['customer']}, {want['city']}"):
        fields = {name.capitalize(): want[name] for name in ("item", "quantity", "note")}
        return submit(view, "Create order", **fields)
    return to_customer(view, want) or go(view, "New order")


NEW_ORDER = Template(
    name="new-order",
    wordings=(
        'Enter an order for {customer} in {city}: {quantity} {item}, note "{note}".',
        '{customer} in {city} orders {quantity} {item}. Note on the order: "{note}".',
        'Create an order of {quantity} {item} for {customer} in {city} with the note "{note}".',
        'New order, note "{note}": {quantity} {item} for {customer} in {city}.',
    ),
    prepare=_to_order,
    change=lambda data, facts: data.add(
        "orders",
        customer=int(facts["customer_id"]),
        item=int(facts["item_id"]),
        quantity=int(facts["quantity"]),
        status="Open",
        note=facts["note"],
        reason="",
    ),
    subgoals=lambda facts: (
        drawing.seen("customer found", f"/customers/{facts['customer_id']}$"),
        drawing.seen("form opened", rf"/orders/new\?customer={facts['customer_id']}$"),
        drawing.holds(
            "ordered",
            "select 1 from orders where customer = ? and item = ? and quantity = ? and note = ?",
            *(int(facts["customer_id"]), int(facts["item_id"])),
            *(int(facts["quantity"]), facts["note"]),
        ),
    ),
    plan=_order,
    steps=(10, 11),
    traps=(LOOK_ALIKES, FILTER),
)


def _to_look_up(data: Data, rng: Random) -> Facts:
    order = drawing.some_order(data, rng, "Open", "Paid")
    return {"order": order}


def _shelf(data: Data, facts: Facts) -> str:
    query = "select shelf from items join orders on items.id = orders.item where orders.id = ?"
    return str(data.row(query, int(facts["order"]))["shelf"])


def _ship_and_answer(want: Want, view: View) -> Action:
    number = want["order"]
    shipped = view.did(rf"Order {number}: \d+ .+, Shipped")
    if not shipped and view.heading == f"Edit order {number}":
        return submit(view, "Save", Status="Shipped")
    if shipped:
        item = shipped.removeprefix(f"Order {number}: ").removesuffix(", Shipped").split(" ", 1)[1]
        return to_item(view, item) or done(view.told("On shelf: "))
    return to_order(view, number) or go(view, "Edit order")


PICK_ORDER = Template(
    name="pick-order",
    wordings=(
        "Order {order} goes out: set it to Shipped, and answer with the shelf that its item is on.",
        "Mark order {order} as Shipped and tell me on which shelf its item lies.",
        "Which shelf is the item of order {order} on? Set the order to Shipped before you answer.",
        "Ship order {order} (status Shipped). Then give the shelf of what was ordered.",
    ),
    prepare=_to_look_up,
    change=lambda data, facts: data.put("orders", int(facts["order"]), status="Shipped"),
    answer=_shelf,
    subgoals=lambda facts: (
        drawing.seen("order found", f"/orders/{facts['order']}$"),
        drawing.holds(
            "shipped",
            "select 1 from orders where id = ? and status = 'Shipped'",
            int(facts["order"]),
        ),
        drawing.seen("item looked up after", r"/stock/\d+$"),
    ),
    plan=_ship_and_answer,
    steps=(12, 14),
    traps=(FILTER, MOVED),
)

TEMPLATES = (CHANGE_QUANTITY, NOTE_ORDER, SHIP_ORDERS, NEW_ORDER, PICK_ORDER)
