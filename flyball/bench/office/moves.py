"""What the oracles are made of: reading where one is, and the next move towards a place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from flyball.bench.miniwob.oracles.moves import NoMoveError, Page, click, fill, find, select
from flyball.bench.office.mail import SEND
from flyball.bench.office.orders import CANCEL
from flyball.records import Action

WAYS_OUT = ("Leave it as it is",)
"""Links that leave a form without saving."""
Want = Mapping[str, str]
"""What the goal says, by name."""


class View:
    """What the page that an oracle sees says."""

    def __init__(self, page: Page, history: Sequence[str] = ()) -> None:
        self.page = page
        self.history = history
        self.heading = self._first("heading", "")
        self.recent = self._first("text", "Recent: ").removeprefix("Recent: ").split("; ")

    def _first(self, role: str, start: str) -> str:
        names = (entry.name for entry in self.page if entry.role == role)
        return next((name for name in names if name.startswith(start)), "")

    def says(self, text: str) -> bool:
        """Whether a line reads `text`."""
        return any(entry.role == "text" and entry.name == text for entry in self.page)

    def has(self, name: str, role: str = "link") -> bool:
        return any(entry.role == role and entry.name == name for entry in self.page)

    def told(self, start: str) -> str:
        """The rest of the first line of text that begins with `start`."""
        return self._first("text", start).removeprefix(start)

    def did(self, note: str) -> str:
        """What the last changes say that matches the pattern `note`, if anything."""
        return next((told for told in self.recent if re.fullmatch(note, told)), "")

    @property
    def touched(self) -> set[str]:
        """Which fields were filled or chosen since the page came."""
        names: set[str] = set()
        for told in reversed(self.history):
            if not re.match("(fill|select) ", told):
                break
            names.add(told.partition('"')[2].rstrip('"'))
        return names

    @property
    def applied(self) -> Mapping[str, str]:
        """The filter that is on, as the list tells it."""
        pairs = (part.partition(": ") for part in self._counted.split("; ")[1:])
        return {label: value for label, _, value in pairs}

    @property
    def found(self) -> str:
        """How many rows the list has, on all its pages."""
        return self._counted.partition(" ")[0]

    @property
    def _counted(self) -> str:
        lines = (entry.name for entry in self.page if entry.role == "text")
        return next((line for line in lines if re.match(r"\d+ found", line)), "")

    def rows(self) -> list[tuple[str, str, Action]]:
        """Each row of a list: its name, what stands beside it, and how to open it."""
        following = zip(self.page, self.page[1:], strict=False)
        return [
            (link.name, beside.name, click(link))
            for link, beside in following
            if link.role == "link"
            and beside.role == "text"
            and not beside.name.startswith("Recent: ")
        ]


def done(answer: str = "") -> Action:
    """Say that the task is done, and the answer to its question."""
    return Action(tool="finish", arguments={"answer": answer} if answer else {})


def go(view: View, name: str) -> Action:
    """Follow the link called `name`."""
    return click(find(view.page, name, "link"))


def submit(view: View, button: str, **fields: str) -> Action:
    """Fill in what is not yet right (`Reorder_below` is the field "Reorder below"), then submit.

    A form where something else was changed is left, to begin again with what it had.
    """
    labels = [name.replace("_", " ") for name in fields]
    if strayed := [way for way in WAYS_OUT if view.has(way) and view.touched - {*labels}]:
        return go(view, strayed[0])
    for name, value in fields.items():
        entry = find(view.page, name.replace("_", " "), "textbox", "select")
        if entry.value != value:
            return select(entry, value) if entry.role == "select" else fill(entry, value)
    return click(find(view.page, button, "button"))


def narrow(view: View, section: str, search: str = "", **choice: str) -> Action | None:
    """Move towards the list of `section` with just this filter; None once it is there."""
    if view.heading != section:
        return go(view, section)
    label, wanted = next(iter(choice.items()), (_LABELS[section], _FIRST[section]))
    on = view.applied
    if "of" in on:
        return go(view, "Show all")
    chosen = on.get(label.lower(), _FIRST[section])
    if on.get("search", "") == search and chosen == wanted:
        return None
    return submit(view, "Search", **{"Search": search, label: wanted})


def turn(view: View, section: str) -> Action:
    """Turn to the next page of the list, or from its last page to its first."""
    if view.has("Next page"):
        return go(view, "Next page")
    if view.has("Previous page"):
        return go(view, section)
    raise NoMoveError(f"what is looked for is not among {section}")


def seek(view: View, section: str, row: str, beside: str = "", search: str = "") -> Action:
    """Search the list of `section`, and open the row whose text beside it begins as given."""
    if (move := narrow(view, section, search or row)) is not None:
        return move
    for name, text, opening in view.rows():
        if name == row and text.startswith(beside):
            return opening
    return turn(view, section)


def to_customer(view: View, want: Want) -> Action | None:
    """Move towards the customer's own page; None once it is there."""
    if view.heading == f"Customer {want['customer']}" and view.says(f"City: {want['city']}"):
        return None
    return seek(view, "Customers", want["customer"], want["city"])


def to_order(view: View, number: str) -> Action | None:
    """Move towards the order's own page; None once it is there."""
    if view.heading == f"Order {number}":
        return None
    return seek(view, "Orders", f"Order {number}", search=number)


def to_item(view: View, name: str) -> Action | None:
    """Move towards the item's own page; None once it is there."""
    if view.heading == f"Item {name}":
        return None
    return seek(view, "Stock", name)


def cancel(view: View, number: str, reason: str) -> Action | None:
    """Cancel the order, from its own page on; None on a page that is not about that."""
    if view.heading == f"Cancel order {number}?":
        return submit(view, CANCEL, Reason=reason)
    if view.heading == f"Order {number}" and view.has("Cancel order"):
        return go(view, "Cancel order")
    return None


def write(view: View, known: str, subject: str, message: str) -> Action | None:
    """Write and send the mail, once its form is open; None on any other page."""
    if view.heading == "Write mail" and view.says(f"To {known}"):
        return submit(view, "Preview", Subject=subject, Message=message)
    if view.heading != "Send this mail?":
        return None
    wanted = (f"To {known}", f"Subject: {subject}", f"Message: {message}")
    if all(view.says(line) for line in wanted):
        return click(find(view.page, SEND, "button"))
    return go(view, "Change it")


_LABELS = {"Customers": "City", "Orders": "Status", "Stock": "Show", "Mail": "Folder"}
_FIRST = {"Customers": "All", "Orders": "All", "Stock": "All", "Mail": "Inbox"}
