"""How an audit looks in a terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from flyball.cli.show import NO_RUNS
from flyball.cli.tables import print_table
from flyball.telling import UNKNOWN, amount

if TYPE_CHECKING:
    from flyball.audit import Difference, Report, Saving
    from flyball.bench.intervals import Interval

NAMES = (
    "", "J/success", "95 %", "runs", "ok", "steps", "J", "method", "median J", "J failed",
    "J superv.", "$", "g CO2e", "tokens in", "cached", "out", "s",
)  # fmt: skip
SPARE = (
    "cached", "out", "tokens in", "s", "steps", "J superv.", "median J", "g CO2e", "method", "$",
    "95 %",
)  # fmt: skip


def print_report(report: Report, savings: Sequence[Saving]) -> None:
    from flyball.audit.wording import cells, where_it_went

    if not report.rows:
        typer.echo(NO_RUNS)
        return
    whole = [{**cells(report.whole), "": "all"}] if len(report.rows) > 1 else []
    told = [*map(cells, report.rows), *whole]
    rows = [tuple(each[name] for name in NAMES) for each in told]
    print_table(NAMES, rows, left=1, spare=SPARE)
    typer.echo("")
    for line in (*where_it_went(report), *map(_saving, savings), *report.notes):
        typer.echo(line)


def print_diff(differences: Sequence[Difference], tasks: int, a: str, b: str) -> None:
    from flyball.audit.wording import between

    names = ("", a[-24:], b[-24:], "change", "95 %", "")
    rows = [
        (
            each.what,
            amount(each.a, f" {each.unit}".rstrip()),
            amount(each.b, f" {each.unit}".rstrip()),
            UNKNOWN if each.share is None else f"{each.share:+.1%}",
            between(each.interval),
            _verdict(each.interval),
        )
        for each in differences
    ]
    print_table(names, rows, left=1)
    typer.echo(f"\nover {tasks} tasks that both have; the interval is of B minus A")


def print_diff_json(differences: Sequence[Difference], tasks: int) -> None:
    rows = [
        asdict(each) | {"low": low, "high": high}
        for each in differences
        for low, high in [each.interval or (None, None)]
    ]
    for row in rows:
        del row["interval"]
    typer.echo(json.dumps({"tasks": tasks, "rows": rows}))


def _verdict(interval: Interval | None) -> str:
    if interval is None:
        return "not known"
    return "a difference" if interval.low > 0 or interval.high < 0 else "may be chance"


def _saving(saving: Saving) -> str:
    share = UNKNOWN if saving.share is None else f"{saving.share:.1%}"
    return (
        f"stopping by {saving.monitor} would have saved {amount(saving.saved_j, ' J')} ({share}),"
        f" with {saving.stopped} of {saving.runs} runs stopped, {saving.stopped_successes} of them"
        " successes"
    )
