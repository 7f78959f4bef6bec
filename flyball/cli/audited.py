"""How an audit looks in a terminal, and as JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from flyball.cli.show import NO_RUNS
from flyball.cli.tables import print_table
from flyball.telling import UNKNOWN, amount

if TYPE_CHECKING:
    from flyball.audit import Difference, Report, ReportRow, Saving
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
    if not report.rows:
        typer.echo(NO_RUNS)
        return
    whole = [("all", *list(_cells(report.whole))[1:])] if len(report.rows) > 1 else []
    rows = [tuple(_cells(each)) for each in report.rows] + whole
    print_table(NAMES, rows, left=1, spare=SPARE)
    typer.echo("")
    for line in (*_shares(report), *map(_saving, savings), *report.notes):
        typer.echo(line)


def print_report_json(report: Report, savings: Sequence[Saving]) -> None:
    """Print `{"runs": n, "rows": [...], "all": {...}, ...}`; unknown is null."""
    from flyball.audit.rows import flat_rows, flat_whole

    told = {
        "runs": report.whole.row.runs,
        "rows": flat_rows(report),
        "all": flat_whole(report),
        "joules_by_policy": dict(report.policies),
        "joules_supervision": report.supervision_j,
        "joules_tools": report.tools_j,
        "joules_between_windows": report.idle_j,
        "replay": [asdict(saving) | {"share": saving.share} for saving in savings],
        "notes": list(report.notes),
        "rests_on": [asdict(metering) for metering in report.meterings],
    }
    typer.echo(json.dumps(told, default=str))


def print_report_csv(report: Report) -> None:
    """Print a header and a line a row; unknown is empty."""
    from flyball.audit.rows import flat_rows, flat_whole

    text = io.StringIO()
    writer = csv.DictWriter(text, list(flat_whole(report)))
    writer.writeheader()
    writer.writerows(flat_rows(report))
    typer.echo(text.getvalue(), nl=False)


def print_diff(differences: Sequence[Difference], tasks: int, a: str, b: str) -> None:
    names = ("", a[-24:], b[-24:], "change", "95 %", "")
    rows = [
        (
            each.what,
            amount(each.a, f" {each.unit}".rstrip()),
            amount(each.b, f" {each.unit}".rstrip()),
            UNKNOWN if each.share is None else f"{each.share:+.1%}",
            _between(each.interval),
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


def _cells(each: ReportRow) -> Iterator[str]:
    row = each.row
    yield from (row.key, amount(row.joules_per_success), _between(each.per_success))
    yield from (str(row.runs), UNKNOWN if row.successes is None else str(row.successes))
    part = UNKNOWN if row.joules_at_least is None else f"≥{amount(row.joules_at_least)}"
    yield from (f"{row.steps:,}", part if row.joules is None else amount(row.joules))
    yield from (row.energy_method or UNKNOWN, amount(each.median_j), amount(row.joules_failed))
    yield from (amount(row.joules_supervision), amount(row.cost_usd), amount(each.grams))
    yield from (f"{n:,}" for n in (row.input_tokens, row.cached_tokens, row.output_tokens))
    yield amount(row.seconds)


def _shares(report: Report) -> Iterable[str]:
    whole = report.known_j
    if not whole:
        return
    parts = [(f"policy {name}", taken) for name, taken in report.policies.items()]
    parts += [("supervision", report.supervision_j), ("tools", report.tools_j)]
    told = ", ".join(f"{name} {taken / whole:.1%}" for name, taken in parts)
    yield f"of {amount(whole, ' J')} in all windows: {told}"
    failed = report.whole.row.joules_failed
    if failed is not None and report.whole.row.joules:
        yield f"into failures: {failed / report.whole.row.joules:.1%}"
    if report.whole.floor_share is not None:
        yield (
            f"writing answers reached {report.whole.floor_share:.0%} of what memory's bandwidth"
            " allows, one answer at a time"
        )
    if report.idle_j is not None:
        yield f"between the windows: {amount(report.idle_j, ' J')} more"


def _saving(saving: Saving) -> str:
    share = UNKNOWN if saving.share is None else f"{saving.share:.1%}"
    return (
        f"stopping by {saving.monitor} would have saved {amount(saving.saved_j, ' J')} ({share}),"
        f" with {saving.stopped} of {saving.runs} runs stopped, {saving.stopped_successes} of them"
        " successes"
    )


def _between(interval: Interval | None) -> str:
    return "" if interval is None else f"{amount(interval.low)} to {amount(interval.high)}"
