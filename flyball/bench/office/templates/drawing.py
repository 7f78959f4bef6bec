"""Choose what a task is about, so that it can be done and is easily mistaken."""

from __future__ import annotations

from random import Random

from flyball.bench.office.data import ITEMS, Data
from flyball.bench.office.names import FIRST_NAMES, LAST_NAMES, NOTES, REASONS
from flyball.bench.office.template import State, Subgoal

LOOK_ALIKES = "look-alike names"
CANCELLED = "an order that is cancelled already"
FILTER = "a filter that stays on"
MOVED = "rows that move after a change"


def someone(data: Data, rng: Random) -> dict[str, str]:
    """Choose a customer, mostly one whose name begins like another's."""
    rows = data.rows("select * from customers")
    alike = [row for row in rows if sum(each["name"].startswith(row["name"]) for each in rows) > 1]
    row = rng.choice(alike if alike and rng.random() < 0.7 else rows)
    return {"customer": row["name"], "city": row["city"], "customer_id": str(row["id"])}


def newcomer(data: Data, rng: Random) -> str:
    """Make up a name that no customer has."""
    known = {row["name"] for row in data.rows("select name from customers")}
    pool = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
    return rng.choice([name for name in pool if name not in known])


def address(name: str, rng: Random) -> str:
    return f"{name.replace(' ', '.')}{rng.randint(100, 999)}@mail.example".lower()


def phone(rng: Random) -> str:
    return f"{rng.randint(20, 99)} {rng.randint(1000, 9999)}"


def some_items(data: Data, rng: Random, number: int) -> list[tuple[str, str]]:
    """Choose items; gives the id and the name of each."""
    rows = rng.sample(data.rows("select id, name from items order by id"), number)
    return [(str(row["id"]), row["name"]) for row in rows]


def give_orders(data: Data, rng: Random, customer: str, item: str, *statuses: str) -> list[int]:
    """Give the customer one order for the item in each of the statuses, and no other for it."""
    data.run(
        "update orders set item = item % ? + 1 where customer = ? and item = ?",
        *(ITEMS, int(customer), int(item)),
    )
    numbers = rng.sample([row["id"] for row in data.rows("select id from orders")], len(statuses))
    for number, status in zip(numbers, statuses, strict=True):
        data.put(
            *("orders", number),
            customer=int(customer),
            item=int(item),
            status=status,
            reason=REASONS[0] if status == "Cancelled" else "",
        )
    return numbers


def some_order(data: Data, rng: Random, *statuses: str) -> str:
    """Choose an order that has one of the statuses."""
    rows = data.rows("select id, status from orders order by id")
    return str(rng.choice([row["id"] for row in rows if row["status"] in statuses]))


def reason(rng: Random) -> str:
    """Choose a reason that a cancel page does not offer first."""
    return rng.choice(REASONS[1:])


def note(rng: Random) -> str:
    return f"{rng.choice(NOTES)}, {rng.choice(NOTES)}"


def seen(name: str, pattern: str) -> Subgoal:
    """A page whose address begins with `pattern` was shown."""
    return Subgoal(name, lambda state: state.visited(pattern))


def holds(name: str, sql: str, *values: object) -> Subgoal:
    """The records have a row that the query finds."""

    def reached(state: State) -> bool:
        return bool(state.data.rows(sql, *values))

    return Subgoal(name, reached)
