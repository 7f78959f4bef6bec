"""How runs, steps and audits look in a terminal, and as JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from flyball.ledger import AuditRow, Ledger
    from flyball.records import Run, Spend, Step, Trajectory

UNKNOWN = "-"
MARKS = {True: "ok", False: "failed", None: UNKNOWN}


def console() -> Console:
    """A console as wide as the terminal, or wide enough for a table in a pipe."""
    return Console(width=None if sys.stdout.isatty() else 140, highlight=False)


def amount(value: float | None, unit: str = "") -> str:
    """Write a figure with three digits that count; unknown is not zero."""
    if value is None:
        return UNKNOWN
    return (f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}") + unit


def spent(spend: Spend) -> str:
    """Tell a spend in a line: tokens, seconds, joules with their method, dollars."""
    usage, energy = spend.usage, spend.energy
    cached = f" ({usage.cached_tokens} cached)" if usage.cached_tokens else ""
    joules = f"{amount(energy.joules, ' J')} {energy.joules_method or ''}".rstrip()
    dollars = UNKNOWN if usage.unpriced_requests else amount(float(usage.cost_usd))
    tokens = f"{usage.input_tokens}{cached} + {usage.output_tokens} tokens"
    return f"{tokens}, {amount(spend.seconds, ' s')}, {joules}, ${dollars}"


def step_line(step: Step) -> str:
    """Tell a step in a line."""
    action, decision = step.action, step.decision
    # A final action's answer and an unreadable one's text say more than their arguments.
    done = action.text or f"{action.tool} {json.dumps(dict(action.arguments), default=str)}"
    done = done if action.tool != "invalid" else f"unreadable: {action.text[:60]!r}"
    ruled = "" if decision.ruling == "continue" else f"  [{decision.ruling} by {decision.by}]"
    return f"{step.index:3d}  {step.policy}  {' '.join(done.split())[:100]}{ruled}"


def print_step(step: Step) -> None:
    seen = step.observation
    if seen.note:
        typer.echo(f"     {'' if seen.ok else 'it failed: '}{seen.note}")
    typer.echo(step_line(step))
    if step.decision.ruling != "continue":
        typer.echo(f"     {step.decision.reason}")


def outcome(run: Run) -> str:
    """Say in a line how a run ended, and what is not known about it."""
    if run.status == "running":
        return "running (or killed: nothing says that it ended)"
    if run.success is not None:
        checked = "succeeded, as its checker says" if run.success else "failed, as its checker says"
    elif run.gave_up:
        checked = "not done, as the policy says itself"
    else:
        checked = "nothing checked whether the task is done (--expect TEXT would)"
    by = f"{run.status} by {run.ended_by}" + (f": {run.reason}" if run.reason else "")
    return f"{by}; {checked}" if run.status == "finished" or run.score is not None else by


def print_outcome(run: Run, trajectory: Trajectory) -> None:
    typer.echo("")
    typer.echo(outcome(run))
    if run.answer is not None:
        typer.echo(f"answer: {run.answer}")
    typer.echo(f"{len(trajectory.steps)} steps: {spent(trajectory.spend)}")
    typer.echo(f"run {run.id} (flyball show {run.id})")


def print_run_json(ledger: Ledger, run_id: str) -> None:
    """Print `{"run": Run, "steps": [Step, ...]}`."""
    from flyball.ledger.codec import run_to_json, step_to_json

    steps = ", ".join(step_to_json(step) for step in ledger.trajectory(run_id).steps)
    typer.echo(f'{{"run": {run_to_json(ledger.run(run_id))}, "steps": [{steps}]}}')


def print_runs(runs: Sequence[Run]) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("run", "started", "suite", "task", "policy", "status", "success", "ended by"):
        table.add_column(name, no_wrap=name == "run")
    for run in runs:
        table.add_row(
            run.id,
            f"{run.started_at:%Y-%m-%d %H:%M}",
            run.task.suite,
            run.task.id,
            run.policy,
            run.status,
            MARKS[run.success],
            run.ended_by,
        )
    console().print(table if runs else "no runs yet; flyball demo makes some")


def print_runs_json(runs: Sequence[Run]) -> None:
    from flyball.ledger.codec import run_to_json

    typer.echo(f"[{', '.join(run_to_json(run) for run in runs)}]")


def print_audit(rows: Sequence[AuditRow]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("", no_wrap=True)
    columns = ("runs", "ok", "steps", "tokens in", "cached", "out", "s", "J", "method", "$")
    for name in (*columns, "J failed", "J superv.", "J/success"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*_audit_cells(row))
    console().print(table if rows else "no runs yet; flyball demo makes some")


def print_demo(runs: Sequence[Run], rows: Sequence[AuditRow]) -> None:
    """Print the audit of a demo: each task, who ended it and why, and what failures took."""
    by_task = {run.task.id: run for run in runs}
    table = Table(box=None, pad_edge=False)
    for name in ("task", "outcome", "steps", "tokens in", "cached", "out", "s", "J", "$"):
        table.add_column(name, justify="left" if name in ("task", "outcome") else "right")
    table.add_column("ended by", no_wrap=False)
    for row in rows:
        run, cells = by_task[row.key], list(_audit_cells(row))
        why = f"{run.ended_by}: {run.reason}" if run.reason else run.ended_by
        table.add_row(row.key, "won" if run.success else "lost", *cells[3:9], cells[10], why)
    console().print(table)
    typer.echo(f"\n{demo_summary(rows)}")


def demo_summary(rows: Sequence[AuditRow]) -> str:
    """Sum a demo up: how many were won, and how much of the energy went into failures."""
    won, runs = sum(row.successes or 0 for row in rows), sum(row.runs for row in rows)
    joules, failed = _total(row.joules for row in rows), _total(row.joules_failed for row in rows)
    watching = _total(row.joules_supervision for row in rows)
    methods = ", ".join(sorted({row.energy_method or "unknown" for row in rows}))
    share = UNKNOWN if not joules or failed is None else f"{failed / joules:.0%}"
    return (
        f"{won} of {runs} won; {amount(joules, ' J')} ({methods}), of which "
        f"{amount(failed, ' J')} ({share}) went into failures and {amount(watching, ' J')} into "
        f"supervision; {amount(_total(row.cost_usd for row in rows))} dollars of electricity"
    )


def _total(figures: Iterable[float | None]) -> float | None:
    """Sum up; one unknown makes the sum unknown."""
    known = list(figures)
    return None if None in known else sum(figure for figure in known if figure is not None)


def _audit_cells(row: AuditRow) -> Iterable[str]:
    yield from (row.key, str(row.runs), UNKNOWN if row.successes is None else str(row.successes))
    counts = (row.steps, row.input_tokens, row.cached_tokens, row.output_tokens)
    yield from (f"{count:,}" for count in counts)
    yield from (amount(row.seconds), amount(row.joules), row.energy_method or UNKNOWN)
    yield from (amount(row.cost_usd), amount(row.joules_failed), amount(row.joules_supervision))
    yield amount(row.joules_per_success)


def print_audit_json(rows: Sequence[AuditRow]) -> None:
    """Print `{"runs": n, "rows": [...]}`; unknown is null."""
    runs = sum(row.runs for row in rows)
    typer.echo(json.dumps({"runs": runs, "rows": [asdict(row) for row in rows]}))


def print_audit_csv(rows: Sequence[AuditRow]) -> None:
    """Print a header and a line a row; unknown is empty."""
    from flyball.ledger import AuditRow

    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(AuditRow)])
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    typer.echo(text.getvalue(), nl=False)
