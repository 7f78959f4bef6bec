"""`flyball audit`: what runs took, and what of it went into failures."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flyball.cli.options import JsonOption, LedgerOption, open_ledger, write_page
from flyball.errors import ConfigError

if TYPE_CHECKING:
    from flyball.audit import RunFigure
    from flyball.ledger import Ledger
    from flyball.records import Run

audit_app = typer.Typer(no_args_is_help=False, invoke_without_command=True)
FIELDS = ("model", "agent", "suite", "task", "batch", "day", "run")


class By(StrEnum):
    """What an audit's rows are."""

    TASK = "task"
    MODEL = "model"
    AGENT = "agent"
    SUITE = "suite"
    TOOL = "tool"
    ATTEMPT = "attempt"
    DAY = "day"


WhereOption = Annotated[
    list[str] | None,
    typer.Option("--where", metavar="FIELD=VALUE", help=f"Only these: {', '.join(FIELDS)}."),
]


@audit_app.callback()
def audit(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    by: Annotated[By, typer.Option(help="What a row is.")] = By.TASK,
    where: WhereOption = None,
    replayed: Annotated[
        bool, typer.Option("--replay", help="Say what stopping earlier would have saved.")
    ] = False,
    html: Annotated[Path | None, typer.Option(help="Write a page with charts.")] = None,
    parquet: Annotated[Path | None, typer.Option(help="Write the rows as Parquet.")] = None,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, for spreadsheets.")] = False,
) -> None:
    """Sum up energy per success, money and carbon of the runs in the ledger."""
    if context.invoked_subcommand is not None:
        return
    from flyball.audit import (
        flat_rows,
        make_page,
        replay,
        report,
        report_csv,
        report_json,
        write_parquet,
    )
    from flyball.cli.audited import print_report
    from flyball.config import load_config

    if as_json and as_csv:
        raise ConfigError("--json and --csv exclude each other; give one of them")
    with open_ledger(ledger) as opened:
        runs = chosen(opened, where or ())
        told = report(opened, runs, by.value)
        rules = load_config().monitors() if replayed else []
        savings = replay(opened, runs, rules)
    if html is not None:
        write_page(html, make_page(told, savings))
    if parquet is not None:
        write_parquet(parquet, flat_rows(told))
    if as_json:
        typer.echo(report_json(told, savings), nl=False)
    elif as_csv:
        typer.echo(report_csv(told), nl=False)
    else:
        print_report(told, savings)


@audit_app.command("diff")
def audit_diff(
    a: Annotated[str, typer.Argument(metavar="A", help="A ledger file, or FIELD=VALUE.")],
    b: Annotated[str, typer.Argument(metavar="B", help="What to compare it with.")],
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare two sets of runs, paired by task: what B takes more or less than A."""
    from flyball.audit import diff
    from flyball.cli.audited import print_diff, print_diff_json

    sides = [_side(side, ledger) for side in (a, b)]
    differences, tasks = diff(*sides)
    if not tasks:
        raise ConfigError(
            f"no task was run in both: {a} has {len(sides[0])} runs, {b} has"
            f" {len(sides[1])}; flyball audit --where {b} shows which"
        )
    if as_json:
        print_diff_json(differences, tasks)
    else:
        print_diff(differences, tasks, a, b)


def chosen(ledger: Ledger, where: object) -> list[Run]:
    """The runs that fit every `FIELD=VALUE`, oldest first. Raises `ConfigError`."""
    runs = list(reversed(ledger.runs()))
    for term in where if isinstance(where, list | tuple) else ():
        field, equals, value = str(term).partition("=")
        if not equals or field not in FIELDS:
            raise ConfigError(f"{term!r} is no FIELD=VALUE; fields are: {', '.join(FIELDS)}")
        runs = [run for run in runs if _of(run, field) == value]
    return runs


def _of(run: Run, field: str) -> str:
    return {
        "model": run.policy,
        "agent": run.agent,
        "suite": run.task.suite,
        "task": run.task.id,
        "batch": run.task.metadata.get("batch", ""),
        "day": f"{run.started_at:%Y-%m-%d}",
        "run": run.id,
    }[field]


def _side(side: str, ledger: Path | None) -> list[RunFigure]:
    from flyball.audit import figures

    terms = side.split(",") if "=" in side else []
    path = ledger if terms else Path(side)
    if not terms and path is not None and not path.is_file():
        raise ConfigError(f"{side!r} is neither a ledger file nor FIELD=VALUE")
    with open_ledger(path) as opened:
        return figures(opened, chosen(opened, terms))
