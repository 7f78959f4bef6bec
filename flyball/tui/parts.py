"""What is installed: models with their cards, monitors with their promises, and the machine.

It asks the commands of the same name, each in a process of its own, so that what it takes to try a
model out, or a browser, does not hold the screen up.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from typing import Any, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.widgets import Footer, Static

from flyball.errors import ConfigError
from flyball.telling.lines import UNKNOWN
from flyball.tui.bar import Bar
from flyball.tui.desk import PROGRAM
from flyball.tui.place import Place, in_background
from flyball.tui.rows import Cell, Column, Rows

COLUMNS = (Column("what", 10), Column("name", 22), Column("state", 9), Column("told", 0))
PATIENCE_SECONDS = 600


class Part(NamedTuple):
    """One line: what it is, whether it works, and what is told of it."""

    kind: str
    name: str
    works: bool | None
    told: str


class Parts(Place):
    """Models, monitors, drift, and the machine."""

    AUTO_FOCUS = "#rows"
    BINDINGS = [
        Binding("enter", "card", "Card"),
        Binding("c", "calibrate", "Calibrate"),
        Binding("f", "drift", "Drift"),
        Binding("x", "doctor", "Doctor"),
        Binding("v", "check", "Try models"),
        Binding("ctrl+r", "look", "Look again", show=False),
    ]

    class Found(Message):
        """What a command said, in place of what it said before."""

        def __init__(self, kind: str, parts: Sequence[Part]) -> None:
            super().__init__()
            self.kind, self.parts = kind, parts

    class Carded(Message):
        """The card of a part was found, or what is told of it instead."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Ended(Message):
        def __init__(self, told: str) -> None:
            super().__init__()
            self.told = told

    def __init__(self) -> None:
        super().__init__()
        self.parts = dict[str, Sequence[Part]]()
        self.asked = set[str]()

    def compose(self) -> ComposeResult:
        yield Bar("parts")
        yield Rows(COLUMNS, self._fetch, id="rows")
        yield Static(id="note", markup=False)
        yield Footer()

    @property
    def lines(self) -> list[Part]:
        return [part for parts in self.parts.values() for part in parts]

    @property
    def current(self) -> Part | None:
        lines = self.lines
        return lines[self.query_one("#rows", Rows).cursor] if lines else None

    def on_mount(self) -> None:
        self.action_look()

    def action_look(self) -> None:
        self._find("model", ("models", "list", "--json"), models)
        self._find("monitor", ("monitors", "list", "--json"), monitors)

    def action_doctor(self) -> None:
        """Try each part of the machine out."""
        words = ("doctor", "--json", "--ledger", str(self.flyball.desk.path))
        self._find("machine", words, machine)

    def action_check(self) -> None:
        """Load or ask each model."""
        self._find("model", ("models", "check", "--json"), checked)

    def action_drift(self) -> None:
        """Hold live scores against those that promises were made on."""
        words = ("monitors", "drift", "--json", "--ledger", str(self.flyball.desk.path))
        self._find("drift", words, drifts)

    def _find(self, kind: str, words: Sequence[str], read: Any) -> None:
        self.asked.add(kind)
        self._tell()
        in_background(
            self,
            lambda: read(json.loads(said(words))),
            lambda parts: self.Found(kind, parts),
            group=kind,
        )

    def on_parts_found(self, found: Found) -> None:
        self.asked.discard(found.kind)
        self.parts[found.kind] = found.parts
        if not found.parts:
            none = {"drift": "nothing is calibrated yet; c on a monitor calibrates it"}
            self.notify(none.get(found.kind, f"there is no {found.kind}"))
        self.query_one("#rows", Rows).show(len(self.lines))
        self._tell()

    def take_failure(self, error: Exception) -> None:
        self.asked.clear()
        self._tell()
        super().take_failure(error)

    def on_rows_moved(self) -> None:
        self._tell()

    def on_rows_chosen(self) -> None:
        self.action_card()

    def _tell(self) -> None:
        asked = f"asking about: {', '.join(sorted(self.asked))} ...\n" if self.asked else ""
        part = self.current
        self.query_one("#note", Static).update(f"{asked}{part.told if part else ''}")

    def _fetch(self, first: int, last: int) -> Sequence[Sequence[Cell]]:
        return [cells(part) for part in self.lines[first:last]]

    def action_card(self) -> None:
        part = self.current
        if part is None:
            return
        from flyball.tui.card import card_of

        def work() -> str:
            return card_of(part.kind, part.name) or part.told

        in_background(self, work, self.Carded, group="card")

    def on_parts_carded(self, carded: Carded) -> None:
        from flyball.tui.card import Card

        if self.is_current:
            self.app.push_screen(Card(carded.text))

    def action_calibrate(self) -> None:
        part = self.current
        if part is None or part.kind != "monitor":
            self.flyball.complain("no monitor is at the cursor; go to one, then press c")
            return
        from flyball.tui.asking import Write

        question = f"Calibrate {part.name} on this ledger: the share of successes it may lose:"

        def go(given: str | None) -> None:
            if given:
                self._calibrate(part.name, given)

        self.app.push_screen(Write(question, "0.05"), go)

    def _calibrate(self, monitor: str, loss: str) -> None:
        source = ("--from", str(self.flyball.desk.path))
        words = ("monitors", "calibrate", monitor, "--max-loss", loss, *source)
        self.notify(f"{monitor} is being calibrated")
        in_background(self, lambda: said(words), self.Ended, group="calibrate")

    def on_parts_ended(self, ended: Ended) -> None:
        self.notify(ended.told.strip(), timeout=12, markup=False)
        self.action_look()


