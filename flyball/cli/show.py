"""How runs, steps and audits look in a terminal, and as JSON and CSV."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import typer

from flyball.cli.tables import print_table
from flyball.telling import UNKNOWN, amount, receipts, step_line

if TYPE_CHECKING:
    from flyball.ledger import AuditRow, Ledger
    from flyball.records import Run, Step, Trajectory, Verdict

NO_RUNS = "no runs yet; flyball demo makes some"
MARKS = {True: "ok", False: "failed", None: UNKNOWN}


def print_step(step: Step) -> None:
    """Print a step: what came of the one before it, what was done, and who rules and drives on."""
    seen = step.observation
    if seen.note:
        typer.echo(f"     {'' if seen.ok else 'it failed: '}{seen.note}")
    typer.echo(step_line(step))
    if step.decision.ruling != "continue":
        typer.echo(f"     {step.decision.reason}")
    for verdict in step.verdicts:
        if verdict.error is not None and step.index == 0:
            typer.echo(f"     [warning] {verdict.monitor}: {verdict.error}")
        if _warns(verdict):
            # Who verified a step is the last to have spoken.
            passed = step.verified and verdict is step.verdicts[-1]
            mark = f"[verified] {verdict.monitor}:" if passed else "[warning]"
            typer.echo(f"     {mark} {verdict.reason}")
        if verdict.shadow is not None:
            would = f"{verdict.monitor} would say {verdict.shadow}: {verdict.reason}"
            typer.echo(f"     [shadow] {would}")
    for line in receipts(step):
        typer.echo(f"     {line}")


def _warns(verdict: Verdict) -> bool:
    """Whether it lets a step go on, and has something to say all the same."""
    quiet = verdict.shadow is not None or verdict.score is not None
    return verdict.ruling == "continue" and bool(verdict.reason) and not quiet


def print_outcome(run: Run, trajectory: Trajectory) -> None:
    """Print how a run ended, what it took, and its receipt if it came to no end of its own."""
    from flyball.telling.settled import ending_lines

    typer.echo("")
    for line in ending_lines(run, trajectory):
        typer.echo(line)
    typer.echo(f"run {run.id} (flyball show {run.id})")


def print_run_json(ledger: Ledger, run_id: str) -> None:
    """Print `{"run": Run, "steps": [Step, ...], "receipt": {...}}`, the last of them or null."""
    from flyball.ledger import receipt_of
    from flyball.ledger.codec import run_to_json, step_to_json
    from flyball.telling.settled import receipt_record

    run, trajectory = ledger.run(run_id), ledger.trajectory(run_id)
    steps = ", ".join(step_to_json(step) for step in trajectory.steps)
    receipt = json.dumps(receipt_record(receipt_of(run, trajectory)))
    typer.echo(f'{{"run": {run_to_json(run)}, "steps": [{steps}], "receipt": {receipt}}}')


def print_runs(runs: Sequence[Run]) -> None:
    if not runs:
        typer.echo(NO_RUNS)
        return
    names = ("run", "task", "status", "success", "policy", "ended by", "suite", "started")
    rows = [
        (
            run.id,
            run.task.id[:40],
            run.status,
            MARKS[run.success],
            run.policy,
            run.ended_by,
            run.task.suite,
            f"{run.started_at:%Y-%m-%d %H:%M}",
        )
        for run in runs
    ]
    print_table(names, rows, left=len(names), spare=("started", "suite", "ended by", "policy"))


def print_runs_json(runs: Sequence[Run]) -> None:
    from flyball.ledger.codec import run_to_json

    typer.echo(f"[{', '.join(run_to_json(run) for run in runs)}]")


def print_demo(runs: Sequence[Run], rows: Sequence[AuditRow]) -> None:
    """Print the audit of a demo: each task, who ended it and why, and what failures took."""
    by_task = {run.task.id: run for run in runs}
    names = ("task", "outcome", "ended by", "steps", "tokens in", "cached", "out", "s", "J", "$")
    table = []
    for row in rows:
        run, cells = by_task[row.key], list(_audit_cells(row))
        why = f": {run.reason}" if run.ended_by not in ("policy", "environment") else ""
        won = "won" if run.success else "lost"
        table.append((row.key, won, run.ended_by + why, *cells[3:9], cells[10]))
    print_table(names, table, left=3, spare=("cached", "out", "$", "tokens in"))
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
