"""`flyball runs` and `flyball show`: what is in the ledger."""

from __future__ import annotations

from typing import Annotated

import typer

from flyball.cli.options import JsonOption, LedgerOption, open_ledger


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
