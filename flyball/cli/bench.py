"""`flyball bench`: the suites of tasks, and how well a policy does on them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flyball.cli.collect import collect
from flyball.cli.options import (
    GrammarOption,
    JsonOption,
    LedgerOption,
    open_ledger,
    stoppable,
    waited,
)

if TYPE_CHECKING:
    from flyball.bench.report import Row
    from flyball.bench.suites import Suite

INCOMPLETE = 1
SEEDS = "200000..200029"

bench_app = typer.Typer(help="List and play suites of tasks.", no_args_is_help=True)
bench_app.command()(collect)


@bench_app.command("list")
def list_suites(as_json: JsonOption = False) -> None:
    """List the suites and their tasks."""
    from flyball.bench.suites import SUITES, load_suite

    rows = [row for name in SUITES for row in _task_rows(load_suite(name))]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        typer.echo("{suite:8s} {task:28s} {split:10s} {max_steps:3d} steps".format_map(row))


@bench_app.command()
def run(  # noqa: PLR0913 - one parameter an option
    suite: Annotated[str, typer.Argument(help="The suite: flyball bench list.")],
    policy: Annotated[
        str | None,
        typer.Option(help="A model, or oracle: the best that can be done.", show_default=False),
    ] = None,
    tasks: Annotated[
        str | None, typer.Option(help="Names with commas, trained, or untrained.")
    ] = None,
    seeds: Annotated[str, typer.Option(metavar="A..B", help="The seeds, both included.")] = SEEDS,
    workers: Annotated[
        int, typer.Option(min=1, help="Episodes at a time; energy is known with one only.")
    ] = 1,
    grammar: GrammarOption = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Play what was played before.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write the report as a page, too.")] = None,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Play a suite's tasks, and report success and costs. What the ledger holds is not replayed.

    Interrupt it at any time: the same command goes on where it was.
    """
    from flyball.bench.batches import full_name
    from flyball.bench.report import make_rows
    from flyball.bench.runner import Plan, perform
    from flyball.bench.suites import choose_seeds, choose_tasks, load_suite, pairs_of
    from flyball.cli.scores import Scoreboard, print_scores
    from flyball.config import load_config

    config, played_suite = load_config().with_grammar(grammar), load_suite(suite)
    plan = Plan(
        suite=played_suite,
        policy=full_name(config, policy or config.run.policy),
        pairs=pairs_of(choose_tasks(played_suite, tasks), choose_seeds(seeds)),
        workers=workers,
        fresh=fresh,
        headless=config.browser.headless,
    )
    with open_ledger(ledger, config) as opened, stoppable("the same command goes on"):
        with Scoreboard() as board:
            runs = waited(perform(plan, config, opened, board))
        rows = make_rows(played_suite, runs, opened)
    if html:
        _write_page(html, rows)
    if as_json:
        typer.echo(json.dumps(rows))
    else:
        print_scores(rows)
    missing = len(plan.pairs) - sum(run.score is not None for run in runs)
    if missing:
        reason = next(run.reason for run in reversed(runs) if run.status == "failed")
        typer.echo(f"flyball: {missing} episodes could not be played: {reason}", err=True)
        raise typer.Exit(INCOMPLETE)


def _task_rows(suite: Suite) -> list[Row]:
    from flyball.bench.suites import split_of

    return [
        {
            "suite": suite.name,
            "task": task,
            "split": split_of(suite, task),
            "max_steps": suite.max_steps(task),
        }
        for task in (*suite.trained, *suite.untrained)
    ]


def _write_page(path: Path, rows: Sequence[Row]) -> None:
    from flyball.bench.page import make_page
    from flyball.errors import ConfigError

    try:
        path.write_text(make_page(rows), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}; give another --html") from error
