"""Tasks about customers."""

from __future__ import annotations

from random import Random

from flyball.bench.office.data import Data
from flyball.bench.office.moves import View, Want, done, go, submit, to_customer, to_order
from flyball.bench.office.names import CITIES, STATUSES, TIERS
from flyball.bench.office.template import Facts, Template
from flyball.bench.office.templates import drawing
from flyball.bench.office.templates.drawing import FILTER, LOOK_ALIKES
from flyball.records import Action


def _moved(data: Data, rng: Random) -> Facts:
    facts = drawing.someone(data, rng)
    return {
        **facts,
        "email": drawing.address(facts["customer"], rng),
        "phone": drawing.phone(rng),
    }


def _correct(want: Want, view: View) -> Action:
    if view.heading == f"Edit customer {want['customer']}" and view.says(f"City: {want['city']}"):
        return submit(view, "Save", Email=want["email"], Phone=want["phone"])
    if move := to_customer(view, want):
        return move
    right = view.says(f"Email: {want['email']}") and view.says(f"Phone: {want['phone']}")
    return done() if right else go(view, "Edit customer")


CORRECT_CUSTOMER = Template(
    name="correct-customer",
    wordings=(
        "{customer} in {city} has a new email, {email}, and a new phone, {phone}.",
        "Change the email of {customer} in {city} to {email} and the phone to {phone}.",
        "Correct the customer {customer} in {city}: email {email}, phone {phone}.",
        "The email {email} and the phone {phone} are the new ones of {customer} in {city}.",
    ),
    prepare=_moved,
    change=lambda data, facts: data.put(
        *("customers", int(facts["customer_id"])), email=facts["email"], phone=facts["phone"]
    ),
    subgoals=lambda facts: (
        drawing.seen("customer found", f"/customers/{facts['customer_id']}$"),
        drawing.seen("form opened", f"/customers/{facts['customer_id']}/edit"),
        drawing.holds(
            "saved",
            "select 1 from customers where id = ? and email = ? and phone = ?",
            *(int(facts["customer_id"]), facts["email"], facts["phone"]),
        ),
    ),
    plan=_correct,
    steps=(9, 10),
    traps=(LOOK_ALIKES, FILTER),
)


def _stranger(data: Data, rng: Random) -> Facts:
    name = drawing.newcomer(data, rng)
    return {
        "customer": name,
        "email": drawing.address(name, rng),
        "phone": drawing.phone(rng),
        "city": rng.choice(CITIES[1:]),
        "tier": rng.choice(TIERS[1:]),
    }


def _create(want: Want, view: View) -> Action | None:
    """Move towards the new customer; None once there is one."""
    if view.did(f"{want['customer']}: created"):
        return None
    if view.heading == "New customer":
        columns = {name.capitalize(): want[name] for name in ("email", "phone", "city", "tier")}
        return submit(view, "Create customer", Name=want["customer"], **columns)
    return go(view, "New customer" if view.heading == "Customers" else "Customers")


def _add(data: Data, facts: Facts) -> int:
    columns = {name: facts[name] for name in ("email", "phone", "city", "tier")}
    return data.add("customers", name=facts["customer"], **columns)


NEW_CUSTOMER = Template(
    name="new-customer",
    wordings=(
        "Add the customer {customer} from {city}: email {email}, phone {phone}, tier {tier}.",
        "There is a new {tier} customer, {customer} in {city}, email {email}, phone {phone}.",
        "Create a customer. Name: {customer}. Email: {email}. Phone: {phone}. City: {city}. "
        "Tier: {tier}.",
        "Enter {customer} ({email}, {phone}) as a new customer in {city} with the tier {tier}.",
    ),
    prepare=_stranger,
    change=_add,
    subgoals=lambda facts: (
        drawing.seen("form opened", "/customers/new"),
        drawing.holds("created", "select 1 from customers where name = ?", facts["customer"]),
        drawing.holds(
            "as it should be",
            "select 1 from customers where name = ? and email = ? and city = ? and tier = ?",
            *(facts["customer"], facts["email"], facts["city"], facts["tier"]),
        ),
    ),
    plan=lambda want, view: _create(want, view) or done(),
    steps=(9, 9),
    traps=("a form that fits more than one thing",),
)


def _first_order(data: Data, rng: Random) -> Facts:
    item, name = drawing.some_items(data, rng, 1)[0]
    return {
        **_stranger(data, rng),
        "item": name,
        "item_id": item,
        "quantity": str(rng.randint(2, 40)),
    }


def _create_and_order(want: Want, view: View) -> Action:
    if move := _create(want, view):
        return move
    if view.did(rf"Order \d+: created for {want['customer']}"):
        return done()
    if view.heading == "New order" and view.says(f"For {want['customer']}, {want['city']}"):
        return submit(view, "Create order", Item=want["item"], Quantity=want["quantity"], Note="")
    return to_customer(view, want) or go(view, "New order")


def _add_and_order(data: Data, facts: Facts) -> None:
    data.add(
        "orders",
        customer=_add(data, facts),
        item=int(facts["item_id"]),
        quantity=int(facts["quantity"]),
        status="Open",
        note="",
        reason="",
    )


