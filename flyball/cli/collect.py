"""`flyball bench collect`: runs to train and calibrate monitors on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flyball.cli.options import open_ledger, stoppable, waited


def collect(  # noqa: PLR0913 - one parameter an option
    suite: Annotated[str, typer.Argument(help="The suite: flyball bench list.")],
    ledger: Annotated[
        Path, typer.Option("--ledger", help="The file to collect into.", show_default=False)
    ],
    policy: Annotated[
        str | None, typer.Option(help="A model; the configured one if not given.")
    ] = None,
    tasks: Annotated[
        str | None, typer.Option(help="Names with commas, trained, or untrained.")
    ] = None,
    episodes: Annotated[int, typer.Option(help="Episodes of each task.")] = 20,
    temperature: Annotated[
        float, typer.Option(min=0.0, max=2.0, help="Above 0 the policy draws, for variety.")
    ] = 0.0,
    workers: Annotated[
        int, typer.Option(min=1, help="Episodes at a time; energy is known with one only.")
    ] = 1,
) -> None:
    """Play tasks on calibration seeds, and stop nothing but what is out of its budget.

    Each step is kept with its log-probabilities, and each run with its outcome and the subgoals
    that the environment saw. Interrupt it at any time: the same command goes on where it was.
    """
    from flyball.bench.cascades import full_name
    from flyball.bench.collecting import calibration_seeds, unsupervised
    from flyball.bench.runner import Plan, perform
    from flyball.bench.suites import choose_tasks, load_suite, pairs_of
    from flyball.cli.scores import Scoreboard
    from flyball.config import load_config

    config, played = unsupervised(load_config()), load_suite(suite)
    plan = Plan(
        suite=played,
        policy=full_name(config, policy or config.run.policy),
        pairs=pairs_of(choose_tasks(played, tasks), calibration_seeds(episodes)),
        workers=workers,
        headless=config.browser.headless,
        temperature=temperature,
    )
    going_on = stoppable("the same command goes on")
    with open_ledger(ledger, config) as opened, going_on, Scoreboard() as board:
        runs = waited(perform(plan, config, opened, board))
    ended = [run for run in runs if run.score is not None]
    won = sum(run.success is True for run in ended)
    typer.echo(
        f"{len(ended)} runs of {len({run.task.id for run in ended})} tasks, {won} won, in {ledger};"
        f" flyball monitors train --from {ledger}"
    )
    if len(ended) < len(plan.pairs):
        typer.echo(f"flyball: {len(plan.pairs) - len(ended)} could not be played", err=True)
        raise typer.Exit(1)
