"""What stopping runs by a monitor's score would have saved, and lost: by replay of past runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.widgets import Footer, Static

from flyball.telling.lines import UNKNOWN, amount
from flyball.tui.bar import Bar
from flyball.tui.drawing import gauge
from flyball.tui.place import Place, in_background
from flyball.tui.replaying import Past, Replayed, Report, read_past, replayed, rule_for
from flyball.tui.rows import Cell, Column, Rows

if TYPE_CHECKING:
    from flyball.bench.intervals import Interval
    from flyball.monitors.learned.rules import Rule

STEP = 0.01
TOLD_EVERY = 50
"""Runs, after which it is told how far it has come."""
UNITS = {"joules": " J", "tokens": " tok"}
LOSSES = (0.01, 0.02, 0.05, 0.10, 0.20)
COLUMNS = (
    Column("task", 0),
    Column("outcome", 8),
    Column("stopped at", 11),
    Column("saved", 9, right=True),
    Column("highest", 8, right=True),
    Column("run", 22, least=90),
)
STOPPING = "will_fail"
"""The monitor that is asked about first: the one that is there to stop runs."""
NOTHING = (
    "No past run that was checked has scores of a monitor. Runs under will_fail or stuck have"
    ' them: [run] monitors = ["over_budget", "will_fail", "stuck"], or m replays one of them.'
)


class Asked(NamedTuple):
    """What is asked: `threshold` alone, or the rule that a promise of `loss` comes to."""

    monitor: str
    threshold: float
    loss: float | None


class WhatIf(Place):
    """A threshold, or a promised loss, that can be moved."""

    AUTO_FOCUS = "#rows"
    BINDINGS = [
        Binding("right", f"move({STEP})", "Higher", priority=True),
        Binding("left", f"move(-{STEP})", "Lower", priority=True),
        Binding("shift+right", f"move({10 * STEP})", "Much higher", show=False, priority=True),
        Binding("shift+left", f"move(-{10 * STEP})", "Much lower", show=False, priority=True),
        Binding("full_stop", "promise(1)", "Promise more loss", key_display="."),
        Binding("comma", "promise(-1)", "Less", key_display=","),
        Binding("m", "monitor", "Monitor"),
    ]

    class Read(Message):
        def __init__(self, past: Past) -> None:
            super().__init__()
            self.past = past

    class Reading(Message):
        """How far reading, or asking, has come."""

        def __init__(self, number: int, of: int) -> None:
            super().__init__()
            self.number, self.of = number, of

    class Told(Message):
        def __init__(self, asked: Asked, rule: Rule | None, report: Report | None) -> None:
            super().__init__()
            self.asked, self.rule, self.report = asked, rule, report

    def __init__(self) -> None:
        super().__init__()
        self.past: Past | None = None
        self.monitor = ""
        self.threshold = 0.5
        self.loss: float | None = None
        self.report: Report | None = None
        self.shown: Sequence[Replayed] = ()

    def compose(self) -> ComposeResult:
        yield Bar("whatif")
        yield Static("reading past runs ...", id="note", markup=False)
        yield Static(id="told", classes="note", markup=False)
        yield Rows(COLUMNS, self._fetch, id="rows")
        yield Footer()

    def on_screen_resume(self) -> None:
        wanted = self.monitor

        def told(number: int, of: int) -> None:
            if number % TOLD_EVERY == 0:
                self.post_message(self.Reading(number, of))

        def work() -> Past:
            return read_past(self.flyball.desk.ledger(), wanted, told)

        in_background(self, work, self.Read, group="read")

    def on_what_if_reading(self, reading: Reading) -> None:
        note = f"reading past runs, the newest first: {reading.number:,} of {reading.of:,} ..."
        self.query_one("#note", Static).update(note)

    def on_what_if_read(self, read: Read) -> None:
        self.past = read.past
        names = list(read.past.scored)
        if not names:
            self.query_one("#note", Static).update(NOTHING)
            return
        wanted = (self.monitor, STOPPING, names[0])
        self.monitor = next(name for name in wanted if name in names)
        self._ask()

    def action_move(self, by: float) -> None:
        """Move the threshold."""
        self.threshold = min(max(round(self.threshold + by, 4), 0.0), 1.0)
        self.loss = None
        self._ask()

    def action_promise(self, by: int) -> None:
        """Take the rule that promises to lose at most so much."""
        place = LOSSES.index(self.loss) + by if self.loss in LOSSES else 2
        self.loss = LOSSES[min(max(place, 0), len(LOSSES) - 1)]
        self._ask()

    def action_monitor(self) -> None:
        """Take the next monitor that has scores."""
        from flyball import plugins

        scored = list(self.past.scored) if self.past else []
        others = [name for name in ("will_fail", "stuck") if name in plugins.names("monitors")]
        names = list(dict.fromkeys([*scored, *others]))
        place = names.index(self.monitor) + 1 if self.monitor in names else 0
        self.monitor = names[place % len(names)]
        if self.monitor in scored:
            self._ask()
        else:
            self.query_one("#note", Static).update(f"asking {self.monitor} about past runs ...")
            self.on_screen_resume()

    def _ask(self) -> None:
        past, asked = self.past, Asked(self.monitor, self.threshold, self.loss)
        if past is None or asked.monitor not in past.scored:
            return

        def work() -> tuple[Rule | None, Report | None]:
            rule = rule_for(past, asked.monitor, asked.threshold, asked.loss)
            return rule, replayed(past, asked.monitor, rule) if rule else None

        in_background(self, work, lambda found: self.Told(asked, *found), group="told")

    def on_what_if_told(self, told: Told) -> None:
        past = self.past
        if past is None:
            return
        self.report = told.report
        self.shown = told.report.runs if told.report else ()
        if told.rule is not None and told.asked.loss is not None:
            self.threshold = min(max(told.rule.threshold, 0.0), 1.0)
        self.query_one("#note", Static).update(asked_line(told, past))
        self.query_one("#told", Static).update(report_lines(told.report, past))
        self.query_one("#rows", Rows).show(len(self.shown))

    def _fetch(self, first: int, last: int) -> Sequence[Sequence[Cell]]:
        unit = self.past.unit if self.past else ""
        return [cells(each, unit) for each in self.shown[first:last]]

    def on_rows_chosen(self) -> None:
        if self.shown:
            self.flyball.open_run(self.shown[self.query_one("#rows", Rows).cursor].run)


def asked_line(told: WhatIf.Told, past: Past) -> str:
    asked, rule = told.asked, told.rule
    if rule is None:
        return (
            f"{asked.monitor}: too few checked runs to promise a loss of at most"
            f" {asked.loss or 0:.0%} with 95 % confidence; arrow keys move the threshold itself"
        )
    how = f"loses at most {asked.loss:.0%}, promised" if asked.loss else "moved by hand"
    mark = gauge(0.0, rule.threshold, 20)
    return f"{asked.monitor} stops from {rule.threshold:.3f} {mark} ({how}); {past.about}"


def report_lines(report: Report | None, past: Past) -> str:
    if report is None:
        return ""
    return (
        f"{report.stopped} of {len(past.runs)} runs would have been stopped\n"
        f"saved of what failures took: {amount(report.saved_amount)} {past.unit},"
        f" {_between(report.saved, report.saved_interval)}\n"
        f"lost of the successes: {_between(report.lost, report.lost_interval)}"
    )


def _between(value: float | None, interval: Interval | None) -> str:
    if value is None:
        return UNKNOWN
    if interval is None:
        return f"{value:.1%} (too few tasks for an interval)"
    return f"{value:.1%} ({interval.low:.1%} to {interval.high:.1%}, 95 %, over tasks)"


def cells(each: Replayed, unit: str) -> Sequence[Cell]:
    outcome: Cell = ("✓ won", "good") if each.success else ("✗ lost", "bad")
    stop: Cell = ("-", "dim")
    if each.stop is not None:
        stop = (
            f"step {each.stop}{' ✗' if each.success else ''}",
            "bad" if each.success else "warn",
        )
    saved = "" if each.stop is None or each.success else amount(each.saved, UNITS.get(unit, ""))
    return (each.task, outcome, stop, saved, f"{each.peak:.2f}", each.run)
