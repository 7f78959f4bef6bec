"""The runs of the ledger: filtered, sorted, and what can be done with each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, get_args

from textual.app import ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.widgets import Footer, Input, Static

from flyball.errors import LedgerError
from flyball.ledger.listing import Listed, Sort
from flyball.telling.lines import UNKNOWN, amount
from flyball.tui.bar import Bar
from flyball.tui.deeds import Deeds
from flyball.tui.place import Failed, in_background
from flyball.tui.rows import Cell, Column, Rows

if TYPE_CHECKING:
    from flyball.ledger.listing import Listing

COLUMNS = (
    Column("started", 16, key="started", least=100),
    Column("task", 0, key="task"),
    Column("outcome", 9, key="outcome"),
    Column("status", 8, key="status"),
    Column("policy", 15, key="policy"),
    Column("steps", 6, right=True, key="steps"),
    Column("J", 8, right=True, key="joules"),
    Column("suite", 10, key="suite", least=100),
    Column("run", 20, least=130),
)
LOOK_SECONDS = 1.0
RESTFUL = 20
"""Looking again may take one in so many seconds."""
EMPTY = "No runs here yet. Press 3, or n, to start one; flyball demo makes a dozen."
ORDERS = get_args(Sort)


class Runs(Deeds):
    """The table of runs."""

    AUTO_FOCUS = "#list"
    BINDINGS = [
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("s", "sort", "Sort"),
        Binding("S", "turn", "Reverse", show=False),
        Binding("n", "app.go('start')", "New run"),
        *Deeds.DEEDS,
        Binding("ctrl+r", "look(True)", "Look again", show=False),
        Binding("escape", "clear", "Clear filter", show=False),
    ]

    class Found(Message):
        """The runs that fit, in order."""

        def __init__(self, places: list[int], version: int, first: Sequence[Listed]) -> None:
            super().__init__()
            self.places, self.version, self.first = places, version, first

    def __init__(self) -> None:
        super().__init__()
        self.places = list[int]()
        self.words, self.sort, self.descending = "", "started", True
        self._version = -1
        self._listing: Listing | None = None
        self._complained = ""
        self._rest = 0.0

    def compose(self) -> ComposeResult:
        yield Bar("runs")
        yield Input(placeholder="/ filter: words of names, won, lost, unchecked", id="filter")
        yield Rows(COLUMNS, self._fetch, id="list")
        yield Static("looking into the ledger ...", id="note", markup=False)
        yield Footer()

    @property
    def rows(self) -> Rows:
        return self.query_one("#list", Rows)

    def on_mount(self) -> None:
        self.action_look(True)
        self.set_interval(LOOK_SECONDS, self.action_look)

    def on_screen_resume(self) -> None:
        self.action_look(True)

    def action_look(self, anew: bool = False) -> None:
        """Look whether the ledger holds something else than what is shown."""
        if not anew and (not self.is_current or self._rest > 0):
            self._rest -= LOOK_SECONDS
            return
        words, sort, descending = self.words, self.sort, self.descending
        known = -1 if anew else self._version

        def work() -> tuple[list[int], int, Sequence[Listed]] | None:
            from time import perf_counter

            began, listing = perf_counter(), self.flyball.desk.listing()
            version = listing.version()
            if version == known:
                return None
            places = listing.order(words, sort, descending=descending)  # type: ignore[arg-type]
            self._rest = (perf_counter() - began) * RESTFUL
            return places, version, ()

        in_background(self, work, lambda found: self.Found(*found) if found else None, group="look")

    def on_runs_found(self, found: Found) -> None:
        at = self.current_place
        self.places, self._version = found.places, found.version
        self._listing = self.flyball.desk.listing()
        cursor = self.places.index(at) if at in self.places else None
        self.rows.sorted_by, self.rows.descending = self.sort, self.descending
        self.rows.show(len(self.places), cursor)
        self._complained = ""
        self._tell()

    def take_failure(self, error: Exception) -> None:
        """A ledger that cannot be read is told of once, and looked at again."""
        told = str(error)
        if isinstance(error, LedgerError) and "not there yet" in told:
            self.query_one("#note", Static).update(EMPTY)
            return
        self.query_one("#note", Static).update(told)
        if told != self._complained:
            self._complained = told
            super().take_failure(error)

    def _tell(self) -> None:
        note = f"{len(self.places):,} runs"
        if self.words:
            note += f" fit {self.words!r}; Escape shows all"
        elif not self.places:
            note = EMPTY
        self.query_one("#note", Static).update(f"{note}{self.told_of_deeds()}")

    def _fetch(self, first: int, last: int) -> Sequence[Sequence[Cell]]:
        if self._listing is None:
            return []
        try:
            return [cells(line) for line in self._listing.lines(self.places[first:last])]
        except LedgerError as error:
            self.post_message(Failed(error))
            return []

    @property
    def current_place(self) -> int | None:
        return self.places[self.rows.cursor] if self.places else None

    def current(self) -> Listed | None:
        at = self.current_place
        if at is None or self._listing is None:
            return None
        found = self._listing.lines([at])
        return found[0] if found else None

    def on_input_changed(self, event: Input.Changed) -> None:
        self.words = event.value
        self.action_look(True)

    def on_input_submitted(self) -> None:
        self.rows.focus()

    def on_rows_sort_asked(self, asked: Rows.SortAsked) -> None:
        self._sort_by(asked.key, turn=asked.key == self.sort)

    def on_rows_chosen(self) -> None:
        self.action_open()

    def action_filter(self) -> None:
        self.query_one("#filter", Input).focus()

    def action_clear(self) -> None:
        self.query_one("#filter", Input).value = ""
        self.rows.focus()

    def action_sort(self) -> None:
        after = ORDERS[(ORDERS.index(self.sort) + 1) % len(ORDERS)]
        self._sort_by(after, turn=False)

    def action_turn(self) -> None:
        self._sort_by(self.sort, turn=True)

    def _sort_by(self, key: str, *, turn: bool) -> None:
        self.descending = not self.descending if turn else key not in ("task", "policy", "suite")
        self.sort = key
        self.rows.move_to(0, tell=False)
        self.action_look(True)


def cells(line: Listed) -> Sequence[Cell]:
    """A run's cells, in the order of the columns."""
    outcome: Cell = ("✓ won", "good") if line.success else ("✗ lost", "bad")
    if line.success is None:
        outcome = ("unchecked", "dim")
    looks = {"running": ("● running", "warn"), "failed": ("broke", "bad")}
    steps = UNKNOWN if line.steps is None else f"{line.steps:,}"
    return (
        line.started_at[:16].replace("T", " "),
        line.task,
        outcome,
        looks.get(line.status, line.status),
        line.policy,
        steps,
        amount(line.joules),
        line.suite,
        line.id,
    )
