"""The pages about what is in stock."""

from __future__ import annotations

from collections.abc import Mapping
from sqlite3 import Row

from flyball.bench.office import lists
from flyball.bench.office.data import Data
from flyball.bench.office.names import SHELVES
from flyball.bench.office.pages import Element, Field, Form, Heading, Link, Text
from flyball.bench.office.site import Deed, Request, Site, View

LISTING = lists.Listing(heading="Stock", path="/stock", label="Show", options=("All", "Low"))


def item(data: Data, number: int) -> Row:
    return data.row("select *, count < level as low from items where id = ?", number)


def _list(site: Site, request: Request) -> list[Element] | str:
    on = lists.narrow(site, LISTING, request)
    rows = site.data.rows("select *, count < level as low from items order by name")
    found = [
        Link(
            text=row["name"],
            to=f"/stock/{row['id']}",
            beside=f"{row['count']} on {row['shelf']}" + (", low" if row["low"] else ""),
        )
        for row in lists.matching(rows, on.search, "name")
        if row["low"] or not on.choice
    ]
    return lists.page(LISTING, on, found, request)


def _show(site: Site, request: Request) -> list[Element]:
    row = item(site.data, request.row)
    return [
        Heading(text=f"Item {row['name']}"),
        *_where(row),
        Text(text=f"Reorder below: {row['level']}"),
        Text(text=f"On its way: {row['coming']}"),
        Link(text="Edit item", to=f"/stock/{row['id']}/edit"),
        Link(text="Reorder item", to=f"/stock/{row['id']}/reorder"),
    ]


def _where(row: Row) -> list[Element]:
    count = f"{row['count']} (low)" if row["low"] else row["count"]
    return [Text(text=f"In stock: {count}"), Text(text=f"On shelf: {row['shelf']}")]


def _edit(site: Site, request: Request) -> list[Element]:
    row = item(site.data, request.row)
    return [
        Heading(text=f"Edit item {row['name']}"),
        *_where(row),
        Form(
            to=f"/stock/{row['id']}/save",
            button="Save",
            fields=(
                Field(label="Count", name="count", value=str(row["count"])),
                Field(label="Shelf", name="shelf", value=row["shelf"], options=SHELVES),
                Field(label="Reorder below", name="level", value=str(row["level"])),
            ),
        ),
        Link(text="Leave it as it is", to=f"/stock/{row['id']}"),
    ]


def _reorder(site: Site, request: Request) -> list[Element]:
    row = item(site.data, request.row)
    return [
        Heading(text=f"Reorder item {row['name']}"),
        *_where(row),
        Form(
            to=f"/stock/{row['id']}/reordered",
            button="Reorder",
            fields=(Field(label="Quantity", name="quantity"),),
        ),
        Link(text="Do not reorder", to=f"/stock/{row['id']}"),
    ]


def _save(site: Site, request: Request) -> str:
    row, values = item(site.data, request.row), request.values
    count, level = values.get("count", ""), values.get("level", "")
    if not (count.isdigit() and level.isdigit()):
        return site.refuse("count and level should be numbers", f"/stock/{row['id']}/edit")
    shelf = values.get("shelf", row["shelf"])
    site.data.put("items", row["id"], count=int(count), level=int(level), shelf=shelf)
    site.tell(row["name"], f"{count} on {shelf}, reorder below {level}")
    return f"/stock/{row['id']}"


def _reordered(site: Site, request: Request) -> str:
    row, quantity = item(site.data, request.row), request.values.get("quantity", "")
    if not quantity.isdigit():
        return site.refuse("the quantity should be a number", f"/stock/{row['id']}/reorder")
    site.data.put("items", row["id"], coming=int(quantity))
    site.tell(row["name"], f"{quantity} on the way")
    return f"/stock/{row['id']}"


VIEWS: Mapping[str, View] = {
    "/stock": _list,
    "/stock/#": _show,
    "/stock/#/edit": _edit,
    "/stock/#/reorder": _reorder,
}
DEEDS: Mapping[str, Deed] = {"/stock/#/save": _save, "/stock/#/reordered": _reordered}
