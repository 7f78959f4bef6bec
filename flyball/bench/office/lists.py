"""The lists of the office: searched, narrowed down, and shown ten rows a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from sqlite3 import Row

from flyball.bench.office.pages import Element, Field, Form, Heading, Link, Text
from flyball.bench.office.site import Filter, Request, Site

ROWS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What is particular to one list."""

    heading: str
    path: str
    label: str
    """Of the select beside the search."""
    options: tuple[str, ...]
    extra: tuple[Link, ...] = ()


def narrow(site: Site, listing: Listing, request: Request) -> Filter:
    """Give the filter that is on, after what the request changes about it."""
    values = request.values
    before = site.filters.get(listing.path, Filter())
    if "clear" in values:
        before = Filter()
    elif "customer" in values:
        before = Filter(customer=int(values["customer"]))
    elif "choice" in values:
        before = Filter(
            search=values.get("search", "").strip(),
            choice=values["choice"] if values["choice"] != listing.options[0] else "",
            customer=before.customer,
        )
    site.filters[listing.path] = before
    return before


def matching(rows: Sequence[Row], search: str, *columns: str) -> list[Row]:
    """Keep the rows that have `search` in one of the columns, or in all of them in a row."""
    wanted = search.lower()
    return [row for row in rows if wanted in " ".join(str(row[c]) for c in columns).lower()]


def page(
    listing: Listing, on: Filter, rows: Sequence[Link], request: Request, owner: str = ""
) -> list[Element]:
    """Show the page of the list that is asked for; `owner` names the filter's customer."""
    pages = max(1, -(-len(rows) // ROWS))
    asked = request.values.get("page", "1")
    number = min(max(1, int(asked) if asked.isdigit() else 1), pages)
    return [
        Heading(text=listing.heading),
        Form(
            to=listing.path,
            method="get",
            button="Search",
            fields=(
                Field(label="Search", name="search", value=on.search),
                Field(
                    label=listing.label,
                    name="choice",
                    value=on.choice or listing.options[0],
                    options=listing.options,
                ),
            ),
        ),
        Text(text=_shown(listing, on, len(rows), owner)),
        *_clear(listing, on),
        *listing.extra,
        *rows[(number - 1) * ROWS : number * ROWS],
        *_paging(listing, number, pages),
    ]


def _shown(listing: Listing, on: Filter, found: int, owner: str) -> str:
    parts = [f"{found} found"]
    parts += [f"search: {on.search}"] if on.search else []
    parts += [f"{listing.label.lower()}: {on.choice}"] if on.choice else []
    parts += [f"of: {owner}"] if owner else []
    return "; ".join(parts)


def _clear(listing: Listing, on: Filter) -> list[Element]:
    return [Link(text="Show all", to=f"{listing.path}?clear=1")] if on != Filter() else []


def _paging(listing: Listing, number: int, pages: int) -> list[Element]:
    if pages == 1:
        return []
    told: list[Element] = [Text(text=f"Page {number} of {pages}")]
    if number > 1:
        told.append(Link(text="Previous page", to=f"{listing.path}?page={number - 1}"))
    if number < pages:
        told.append(Link(text="Next page", to=f"{listing.path}?page={number + 1}"))
    return told
