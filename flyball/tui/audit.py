"""What all runs took, and of that in failures and in supervision; by task, model, suite, day."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.widgets import Footer, Static

from flyball.tui.bar import Bar
from flyball.tui.drawing import bar
from flyball.tui.place import Place, in_background
from flyball.tui.rows import Cell, Column, Rows

if TYPE_CHECKING:
    from flyball.audit import Report, ReportRow
    from flyball.ledger import By

BYS: tuple[By, ...] = ("task", "model", "agent", "suite", "day", "attempt")
SORTS = ("", "J/success", "J", "failed", "superv.", "$", "g CO2e", "runs")
GRAPH = " "
COLUMNS = (
    Column("", 0, key=""),
    Column("J/success", 11, right=True, key="J/success"),
    Column("95 %", 14, least=100),
    Column(GRAPH, 14, least=84),
    Column("runs", 6, right=True, key="runs"),
    Column("ok", 5, right=True),
    Column("J", 8, right=True, key="J"),
    Column("failed", 7, right=True, key="failed"),
    Column("superv.", 7, right=True, key="superv."),
    Column("$", 8, right=True, key="$", least=70),
    Column("g CO2e", 7, right=True, key="g CO2e", least=78),
    Column("method", 10, least=112),
    Column("median J", 8, right=True, least=122),
    Column("steps", 8, right=True, least=132),
    Column("s", 8, right=True, least=142),
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
        def __init__(self, report: Report) -> None:
            super().__init__()
            self.report = report

    def __init__(self) -> None:
        super().__init__()
        self.by: By = "task"
        self.sort = "J/success"
        self.report: Report | None = None
        self.found = list["ReportRow"]()

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

        def work() -> Report:
            from flyball.audit import report

            ledger = self.flyball.desk.ledger()
            return report(ledger, ledger.runs(), by)

        in_background(self, work, self.Found, group="audit")

    def on_undone(self) -> None:
        self.action_look()

    def on_audit_found(self, found: Found) -> None:
        self.report, self.found = found.report, list(found.report.rows)
        self._order()

    def _order(self) -> None:
        self.found.sort(key=lambda row: sort_key(row, self.sort))
        self.rows.sorted_by = self.sort
        self.rows.descending = self.sort != ""
        self.rows.show(len(self.found))
        if self.report is not None:
            self.query_one("#note", Static).update(note(self.report))

    def _fetch(self, first: int, last: int) -> Sequence[Sequence[Cell]]:
        most = max((each.row.joules_per_success or 0.0 for each in self.found), default=0.0)
        return [drawn(each, most) for each in self.found[first:last]]

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

        report = self.report
        if report is None:
            return

        def go(given: str | None) -> None:
            if not given:
                return
            path = Path(given).expanduser()

            def work() -> Path:
                from flyball.tui.exports import export_audit

                export_audit(report, path)
                return path

            in_background(self, work, Written, group="export")

        question = "Write the audit to (.html, .csv or .json):"
        self.app.push_screen(Write(question, f"audit-{report.by}.html"), go)

    def on_written(self, written: Written) -> None:
        self.notify(f"written to {written.path}", markup=False)


def sort_key(each: ReportRow, name: str) -> tuple[bool, float, str]:
    """Highest first, the unknown last."""
    row = each.row
    figures: dict[str, float | None] = {
        "J/success": row.joules_per_success,
        "J": row.joules,
        "failed": row.joules_failed,
        "superv.": row.joules_supervision,
        "$": row.cost_usd,
        "g CO2e": each.grams,
        "runs": float(row.runs),
    }
    figure = figures.get(name)
    return (figure is None and name != "", -(figure or 0.0), row.key)


def drawn(each: ReportRow, most: float) -> Sequence[Cell]:
    """A row's cells, in the order of the columns."""
    from flyball.audit import cells

    told = {**cells(each), GRAPH: bar(each.row.joules_per_success, most, BAR)}
    return [told[column.title] for column in COLUMNS]


def note(report: Report) -> str:
    """All of it in a few lines, and what has to be said about it."""
    from flyball.audit import headline, where_it_went

    return "\n".join((headline(report), *where_it_went(report), *report.notes))
