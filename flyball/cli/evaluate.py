"""`flyball monitors eval`: what monitors save and lose on unseen tasks, beside the baselines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flyball.cli.options import JsonOption, tell, write_page
from flyball.cli.promises import PolicyOption
from flyball.errors import ConfigError

if TYPE_CHECKING:
    from flyball.bench.cases import Case
    from flyball.bench.report import Row
    from flyball.bench.worth import Told

SHOWN = (
    "auc",
    "saving@0.05",
    "loss@0.05",
    "saving_by_task@0.05",
    "saving_cut@0.05",
    "loss_cut@0.05",
)
SPARE = SHOWN[:2:-1]
"""Left out where the terminal is narrow, the first first."""
DETECTION = ("precision", "recall", "f1", "false_alarms")


def evaluate(  # noqa: PLR0913 - one parameter an option
    sources: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            help="A ledger, or a file that flyball import takes; can be repeated.",
            show_default=False,
        ),
    ] = None,
    scores: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FILE",
            help="Scores of unseen tasks, as monitors train --scores wrote them.",
        ),
    ] = None,
    monitors: Annotated[
        str, typer.Option(help="Monitors to be asked about each step, with commas between.")
    ] = "",
    baselines: Annotated[
        str, typer.Option(help="all, none, or names with commas between.")
    ] = "all",
    policy: PolicyOption = None,
    pool: Annotated[
        bool, typer.Option("--pool", help="Judge all models together, and not each by itself.")
    ] = False,
    html: Annotated[Path | None, typer.Option(help="Write the curves as a page, too.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what stopping by each monitor would have saved and lost, on tasks it was not set on.

    The monitors that are asked must not have been trained on these tasks.
    """
    from flyball.bench.curves import make_curves
    from flyball.bench.worth import rows_of, told_by
    from flyball.config import load_config

    config = load_config()
    cases = _cases(sources or [], policy)
    files = dict(_pair(each) for each in scores or ())
    parts = [config.monitor(name) for name in _names(monitors)]
    groups: list[Told] = [
        told_by(group, parts, files, _chosen(baselines)) for group in _groups(cases, pool)
    ]
    rows = [row for told in groups for row in rows_of(told)]
    if html:
        write_page(html, make_curves(groups, rows))
    if as_json:
        typer.echo(json.dumps(rows))
    else:
        _print(rows)


def _cases(sources: Sequence[Path], policy: str | None) -> list[Case]:
    from flyball.bench.cases import read_cases
    from flyball.config import load_config
    from flyball.ledger import ledger_path

    paths = sources or [ledger_path(load_config().ledger.path)]
    read = (case for path in paths for case in read_cases(path, tell))
    cases = [case for case in read if policy in (None, case.run.policy)]
    if not cases:
        where = " and ".join(map(str, paths))
        raise ConfigError(f"{where}: no run was checked; give another with --from")
    return cases


def _groups(cases: Sequence[Case], pool: bool) -> Iterator[list[Case]]:
    """The runs of each suite and model: pooled, a monitor may only learn which model it sees."""
    keys = dict.fromkeys(_key(case, pool) for case in cases)
    for key in keys:
        yield [case for case in cases if _key(case, pool) == key]


def _key(case: Case, pool: bool) -> tuple[str, str]:
    return case.run.task.suite, "" if pool else case.run.policy


def _pair(given: str) -> tuple[str, Path]:
    name, equals, file = given.partition("=")
    if not (name and equals and file):
        raise ConfigError(f"--scores {given}: give a monitor's name and a file, as NAME=FILE")
    return name, Path(file)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _chosen(text: str) -> list[str]:
    from flyball.bench.baselines import AGENTSTOP, BASELINES
    from flyball.config.wording import nearest

    known = [*BASELINES, AGENTSTOP]
    if text == "all" and find_spec("xgboost") is None:
        remedy = "pip install 'flyball[train]'"
        typer.echo(f"flyball: agentstop needs xgboost, and is left out: {remedy}", err=True)
        return list(BASELINES)
    if text in ("all", "none"):
        return known if text == "all" else []
    for name in _names(text):
        if name not in known:
            raise ConfigError(f"no baseline is called {name!r}; {nearest(name, known)}")
    return _names(text)


def _print(rows: Sequence[Row]) -> None:
    from flyball.cli.tables import print_table

    print_table(("suite", "policy", "monitor", *SHOWN), _lines(rows, SHOWN), left=3, spare=SPARE)
    typer.echo(
        "\nsaving: share of what failing runs took; loss: share of successes stopped; @x: promised"
        "\nwith 95 % confidence (by_task: for new tasks; cut: no promise); [intervals over tasks]"
    )
    if found := _lines([row for row in rows if row["metric"] in DETECTION], DETECTION):
        typer.echo()
        print_table(("suite", "policy", "monitor", *DETECTION), found, left=3)
        typer.echo(
            "\nsteps that are stuck, or at a milestone, as the environment tells;"
            "\nfalse_alarms: share of legitimate repeats that were ruled against"
        )


def _lines(rows: Sequence[Row], metrics: Sequence[str]) -> list[tuple[str, ...]]:
    """A line for each suite, model and monitor."""
    cells: dict[tuple[str, str, str], dict[str, Row]] = {}
    for row in rows:
        if row["step"] is None:
            mine = cells.setdefault((row["suite"], row["policy"], row["monitor"]), {})
            mine[row["metric"]] = row
    return [(*key, *(_cell(mine.get(metric)) for metric in metrics)) for key, mine in cells.items()]


def _cell(row: Row | None) -> str:
    if row is None or row["value"] is None:
        return "-"
    between = "" if row["low"] is None else f" [{row['low']:.2f} {row['high']:.2f}]"
    return f"{row['value']:.3f}{between}"