def said(words: Sequence[str]) -> str:
    """What `flyball WORDS` prints. Raises `ConfigError` with what it complains of."""
    try:
        done = subprocess.run(
            [*PROGRAM, *words],
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ConfigError(f"flyball {words[0]} took more than {PATIENCE_SECONDS} s") from error
    # Some of them say by their exit code that something is wrong, and print it all the same.
    if not done.stdout.strip():
        lines = done.stderr.strip().splitlines() or ["it said nothing"]
        raise ConfigError(lines[-1].removeprefix("flyball: "))
    return done.stdout


def models(told: Any) -> list[Part]:
    return [
        Part(
            "model",
            row["name"],
            None if row["problem"] is None else False,
            row["problem"] or f"{row['kind']}, {row['format'] or 'format unknown'}: {row['where']}",
        )
        for row in told["models"]
    ]


def checked(told: Any) -> list[Part]:
    return [Part("model", row["name"], row["ok"], speed(row)) for row in told["models"]]


def speed(row: Any) -> str:
    if not row["ok"]:
        return str(row["problem"])
    rate = row["tokens_per_second"]
    return "answers" + ("" if rate is None else f" at {rate:.0f} tokens/s")


def monitors(told: Any) -> list[Part]:
    return [
        Part("monitor", row["monitor"], None, f"{'on' if row['on'] else 'off'}; {row['mode']}")
        for row in told
    ]


def drifts(told: Any) -> list[Part]:
    return [
        Part(
            "drift",
            row["monitor"],
            not row["reason"],
            row["reason"] or f"no drift in {row['runs']} runs of {row['model']} as {row['agent']}",
        )
        for row in told
    ]


def machine(told: Any) -> list[Part]:
    return [
        Part(
            "machine",
            row["part"],
            row["ok"] if row["ok"] or row["needed"] else None,
            row["detail"] + (f" → {row['remedy']}" if row["remedy"] and not row["ok"] else ""),
        )
        for row in told
    ]


def cells(part: Part) -> Sequence[Cell]:
    state: Cell = (UNKNOWN, "dim")
    if part.works is not None:
        state = ("✓ works", "good") if part.works else ("✗ fails", "bad")
    return (part.kind, part.name, state, part.told)
