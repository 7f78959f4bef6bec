"""`flyball bench`: the suites of tasks, and how well a policy does on them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flyball.cli.collect import collect
from flyball.cli.compare import compare
from flyball.cli.options import (
    SEEDS,
    GrammarOption,
    JsonOption,
    LedgerOption,
    PairSmallOption,
    PairStrongOption,
    SeedsOption,
    TasksOption,
    open_ledger,
    stoppable,
    waited,
    write_page,
)

if TYPE_CHECKING:
    from flyball.bench.cascades import Contender
    from flyball.bench.report import Row
    from flyball.bench.runner import Plan
    from flyball.bench.suites import Suite
    from flyball.config import Config
    from flyball.ledger import Ledger
    from flyball.records import Run

INCOMPLETE = 1

bench_app = typer.Typer(help="List and play suites of tasks.", no_args_is_help=True)
bench_app.command()(collect)
bench_app.command()(compare)


@bench_app.command("list")
def list_suites(
    unsuited: Annotated[
        bool,
        typer.Option("--unsuited", help="The tasks that are left out of the web suite, and why."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List the suites and their tasks, those of plug-ins too."""
    from flyball import plugins
    from flyball.bench.miniwob import UNSUITED
    from flyball.bench.suites import SUITES, load_suite

    line = "{suite:8s} {task:28s} {split:10s} {max_steps:3d} steps"
    names = dict.fromkeys((*SUITES, *plugins.names("suites")))
    rows = [row for name in names for row in _task_rows(load_suite(name))]
    if unsuited:
        line = "{suite:8s} {task:28s} {reason}"
        rows = [{"suite": "web", "task": task, "reason": why} for task, why in UNSUITED.items()]
    typer.echo(json.dumps(rows) if as_json else "\n".join(map(line.format_map, rows)))


@bench_app.command()
def run(  # noqa: PLR0913 - one parameter an option
    suite: Annotated[str, typer.Argument(help="The suite: flyball bench list.")],
    policy: Annotated[
        str | None,
        typer.Option(
            help="With commas between: a model, small, strong, cascade, every:K, random:P, litellm,"
            " openhands, or oracle (the best that can be done).",
            show_default=False,
        ),
    ] = None,
    pair_small: PairSmallOption = None,
    pair_strong: PairStrongOption = None,
    monitors: Annotated[
        str | None,
        typer.Option(help="What watches a cascade: none, all, or names with + between."),
    ] = None,
    burst: Annotated[
        str | None, typer.Option(help="How long the strong policy stays: steps, or none.")
    ] = None,
    hand_over: Annotated[str | None, typer.Option(help="What it is told: full or compact.")] = None,
    tasks: TasksOption = None,
    seeds: SeedsOption = SEEDS,
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
    from flyball.bench.cascades import contenders_of, duo_of
    from flyball.bench.page import make_page
    from flyball.bench.runner import Plan
    from flyball.bench.suites import choose_seeds, choose_tasks, load_suite, pairs_of, seeds_for
    from flyball.config import load_config

    config, played_suite = load_config().with_grammar(grammar), load_suite(suite)
    given = {"monitors": monitors, "burst": burst, "hand_over": hand_over}
    settings = {key: value for key, value in given.items() if value is not None}
    duo = duo_of(config, pair_small, pair_strong)
    contenders = contenders_of(config, policy or config.run.policy, duo, settings)
    pairs = pairs_of(
        choose_tasks(played_suite, tasks), seeds_for(played_suite, choose_seeds(seeds))
    )
    plans = [
        Plan(
            suite=played_suite,
            policy=contender.driver,
            contender=contender,
            pairs=pairs,
            workers=workers,
            fresh=fresh,
            headless=config.browser.headless,
        )
        for contender in contenders
    ]
    with open_ledger(ledger, config) as opened, stoppable("the same command goes on"):
        runs, tables = _played(plans, config, opened)
    rows = [row for table in tables for row in table]
    if html:
        write_page(html, make_page(rows))
    if as_json:
        typer.echo(json.dumps(rows))
    else:
        _print_tables(contenders, tables)
    _tell_missing(len(plans) * len(pairs), runs)


def _played(
    plans: Sequence[Plan], config: Config, ledger: Ledger
) -> tuple[list[Run], list[list[Row]]]:
    """Play one plan after another; gives all runs, and the rows of each."""
    from flyball.bench.report import make_rows
    from flyball.bench.runner import perform
    from flyball.cli.scores import Scoreboard

    played: list[Run] = []
    tables: list[list[Row]] = []
    for number, plan in enumerate(plans, start=1):
        if plan.contender and len(plans) > 1:
            typer.echo(f"{plan.contender.label} ({number} of {len(plans)})", err=True)
        with Scoreboard() as board:
            runs = waited(perform(plan, config, ledger, board))
        played += runs
        tables.append(make_rows(plan.suite, runs, ledger))
    return played, tables


def _print_tables(contenders: Sequence[Contender], tables: Sequence[Sequence[Row]]) -> None:
    from flyball.cli.scores import print_scores

    for contender, rows in zip(contenders, tables, strict=True):
        if len(tables) > 1:
            typer.echo(f"{contender.label}:")
        print_scores(rows)


def _tell_missing(wanted: int, runs: Sequence[Run]) -> None:
    """Say what could not be played, and end as a call that did half its work."""
    missing = wanted - sum(run.score is not None for run in runs)
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
