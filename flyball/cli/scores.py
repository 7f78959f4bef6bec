"""How a batch of episodes looks in a terminal, while it is played and when it is over."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from flyball.cli.tables import console
from flyball.telling import UNKNOWN, amount

if TYPE_CHECKING:
    from flyball.bench.suites import Pair
    from flyball.records import Run, Step

COLUMNS = ("steps", "seconds", "decision_ms", "joules", "joules_per_success", "usd")
LOST_BY = "lost_by_"
TITLES = ("steps", "s", "ms/decision", "J", "J/success", "$")


class Scoreboard:
    """A progress bar on standard error: episodes, how many were won, how fast, how long yet."""

    def __init__(self) -> None:
        self._progress = Progress(
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            TimeRemainingColumn(),
            # A remaining time over the last half minute would jump with every long episode.
            speed_estimate_period=600,
            console=Console(stderr=True, highlight=False),
            transient=True,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def began(self, kept: Sequence[Run], left: int) -> None:
        self._played = self._broke = 0
        self._won = sum(run.success is True for run in kept)
        self._done = len(kept)
        self._started = time.monotonic()
        self._bar = self._progress.add_task("starting", total=len(kept) + left, completed=len(kept))
        if kept:
            self._progress.console.print(f"{len(kept)} episodes are in the ledger already")

    def stepped(self, pair: Pair, step: Step) -> None:
        """Say nothing: episodes are what counts here."""

    def ended(self, run: Run) -> None:
        if run.score is None:
            self._broke += 1
            told = f"{run.task.id} {run.seed} broke ({run.ended_by}): {run.reason}"
            self._progress.console.print(told, markup=False)
        else:
            self._played += 1
            self._won += run.success is True
            self._progress.advance(self._bar)
        self._progress.update(self._bar, description=self._told())

    def _told(self) -> str:
        done = self._done + self._played
        share = f"{self._won / done:.0%}" if done else UNKNOWN
        rate = 60 * self._played / (time.monotonic() - self._started)
        broke = f", {self._broke} broke" if self._broke else ""
        return f"{self._won} won ({share}){broke}, {rate:.0f}/min"


def print_scores(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print a line a task, and one for each split as a whole."""
    table = Table(box=None, pad_edge=False)
    for name in ("task", "split"):
        table.add_column(name, no_wrap=True)
    for name in ("n", "success", "95 %", *TITLES, "broke"):
        table.add_column(name, justify="right", no_wrap=True)
    for split, task in dict.fromkeys((row["split"], row["task"]) for row in rows):
        mine = [row for row in rows if (row["split"], row["task"]) == (split, task)]
        style = "bold" if task == "all" else None
        table.add_row(task, split, *_cells({row["metric"]: row for row in mine}), style=style)
    console().print(table)
    for note in _notes(rows):
        typer.echo(note)


def _cells(metrics: Mapping[str, Mapping[str, Any]]) -> list[str]:
    success = metrics.get("success")
    broke = str(metrics["infrastructure_errors"]["value"])
    if success is None:
        return ["0", *[UNKNOWN] * (2 + len(COLUMNS)), broke]
    between = f"{success['low']:.0%} to {success['high']:.0%}"
    amounts = (amount(metrics[name]["value"]) for name in COLUMNS)
    return [str(success["n"]), f"{success['value']:.0%}", between, *amounts, broke]


def lost_lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Tell how the episodes of each split were lost: `trained, lost: 3 loop, 1 drift`."""
    lines: dict[str, list[str]] = {}
    for row in rows:
        if row["task"] == "all" and row["metric"].startswith(LOST_BY) and row["value"]:
            kind = row["metric"].removeprefix(LOST_BY).replace("_", " ")
            lines.setdefault(row["split"], []).append(f"{row['value']} {kind}")
    return [f"{split}, lost: {', '.join(kinds)}" for split, kinds in lines.items()]


def _notes(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say what the figures of energy are."""
    joules = [row for row in rows if row["metric"] == "joules"]
    methods = sorted({row["method"] for row in joules if row["method"]})
    notes = [f"\n{line}" for line in lost_lines(rows)]
    notes += [f"\njoules: {', '.join(methods)}"] if methods else []
    if any(row["value"] is None for row in joules):
        notes.append(
            "energy is unknown where a machine has no meter, and of episodes that were played"
            " several at a time: --workers 1 --fresh measures it"
        )
    return notes
