"""`flyball runs` and `flyball show`: what is in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from flyball.cli.options import JsonOption, LedgerOption, open_ledger

if TYPE_CHECKING:
    from flyball.records import Run


def runs(
    suite: Annotated[str | None, typer.Option(help="Only runs of this suite.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the runs, newest first."""
    from flyball.cli.show import print_runs, print_runs_json

    with open_ledger(ledger) as opened:
        found = opened.runs(suite=suite, limit=limit)
        if as_json:
            print_runs_json(found)
        else:
            print_runs(found)


def show(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="A run, or how its name begins.")],
    why: Annotated[
        bool, typer.Option("--why", help="With what each monitor said, the prices, and who drives.")
    ] = False,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a run step by step."""
    from flyball.cli.show import print_outcome, print_run_json, print_step
    from flyball.telling import endings_at, reasons

    with open_ledger(ledger) as opened:
        run = opened.run(run_id)
        if as_json:
            print_run_json(opened, run.id)
            return
        trajectory = opened.trajectory(run.id)
        typer.echo(f"{run.task.prompt}\n")
        for step in trajectory.steps:
            for line in endings_at(run, step.index):
                typer.echo(line)
            print_step(step)
            for line in reasons(trajectory, step) if why else ():
                typer.echo(f"     {line}")
        print_outcome(run, trajectory)
        for line in _rests_on(run) if why else ():
            typer.echo(f"     {line}")


def _rests_on(run: Run) -> Iterator[str]:
    """Tell what a run's joules, dollars and grams rest on, and what passed between its windows."""
    from flyball.audit.page import told
    from flyball.telling import spent

    if run.total is not None and run.idle is not None:
        yield f"from its first look to its end: {spent(run.total)}"
        yield f"of that between its windows: {spent(run.idle)}"
    yield from told(run.metering) if run.metering else ()
