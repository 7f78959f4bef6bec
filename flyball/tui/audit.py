"""What all runs took, and of that in failures and in supervision; by task, model, suite, day."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.widgets import Footer, Static

from flyball.telling.lines import UNKNOWN, amount
from flyball.tui.bar import Bar
from flyball.tui.drawing import bar
from flyball.tui.place import Place, in_background
from flyball.tui.rows import Cell, Column, Rows

if TYPE_CHECKING:
    from flyball.ledger import AuditRow, By

BYS: tuple[By, ...] = ("task", "model", "agent", "suite", "day")
SORTS = ("key", "J/success", "J", "failed", "superv.", "$", "runs")
COLUMNS = (
    Column("", 0, key="key"),
    Column("runs", 6, right=True, key="runs"),
    Column("won", 5, right=True),
    Column("J/success", 9, right=True, key="J/success"),
    Column("", 14, least=70),
    Column("J", 8, right=True, key="J"),
    Column("failed", 7, right=True, key="failed"),
    Column("superv.", 7, right=True, key="superv."),
    Column("$", 9, right=True, key="$", least=90),
    Column("method", 10, least=110),
    Column("steps", 8, right=True, least=120),
    Column("s", 8, right=True, least=120),
)
BAR = 14


class Written(Message):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path


class Audit(Place):
    """The audit."""

    AUTO_FOCUS = "#rows"
    BINDINGS = [
        Binding("b", "by(1)", "By"),
        Binding("B", "by(-1)", "By, backwards", show=False),
        Binding("s", "sort", "Sort"),
        Binding("e", "export", "Export"),
        Binding("ctrl+r", "look", "Look again", show=False),
    ]

    class Found(Message):
        def __init__(self, by: By, rows: Sequence[AuditRow]) -> None:
            super().__init__()
            self.by, self.rows = by, rows

    def __init__(self) -> None:
        super().__init__()
        self.by: By = "task"
        self.sort = "J/success"
        self.found = list["AuditRow"]()

    def compose(self) -> ComposeResult:
        yield Bar("audit")
        yield Static("adding up ...", id="note", markup=False)
        yield Rows(COLUMNS, self._fetch, id="rows")
        yield Footer()

    @property
    def rows(self) -> Rows:
        return self.query_one("#rows", Rows)

    def on_screen_resume(self) -> None:
        self.action_look()

    def action_look(self) -> None:
        by = self.by

        def work() -> list[AuditRow]:
            from flyball.ledger import audit

            return audit(self.flyball.desk.ledger(), by)

        in_background(self, work, lambda rows: self.Found(by, rows), group="audit")

    def on_audit_found(self, found: Found) -> None:
        self.found = list(found.rows)
        self._order()

    def _order(self) -> None:
        self.found.sort(key=lambda row: sort_key(row, self.sort))
        self.rows.sorted_by = self.sort
        self.rows.descending = self.sort != "key"
        self.rows.show(len(self.found))
        self.query_one("#note", Static).update(summary(self.found, self.by))

    def _fetch(self, first: int, last: int) -> Sequence[Sequence[Cell]]:
        most = max((row.joules_per_success or 0.0 for row in self.found), default=0.0)
        return [cells(row, most) for row in self.found[first:last]]

    def action_by(self, by: int) -> None:
        self.by = BYS[(BYS.index(self.by) + by) % len(BYS)]
        self.action_look()

    def action_sort(self) -> None:
        self.sort = SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)]
        self._order()

    def on_rows_sort_asked(self, asked: Rows.SortAsked) -> None:
        self.sort = asked.key
        self._order()

    def action_export(self) -> None:
        from flyball.tui.asking import Write

        def go(given: str | None) -> None:
            if not given:
                return
            path, rows, by = Path(given).expanduser(), list(self.found), self.by

            def work() -> Path:
                from flyball.tui.exports import export_audit

                export_audit(rows, by, path)
                return path

            in_background(self, work, Written, group="export")

        question = "Write the audit to (.html, .csv or .json):"
        self.app.push_screen(Write(question, f"audit-{self.by}.html"), go)

    def on_written(self, written: Written) -> None:
        self.notify(f"written to {written.path}", markup=False)


def sort_key(row: AuditRow, name: str) -> tuple[bool, float, str]:
    """Highest first, the unknown last."""
    figures: dict[str, float | None] = {
        "J/success": row.joules_per_success,
        "J": row.joules,
        "failed": row.joules_failed,
        "superv.": row.joules_supervision,
        "$": row.cost_usd,
        "runs": float(row.runs),
    }
    figure = figures.get(name)
    unknown = figure is None and name != "key"
    return (unknown, -(figure or 0.0), row.key)


def cells(row: AuditRow, most: float) -> Sequence[Cell]:
    """A row's cells, in the order of the columns."""
    return (
        row.key,
        f"{row.runs:,}",
        UNKNOWN if row.successes is None else f"{row.successes:,}",
        amount(row.joules_per_success),
        bar(row.joules_per_success, most, BAR),
        amount(row.joules),
        share(row.joules_failed, row.joules),
        share(row.joules_supervision, row.joules),
        amount(row.cost_usd),
        row.energy_method or UNKNOWN,
        f"{row.steps:,}",
        amount(row.seconds),
    )


def share(part: float | None, whole: float | None) -> str:
    """A share in percent; unknown where either is."""
    return UNKNOWN if part is None or not whole else f"{part / whole:.1%}"


def summary(rows: Sequence[AuditRow], by: str) -> str:
    """All of it in two lines."""
    runs, won = sum(row.runs for row in rows), sum(row.successes or 0 for row in rows)
    joules = total([row.joules for row in rows])
    failed = total([row.joules_failed for row in rows])
    watching = total([row.joules_supervision for row in rows])
    each = joules / won if joules is not None and won else None
    dollars = total([row.cost_usd for row in rows])
    return (
        f"by {by}: {won:,} of {runs:,} runs won, {amount(joules, ' J')}, ${amount(dollars)};"
        f" {amount(each, ' J')} a success\n"
        f"{share(failed, joules)} went into failures, {share(watching, joules)} into supervision"
    )


def total(figures: Sequence[float | None]) -> float | None:
    """The sum; one unknown makes it unknown."""
    known = [figure for figure in figures if figure is not None]
    return sum(known) if known and len(known) == len(figures) else None
