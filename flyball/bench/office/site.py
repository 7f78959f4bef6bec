"""One episode's office: its records, and what its screens remember from page to page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from threading import Lock
from typing import NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlsplit

from flyball.bench.office.data import Data
from flyball.bench.office.pages import Element, Heading, Link, Page, Text

T = TypeVar("T")

SECTIONS = ("Customers", "Orders", "Stock", "Mail")
RECENT = 3
"""How many of the last changes every page tells at its end."""


class Request(NamedTuple):
    row: int
    """The number in the address, 0 where there is none."""
    values: Mapping[str, str]
    """The query of a page, or the form that was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a list is narrowed down to; it stays on until it is changed."""

    search: str = ""
    choice: str = ""
    """An option of the list's own select; empty for its first."""
    customer: int = 0
    """The only customer whose orders are listed; 0 for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A mail that was written and not sent yet."""

    customer: int
    subject: str = ""
    message: str = ""
    answers: int = 0
    """The mail that it is a reply to."""


View = Callable[["Site", Request], "list[Element] | str"]
"""Makes a page, or gives the address to go to instead."""
Deed = Callable[["Site", Request], str]
"""Changes something, and gives the address to go to."""


@dataclass(kw_only=True)
class Site:
    """The application behind one episode's addresses."""

    data: Data
    views: Mapping[str, View]
    """Pages by address; `#` stands for a number."""
    deeds: Mapping[str, Deed]
    """What forms do, by address."""
    keep_first: bool = False
    """Whether a confirm page offers the way back before the deed: the order is not to be
    relied on."""
    filters: dict[str, Filter] = field(default_factory=dict[str, Filter])
    draft: Draft | None = None
    kept: str = ""
    """The mail that is kept in view."""
    problem: str = ""
    """Why the last form was refused."""
    recent: dict[str, str] = field(default_factory=dict[str, str])
    """What was changed last, by what it was changed about."""
    final: list[str] = field(default_factory=list[str])
    """What was done that cannot be undone: mails sent and orders cancelled."""
    trail: list[str] = field(default_factory=list[str])
    """The addresses of all pages that were shown."""
    _lock: Lock = field(default_factory=Lock)

    def get(self, url: str) -> Page | str:
        """Give the page at `url`, or the address that it sends on to."""
        with self._lock:
            parts = urlsplit(url)
            found = _match(self.views, parts.path)
            if found is None:
                return self._framed([Heading(text="There is no such page")])
            view, row = found
            try:
                made = view(self, Request(row, dict(parse_qsl(parts.query))))
            except LookupError:
                made = [Heading(text="There is no such page")]
            if isinstance(made, str):
                return made
            self.trail.append(url)
            return self._framed(made)

    def post(self, url: str, form: Mapping[str, str]) -> str:
        """Do what a form asks for; gives the address to go on to."""
        with self._lock:
            parts = urlsplit(url)
            found = _match(self.deeds, parts.path)
            if found is None:
                return "/"
            self.problem = ""
            deed, row = found
            sent = {name: value.strip() for name, value in form.items()}
            try:
                return deed(self, Request(row, {**dict(parse_qsl(parts.query)), **sent}))
            except LookupError:
                return "/"

    def tell(self, about: str, what: str, *, final: bool = False) -> None:
        """Note a change, for the end of every page."""
        self.recent.pop(about, None)
        self.recent[about] = what
        if final:
            self.final.append(f"{about}: {what}")

    def refuse(self, why: str, to: str) -> str:
        """Note why a form was refused, and go back `to` it."""
        self.problem = f"Not saved: {why}"
        return to

    def _framed(self, body: list[Element]) -> Page:
        top: list[Element] = [Link(text=section, to=f"/{section.lower()}") for section in SECTIONS]
        notes = [Text(text=note) for note in (self.kept, self.problem) if note]
        last = [f"{about}: {what}" for about, what in self.recent.items()][-RECENT:]
        end = [Text(text="Recent: " + "; ".join(last))] if last else []
        return (*top, *notes, *body, *end)


def leave_filters_on(site: Site, rng: Random) -> None:
    """Have some lists narrowed down from the start, as if somebody had worked there before."""
    for path, choices in (
        ("/orders", ("Shipped", "Cancelled", "Paid")),
        ("/stock", ("Low",)),
        ("/customers", ("Oslo", "Turku")),
    ):
        if rng.random() < 0.3:
            site.filters[path] = Filter(choice=rng.choice(choices))


def _match(routes: Mapping[str, T], path: str) -> tuple[T, int] | None:
    number = re.search(r"\d+", path)
    route = routes.get(re.sub(r"\d+", "#", path, count=1))
    return None if route is None else (route, int(number[0]) if number else 0)
