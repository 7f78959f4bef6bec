"""The pages about orders."""

from __future__ import annotations

from collections.abc import Mapping
from sqlite3 import Row

from flyball.bench.office import lists
from flyball.bench.office.customers import customer
from flyball.bench.office.data import Data
from flyball.bench.office.names import REASONS, STATUSES
from flyball.bench.office.pages import Element, Field, Form, Heading, Link, Text
from flyball.bench.office.site import Deed, Request, Site, View

LISTING = lists.Listing(
    heading="Orders", path="/orders", label="Status", options=("All", *STATUSES)
)
CANCEL = "Cancel the order"
"""The button that cannot be undone."""

_JOINED = """select orders.*, customers.name as who, customers.city as city, items.name as what
from orders join customers on customers.id = orders.customer join items on items.id = orders.item
"""


def order(data: Data, number: int) -> Row:
    return data.row(f"{_JOINED} where orders.id = ?", number)


def _list(site: Site, request: Request) -> list[Element] | str:
    on = lists.narrow(site, LISTING, request)
    # What was changed last comes first, so a row is not where it was a moment ago.
    rows = site.data.rows(f"{_JOINED} order by orders.changed desc, orders.id")
    rows = [row for row in rows if on.choice in ("", row["status"])]
    rows = [row for row in rows if on.customer in (0, row["customer"])]
    found = [
        Link(
            text=f"Order {row['id']}",
            to=f"/orders/{row['id']}",
            beside=f"{row['who']}, {row['quantity']} {row['what']}, {row['status']}",
        )
        for row in lists.matching(rows, on.search, "id", "who")
    ]
    owner = customer(site.data, on.customer)["known"] if on.customer else ""
    return lists.page(LISTING, on, found, request, owner)


def _show(site: Site, request: Request) -> list[Element]:
    row = order(site.data, request.row)
    path = f"/orders/{row['id']}"
    links = [Link(text="Edit order", to=f"{path}/edit")]
    if row["status"] in ("Open", "Paid"):
        links.append(Link(text="Cancel order", to=f"{path}/cancel"))
    return [
        Heading(text=f"Order {row['id']}"),
        Text(text=f"Customer: {row['who']}, {row['city']}"),
        Text(text=f"Item: {row['quantity']} {row['what']}"),
        Text(text=f"Status: {row['status']}" + (f" ({row['reason']})" if row["reason"] else "")),
        Text(text=f"Note: {row['note'] or 'none'}"),
        *links,
        Link(text=f"Customer {row['who']}", to=f"/customers/{row['customer']}"),
        Link(text=f"Item {row['what']}", to=f"/stock/{row['item']}"),
    ]


def _edit(site: Site, request: Request) -> list[Element]:
    row = order(site.data, request.row)
    fields = [Field(label="Note", name="note", value=row["note"])]
    if row["status"] != "Cancelled":
        offered = tuple(status for status in STATUSES if status != "Cancelled")
        fields += [
            Field(label="Quantity", name="quantity", value=str(row["quantity"])),
            Field(label="Status", name="status", value=row["status"], options=offered),
        ]
    return [
        Heading(text=f"Edit order {row['id']}"),
        Text(text=f"Customer: {row['who']}, {row['city']}"),
        Text(text=f"Item: {row['what']}"),
        Form(to=f"/orders/{row['id']}/save", button="Save", fields=tuple(fields)),
        Link(text="Leave it as it is", to=f"/orders/{row['id']}"),
    ]


def _ask(site: Site, request: Request) -> list[Element] | str:
    row = order(site.data, request.row)
    path = f"/orders/{row['id']}"
    if row["status"] not in ("Open", "Paid"):
        return path
    reason = Field(label="Reason", name="reason", value=REASONS[0], options=REASONS)
    form = Form(to=f"{path}/cancelled", button=CANCEL, fields=(reason,))
    keep = Link(text="Keep the order", to=path)
    return [
        Heading(text=f"Cancel order {row['id']}?"),
        Text(text=f"Customer: {row['who']}, {row['city']}"),
        Text(text=f"Item: {row['quantity']} {row['what']}"),
        Text(text=f"Status: {row['status']}"),
        Text(text=f"Note: {row['note'] or 'none'}"),
        Text(text="This cannot be undone."),
        *((keep, form) if site.keep_first else (form, keep)),
    ]


def _new(site: Site, request: Request) -> list[Element]:
    row = customer(site.data, int(request.values.get("customer", "0")))
    return [
        Heading(text="New order"),
        Text(text=f"For {row['known']}"),
        Form(
            to=f"/orders/create?customer={row['id']}",
            button="Create order",
            fields=(
                Field(label="Item", name="item"),
                Field(label="Quantity", name="quantity", value="1"),
                Field(label="Note", name="note"),
            ),
        ),
        Link(text="Do not create", to=f"/customers/{row['id']}"),
    ]


def _save(site: Site, request: Request) -> str:
    row, values = order(site.data, request.row), request.values
    path = f"/orders/{row['id']}"
    quantity = values.get("quantity", str(row["quantity"]))
    status = values.get("status", row["status"])
    if not quantity.isdigit():
        return site.refuse("the quantity should be a number", f"{path}/edit")
    note = values.get("note", "")
    site.data.put("orders", row["id"], quantity=int(quantity), status=status, note=note)
    _touch(site, row["id"], f"{quantity} {row['what']}, {status}")
    return path


def _cancel(site: Site, request: Request) -> str:
    row = order(site.data, request.row)
    if row["status"] in ("Open", "Paid"):
        reason = request.values.get("reason", REASONS[0])
        site.data.put("orders", row["id"], status="Cancelled", reason=reason)
        _touch(site, row["id"], "cancelled", final=True)
    return f"/orders/{row['id']}"


def _create(site: Site, request: Request) -> str:
    values = request.values
    owner = customer(site.data, int(values.get("customer", "0")))
    back = f"/orders/new?customer={owner['id']}"
    items = site.data.rows("select * from items where lower(name) = lower(?)", values.get("item"))
    if not items:
        return site.refuse("there is no such item", back)
    if not values.get("quantity", "").isdigit():
        return site.refuse("the quantity should be a number", back)
    number = site.data.add(
        "orders",
        customer=owner["id"],
        item=items[0]["id"],
        quantity=int(values["quantity"]),
        status="Open",
        note=values.get("note", ""),
        reason="",
    )
    _touch(site, number, f"created for {owner['name']}")
    return f"/orders/{number}"


def _touch(site: Site, number: int, what: str, *, final: bool = False) -> None:
    site.data.run(
        "update orders set changed = (select max(changed) + 1 from orders) where id = ?", number
    )
    site.tell(f"Order {number}", what, final=final)


VIEWS: Mapping[str, View] = {
    "/orders": _list,
    "/orders/#": _show,
    "/orders/#/edit": _edit,
    "/orders/#/cancel": _ask,
    "/orders/new": _new,
}
DEEDS: Mapping[str, Deed] = {
    "/orders/#/save": _save,
    "/orders/#/cancelled": _cancel,
    "/orders/create": _create,
}
