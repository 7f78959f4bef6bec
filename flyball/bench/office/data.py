"""The office's records: customers, stock, orders and mail, the same for the same seed."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from random import Random

from flyball.bench.office.names import (
    CITIES,
    FIRST_NAMES,
    GOODS,
    KINDS,
    LAST_NAMES,
    NOTES,
    REMARKS,
    SHELVES,
    SUBJECTS,
    TIERS,
)

CUSTOMERS, TWINS, ITEMS, ORDERS, MAILS = 20, 6, 24, 36, 15
FIRST_ORDER = 1001

_SCHEMA = """
create table customers (id integer primary key, name, city, email, phone, tier);
create table items (id integer primary key, name, shelf, count, level, coming);
create table orders (id integer primary key, customer, item, quantity, status, note, reason,
                     changed default 0);
create table mail (id integer primary key, folder, customer, subject, body, answered default 0);
"""
_CHECKED = {
    "customers": "id, name, city, email, phone, tier",
    "items": "id, name, shelf, count, level, coming",
    "orders": "id, customer, item, quantity, status, note, reason",
    "mail": "id, folder, customer, subject, body, answered",
}
"""What a checker compares: all but when an order was last changed."""


class Data:
    """One office's database, in memory."""

    def __init__(self) -> None:
        # The server answers each request in a thread of its own, one at a time for an office.
        self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(_SCHEMA)

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        return self._db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> sqlite3.Row:
        """Give the first row. Raises `LookupError` where there is none."""
        for row in self.rows(sql, *values):
            return row
        raise LookupError(f"no row for {sql!r} with {values}")

    def run(self, sql: str, *values: object) -> int:
        """Change something; gives the id of a row that was added."""
        return self._db.execute(sql, values).lastrowid or 0

    def add(self, table: str, **values: object) -> int:
        """Add a row; gives its id."""
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        return self.run(f"insert into {table} ({names}) values ({marks})", *values.values())

    def put(self, table: str, row: int, **values: object) -> None:
        """Change columns of one row."""
        columns = ", ".join(f"{name} = ?" for name in values)
        self.run(f"update {table} set {columns} where id = ?", *values.values(), row)

    def dump(self) -> Mapping[str, list[tuple[object, ...]]]:
        """All that a checker compares, as text, in a fixed order."""
        return {
            table: [
                tuple(map(str, row))
                for row in self.rows(f"select {names} from {table} order by id")
            ]
            for table, names in _CHECKED.items()
        }

    def close(self) -> None:
        self._db.close()


def build(rng: Random) -> Data:
    """Fill an office's database."""
    data = Data()
    _add_customers(data, rng)
    _add_items(data, rng)
    _add_orders(data, rng)
    for _ in range(MAILS):
        subject = rng.choice(SUBJECTS)
        data.add(
            "mail",
            folder="Inbox",
            customer=rng.randint(1, CUSTOMERS + TWINS),
            subject=subject,
            body=rng.choice(REMARKS),
        )
    return data


def _add_customers(data: Data, rng: Random) -> None:
    """Add customers, some of whom are easily taken for another."""
    pool = [(first, last) for first in FIRST_NAMES for last in LAST_NAMES]
    people = [(name, rng.choice(CITIES)) for name in rng.sample(pool, CUSTOMERS)]
    for (first, last), city in people[:TWINS]:
        other = rng.choice([each for each in CITIES if each != city])
        people.append(((first, last + rng.choice(("", "", "sen", "man"))), other))
    rng.shuffle(people)
    for (first, last), city in people:
        data.add(
            "customers",
            name=f"{first} {last}",
            city=city,
            email=f"{first}.{last}{rng.randint(1, 99)}@mail.example".lower(),
            phone=f"{rng.randint(20, 99)} {rng.randint(1000, 9999)}",
            tier=rng.choice(TIERS),
        )


def _add_items(data: Data, rng: Random) -> None:
    """Add goods, most of them in several kinds, a few of them running low."""
    pool = [f"{good} {kind}".strip() for good in GOODS for kind in KINDS]
    for name in rng.sample(pool, ITEMS):
        level = rng.randint(3, 9)
        count = rng.randint(0, level - 1) if rng.random() < 0.3 else rng.randint(level, 60)
        shelf = rng.choice(SHELVES)
        data.add("items", name=name, shelf=shelf, count=count, level=level, coming=0)


def _add_orders(data: Data, rng: Random) -> None:
    for number in range(FIRST_ORDER, FIRST_ORDER + ORDERS):
        data.add(
            "orders",
            id=number,
            customer=rng.randint(1, CUSTOMERS + TWINS),
            item=rng.randint(1, ITEMS),
            quantity=rng.randint(1, 20),
            status=rng.choice(("Open", "Open", "Paid", "Shipped", "Cancelled")),
            note=rng.choice(("", "", *NOTES)),
            reason="",
        )
