"""The office application as a whole: all pages, over the records of one seed."""

from __future__ import annotations

from random import Random

from flyball.bench.office import customers, mail, orders, stock
from flyball.bench.office.data import Data
from flyball.bench.office.pages import Element, Heading, Text
from flyball.bench.office.site import Request, Site, leave_filters_on


def _home(site: Site, request: Request) -> list[Element]:
    count = "select count(*) as n from"
    unanswered = "mail where folder = 'Inbox' and not answered"
    return [
        Heading(text="Office"),
        Text(text=f"Open orders: {site.data.row(f'{count} orders where status = ?', 'Open')['n']}"),
        Text(text=f"Items low: {site.data.row(f'{count} items where count < level')['n']}"),
        Text(text=f"Mails to answer: {site.data.row(f'{count} {unanswered}')['n']}"),
    ]


def application(data: Data, rng: Random) -> Site:
    """Open the office over `data`; `rng` decides in what state somebody left its screens."""
    site = Site(
        data=data,
        views={"/": _home, **customers.VIEWS, **orders.VIEWS, **stock.VIEWS, **mail.VIEWS},
        deeds={**customers.DEEDS, **orders.DEEDS, **stock.DEEDS, **mail.DEEDS},
        keep_first=rng.random() < 0.5,
    )
    leave_filters_on(site, rng)
    return site
