"""How runs, steps and audits look in a terminal, and as JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

import typer

from flyball.cli.tables import print_table

if TYPE_CHECKING:
    from flyball.ledger import AuditRow, Ledger
    from flyball.records import Action, Run, Spend, Step, Trajectory

UNKNOWN = "-"
NO_RUNS = "no runs yet; flyball demo makes some"
MARKS = {True: "ok", False: "failed", None: UNKNOWN}


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
    decision, done = step.decision, action_line(step.action)
    ruled = "" if decision.ruling == "continue" else f"  [{decision.ruling} by {decision.by}]"
    return f"{step.index:3d}  {step.policy}  {done}{ruled}"


def action_line(action: Action) -> str:
    """Tell an action in a line."""
    # A final action's answer and an unreadable one's text say more than their arguments.
    done = action.text or f"{action.tool} {json.dumps(dict(action.arguments), default=str)}"
    done = done if action.tool != "invalid" else f"unreadable: {action.text[:60]!r}"
    return " ".join(done.split())[:100]


def print_step(step: Step) -> None:
    """Print a step: what came of the one before it, what was done, and who rules and drives on."""
    seen = step.observation
    if seen.note:
        typer.echo(f"     {'' if seen.ok else 'it failed: '}{seen.note}")
    typer.echo(step_line(step))
    if step.decision.ruling != "continue":
        typer.echo(f"     {step.decision.reason}")
    for verdict in step.verdicts:
        if verdict.shadow is not None:
            would = f"{verdict.monitor} would say {verdict.shadow}: {verdict.reason}"
            typer.echo(f"     [shadow] {would}")
    for line in receipts(step):
        typer.echo(f"     {line}")


def receipts(step: Step) -> Iterable[str]:
    """Tell what went on between policies at a step: silence, going back, a hand-over."""
    if step.unobeyed:
        yield f"[not obeyed] {step.unobeyed}"
    if step.fault:
        yield f"[silence] {step.fault}"
    if recovery := step.recovery:
        went = "went back to" if recovery.done else "could not go back to"
        yield f"[recovery] {went} step {recovery.to}{f': {recovery.why}' if recovery.why else ''}"
    if given := step.hand_over:
        yield (
            f"[hand-over] {given.giver} -> {given.taker}: {given.kind}, {given.characters}"
            f" characters, {len(given.told)} steps told and {given.left_out} left out"
        )
    elif step.decision.ruling == "continue" and step.decision.policy:
        yield f"[drives on] {step.decision.policy}: {step.decision.reason}"


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
    """Print how a run ended, what it took, and its receipt if it came to no end of its own."""
    from flyball.cli.settled import receipt_lines
    from flyball.ledger import receipt_of

    typer.echo("")
    typer.echo(outcome(run))
    if run.answer is not None:
        typer.echo(f"answer: {run.answer}")
    typer.echo(f"{len(trajectory.steps)} steps: {spent(trajectory.spend)}")
    if receipt := receipt_of(run, trajectory):
        for line in receipt_lines(receipt, run):
            typer.echo(line)
    typer.echo(f"run {run.id} (flyball show {run.id})")


def print_run_json(ledger: Ledger, run_id: str) -> None:
    """Print `{"run": Run, "steps": [Step, ...], "receipt": {...}}`, the last of them or null."""
    from flyball.cli.settled import receipt_record
    from flyball.ledger import receipt_of
    from flyball.ledger.codec import run_to_json, step_to_json

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


def print_audit(rows: Sequence[AuditRow]) -> None:
    if not rows:
        typer.echo(NO_RUNS)
        return
    counts = ("runs", "ok", "steps", "tokens in", "cached", "out", "s")
    names = ("", *counts, "J", "method", "$", "J failed", "J superv.", "J/success")
    spare = ("cached", "out", "J superv.", "s", "method", "tokens in", "$", "steps")
    print_table(names, [tuple(_audit_cells(row)) for row in rows], left=1, spare=spare)


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
