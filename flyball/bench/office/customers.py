"""The pages about customers."""

from __future__ import annotations

from collections.abc import Mapping
from sqlite3 import Row

from flyball.bench.office import lists
from flyball.bench.office.data import Data
from flyball.bench.office.names import CITIES, TIERS
from flyball.bench.office.pages import Element, Field, Form, Heading, Link, Text
from flyball.bench.office.site import Deed, Request, Site, View

LISTING = lists.Listing(
    heading="Customers",
    path="/customers",
    label="City",
    options=("All", *CITIES),
    extra=(Link(text="New customer", to="/customers/new"),),
)


def customer(data: Data, number: int) -> Row:
    return data.row("select *, name || ', ' || city as known from customers where id = ?", number)


def _list(site: Site, request: Request) -> list[Element] | str:
    on = lists.narrow(site, LISTING, request)
    rows = site.data.rows("select * from customers order by name, city")
    rows = [row for row in rows if on.choice in ("", row["city"])]
    found = [
        Link(text=row["name"], to=f"/customers/{row['id']}", beside=f"{row['city']}, {row['tier']}")
        for row in lists.matching(rows, on.search, "name", "city")
    ]
    return lists.page(LISTING, on, found, request)


def _show(site: Site, request: Request) -> list[Element]:
    row = customer(site.data, request.row)
    return [
        Heading(text=f"Customer {row['name']}"),
        Text(text=f"City: {row['city']}"),
        Text(text=f"Email: {row['email']}"),
        Text(text=f"Phone: {row['phone']}"),
        Text(text=f"Tier: {row['tier']}"),
        _orders(site, row),
        Link(text="Edit customer", to=f"/customers/{row['id']}/edit"),
        Link(text="Orders of this customer", to=f"/orders?customer={row['id']}"),
        Link(text="New order", to=f"/orders/new?customer={row['id']}"),
        Link(text="Write mail", to=f"/mail/new?customer={row['id']}"),
    ]


def _orders(site: Site, row: Row) -> Text:
    found = site.data.rows("select id from orders where customer = ?", row["id"])
    return Text(text="Orders: " + (", ".join(str(each["id"]) for each in found) or "none"))


def _edit(site: Site, request: Request) -> list[Element]:
    row = customer(site.data, request.row)
    return [
        Heading(text=f"Edit customer {row['name']}"),
        Text(text=f"City: {row['city']}"),
        _orders(site, row),
        Form(to=f"/customers/{row['id']}/save", button="Save", fields=_fields(row)),
        Link(text="Leave it as it is", to=f"/customers/{row['id']}"),
    ]


def _new(site: Site, request: Request) -> list[Element]:
    empty = {"name": "", "email": "", "phone": "", "city": CITIES[0], "tier": TIERS[0]}
    return [
        Heading(text="New customer"),
        Form(to="/customers/create", button="Create customer", fields=_fields(empty)),
        Link(text="Do not create", to="/customers"),
    ]


def _fields(row: Mapping[str, str] | Row) -> tuple[Field, ...]:
    return (
        Field(label="Name", name="name", value=row["name"]),
        Field(label="Email", name="email", value=row["email"]),
        Field(label="Phone", name="phone", value=row["phone"]),
        Field(label="City", name="city", value=row["city"], options=CITIES),
        Field(label="Tier", name="tier", value=row["tier"], options=TIERS),
    )


def _save(site: Site, request: Request) -> str:
    row = customer(site.data, request.row)
    columns = _columns(request)
    if not columns["name"]:
        return site.refuse("a name is needed", f"/customers/{row['id']}/edit")
    site.data.put("customers", row["id"], **columns)
    site.tell(columns["name"], "saved")
    return f"/customers/{row['id']}"


def _create(site: Site, request: Request) -> str:
    columns = _columns(request)
    if not columns["name"]:
        return site.refuse("a name is needed", "/customers/new")
    number = site.data.add("customers", **columns)
    site.tell(columns["name"], "created")
    return f"/customers/{number}"


def _columns(request: Request) -> dict[str, str]:
    return {
        name: request.values.get(name, "") for name in ("name", "email", "phone", "city", "tier")
    }


VIEWS: Mapping[str, View] = {
    "/customers": _list,
    "/customers/#": _show,
    "/customers/#/edit": _edit,
    "/customers/new": _new,
}
DEEDS: Mapping[str, Deed] = {"/customers/#/save": _save, "/customers/create": _create}