NEW_CUSTOMER_ORDER = Template(
    name="new-customer-order",
    wordings=(
        "Add the {tier} customer {customer} from {city}, email {email}, phone {phone}, with an "
        "order for {quantity} {item}.",
        "Create the customer {customer}: {city}, {tier}, {email}, {phone}. Then order {quantity} "
        "{item} for them.",
        "A new customer wants {quantity} pieces of {item}: {customer} in {city}, tier {tier}, "
        "email {email}, phone {phone}.",
        "Enter {customer} ({email}, {phone}, {city}, {tier}) as a customer and give them an order "
        "for {quantity} {item}.",
    ),
    prepare=_first_order,
    change=_add_and_order,
    subgoals=lambda facts: (
        drawing.seen("form opened", "/customers/new"),
        drawing.holds("created", "select 1 from customers where name = ?", facts["customer"]),
        drawing.seen("order form opened", r"/orders/new\?"),
        drawing.holds(
            "ordered",
            "select 1 from orders join customers on orders.customer = customers.id "
            "where name = ? and item = ? and quantity = ?",
            *(facts["customer"], int(facts["item_id"]), int(facts["quantity"])),
        ),
    ),
    plan=_create_and_order,
    steps=(13, 13),
    trained=False,
    traps=("two forms in a row",),
)


def _to_promote(data: Data, rng: Random) -> Facts:
    facts = drawing.someone(data, rng)
    item, _ = drawing.some_items(data, rng, 1)[0]
    order = drawing.give_orders(data, rng, facts["customer_id"], item, "Shipped")[0]
    row = data.row("select tier from customers where id = ?", int(facts["customer_id"]))
    tier = rng.choice([tier for tier in TIERS if tier != row["tier"]])
    return {**facts, "order": str(order), "tier": tier}


def _promote(want: Want, view: View) -> Action:
    theirs = want["order"] in view.told("Orders: ").split(", ")
    if theirs and view.heading == f"Customer {want['customer']}":
        return done() if view.says(f"Tier: {want['tier']}") else go(view, "Edit customer")
    if theirs and view.heading == f"Edit customer {want['customer']}":
        return submit(view, "Save", Tier=want["tier"])
    return to_order(view, want["order"]) or go(view, f"Customer {want['customer']}")


PROMOTE_CUSTOMER = Template(
    name="promote-customer",
    wordings=(
        "{customer}, whose order is number {order}, gets the tier {tier}.",
        "Set the tier of {customer} to {tier}: the one who placed order {order}.",
        "Order {order} is by {customer}. Change the tier of that customer to {tier}.",
        "Make {customer} a {tier} customer, namely the {customer_again} of order {order}.",
    ),
    prepare=lambda data, rng: _again(_to_promote(data, rng)),
    change=lambda data, facts: data.put("customers", int(facts["customer_id"]), tier=facts["tier"]),
    subgoals=lambda facts: (
        drawing.seen("order found", f"/orders/{facts['order']}$"),
        drawing.seen("customer found", f"/customers/{facts['customer_id']}$"),
        drawing.holds(
            "tier set",
            "select 1 from customers where id = ? and tier = ?",
            *(int(facts["customer_id"]), facts["tier"]),
        ),
    ),
    plan=_promote,
    steps=(9, 10),
    traps=(LOOK_ALIKES, FILTER),
)


def _again(facts: Facts) -> Facts:
    return {**facts, "customer_again": facts["customer"].split()[0]}


def _to_count(data: Data, rng: Random) -> Facts:
    return {**drawing.someone(data, rng), "status": rng.choice(STATUSES)}


def _counted(data: Data, facts: Facts) -> str:
    query = "select count(*) as n from orders where customer = ? and status = ?"
    return str(data.row(query, int(facts["customer_id"]), facts["status"])["n"])


def _count(want: Want, view: View) -> Action:
    known = f"{want['customer']}, {want['city']}"
    if view.heading == "Orders" and view.applied.get("of") == known:
        if dict(view.applied) == {"of": known, "status": want["status"]}:
            return done(view.found)
        return submit(view, "Search", Search="", Status=want["status"])
    return to_customer(view, want) or go(view, "Orders of this customer")


COUNT_ORDERS = Template(
    name="count-orders",
    wordings=(
        "How many orders of {customer} in {city} have the status {status}? Answer with the number.",
        "Count the orders by {customer} in {city} that are marked {status}.",
        "Tell me how many {status} orders there are for {customer} in {city}.",
        "{customer} in {city} asks how many orders are {status}. Give the number.",
    ),
    prepare=_to_count,
    change=lambda data, facts: None,
    answer=_counted,
    subgoals=lambda facts: (
        drawing.seen("customer found", f"/customers/{facts['customer_id']}$"),
        drawing.seen("orders listed", rf"/orders\?customer={facts['customer_id']}$"),
        drawing.seen("narrowed down", rf"/orders\?search=&choice={facts['status']}"),
    ),
    plan=_count,
    steps=(8, 9),
    traps=(LOOK_ALIKES, FILTER),
)


TEMPLATES = (
    CORRECT_CUSTOMER,
    NEW_CUSTOMER,
    NEW_CUSTOMER_ORDER,
    PROMOTE_CUSTOMER,
    COUNT_ORDERS,
)
