"""`flyball bench compare`: what cascades save and lose, held against the ends of their line."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flyball.cli.options import (
    SEEDS,
    JsonOption,
    LedgerOption,
    SeedsOption,
    TasksOption,
    open_ledger,
    write_page,
)
from flyball.errors import ConfigError

if TYPE_CHECKING:
    from flyball.bench.compare import Comparison
    from flyball.bench.plays import Play, Played, Prices
    from flyball.bench.report import Row
    from flyball.bench.suites import Pair, Suite
    from flyball.config import Config
    from flyball.ledger import Ledger

COSTS: Mapping[str, str] = {
    "success": "success",
    "strong_calls": "strong calls",
    "tokens": "tokens",
    "joules": "J",
    "usd": "$",
    "seconds": "s",
    "joules_per_success": "J/success",
    "usd_per_success": "$/success",
    "seconds_per_success": "s/success",
}
AGAINST: Mapping[str, str] = {
    "success_difference": "success",
    "success_ratio": "x success",
    "strong_requests_ratio": "x strong calls",
    "joules_ratio": "x J",
    "usd_ratio": "x $",
    "seconds_ratio": "x s",
    "above_line_strong_calls": "above line, by calls",
    "above_line_joules": "by J",
    "above_line_usd": "by $",
}
SHARES = ("success", "strong_calls", "success_difference")


def compare(  # noqa: PLR0913 - one parameter an option
    suite: Annotated[str, typer.Argument(help="The suite: flyball bench list.")],
    policies: Annotated[
        str, typer.Option(help="Names with commas, as flyball bench run --policy takes them.")
    ] = "small,strong,cascade",
    tasks: TasksOption = None,
    seeds: SeedsOption = SEEDS,
    baseline: Annotated[str, typer.Option(help="What the others are held against.")] = "strong",
    energy_from: Annotated[
        Path | None,
        typer.Option(
            help="Another ledger, whose episodes were played one at a time: energy is taken from"
            " it.",
            show_default=False,
        ),
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Draw the Pareto front as a page, too.")] = None,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare what was played: success and costs, paired by task and seed, with intervals.

    Only what every policy played counts. Intervals are 95 %, over tasks. Energy counts where it is
    known: of episodes that were played one at a time.
    """
    from flyball.bench.cascades import label_of
    from flyball.bench.compare import compare as held_against
    from flyball.bench.frontier import make_front
    from flyball.bench.suites import choose_seeds, choose_tasks, load_suite, pairs_of, seeds_for
    from flyball.config import load_config

    config, played = load_config(), load_suite(suite)
    labels = [label_of(name.strip()) for name in policies.split(",") if name.strip()]
    if not labels:
        raise ConfigError("--policies names nothing; give names with commas between")
    pairs = pairs_of(choose_tasks(played, tasks), seeds_for(played, choose_seeds(seeds)))
    with open_ledger(ledger, config) as opened:
        comparison, notes = _read(opened, config, played, labels, pairs)
    if energy_from:
        comparison, more = _measured(comparison, energy_from, config, pairs)
        notes += more
    comparison = _against(comparison, label_of(baseline))
    rows = held_against(comparison)
    if html:
        write_page(html, make_front(rows, comparison.baseline))
    for note in (*notes, *_told(comparison)):
        typer.echo(f"flyball: {note}", err=True)
    if as_json:
        typer.echo(json.dumps(rows))
    else:
        _print(rows, comparison.baseline)


def _read(
    ledger: Ledger, config: Config, suite: Suite, labels: Sequence[str], pairs: Sequence[Pair]
) -> tuple[Comparison, list[str]]:
    """Read the episodes that every policy played, and say what is missing."""
    from flyball.bench.compare import Comparison, common, known_energy
    from flyball.bench.plays import find_played, models_of, strong_of
    from flyball.bench.prices import tariff_for
    from flyball.bench.report import supervision

    found = find_played(ledger, suite.name, labels, pairs)
    notes = [*_missing(found, len(pairs)), *_mixed(found)]
    strong = strong_of(found)
    tariff = tariff_for(models_of(ledger, found, strong), config.list_prices)
    plays = common(_plays(ledger, found, strong, tariff.prices))
    if not next(iter(plays.values())):
        raise ConfigError(f"nothing to compare: {'; '.join(notes) or 'no episode is common'}")
    first = {each.label: next(iter(each.runs.values())) for each in found}
    return Comparison(
        suite=suite,
        plays=plays,
        measured=known_energy(plays),
        monitors={label: supervision(run) for label, run in first.items()},
        usd_method=tariff.method,
        usd_note=tariff.note,
    ), notes


def _plays(
    ledger: Ledger, found: Sequence[Played], strong: str | None, prices: Prices
) -> dict[str, dict[Pair, Play]]:
    from flyball.bench.plays import plays_of

    return {each.label: plays_of(ledger, each.runs, strong, prices) for each in found}


def _measured(
    comparison: Comparison, path: Path, config: Config, pairs: Sequence[Pair]
) -> tuple[Comparison, list[str]]:
    """Take energy from another ledger's episodes of the same policies, of those that it has."""
    from dataclasses import replace

    from flyball.bench.plays import find_played

    if not path.is_file():
        raise ConfigError(f"--energy-from {path}: no such ledger")
    with open_ledger(path, config) as opened:
        found = find_played(opened, comparison.suite.name, list(comparison.plays), pairs)
        labels = [each.label for each in found if each.runs]
        if not labels:
            raise ConfigError(f"--energy-from {path}: none of these policies was played there")
        apart, notes = _read(opened, config, comparison.suite, labels, pairs)
    notes += [f"no energy of {label}" for label in comparison.plays if label not in labels]
    return replace(comparison, measured=apart.measured), [f"{path}: {note}" for note in notes]


def _against(comparison: Comparison, baseline: str) -> Comparison:
    from dataclasses import replace

    if baseline not in comparison.plays and baseline != "strong":
        known = ", ".join(comparison.plays)
        raise ConfigError(f"--baseline {baseline} is not compared; there are: {known}")
    return replace(comparison, baseline=baseline)


def _missing(found: Collection[Played], wanted: int) -> Iterator[str]:
    for each in found:
        gone = wanted - len(each.runs)
        if gone:
            yield f"{each.label} has not played {gone} of {wanted} episodes, which are left out"
        if each.batches > 1:
            yield (
                f"{each.batches} batches are called {each.label!r} (other models or settings); the"
                " newest is compared"
            )


def _mixed(found: Collection[Played]) -> Iterator[str]:
    """Say where not all were played with the same two models."""
    from flyball.bench.plays import pairs_played, strangers

    pairs = pairs_played(found)
    if len(pairs) > 1:
        told = "; ".join(f"{small} and {strong}" for small, strong in sorted(pairs))
        yield f"not all cascades were played with the same models: {told}"
    if len(pairs) == 1:
        [pair] = pairs
        for label in strangers(found, pair):
            yield f"{label} was played with another model than those of the cascades: {pair}"


def _told(comparison: Comparison) -> Iterator[str]:
    """Say what the figures rest on."""
    played = len(next(iter(comparison.plays.values())))
    measured = len(next(iter(comparison.measured.values())))
    if not measured:
        yield (
            "energy is unknown: it is measured of episodes that are played one at a time; play"
            " some with --workers 1 --fresh, or into a ledger of its own for --energy-from"
        )
    elif measured != played:
        yield f"energy and seconds are those of {measured} episodes each, and the rest of {played}"
    yield comparison.usd_note


def _print(rows: Sequence[Row], baseline: str) -> None:
    for split in dict.fromkeys(row["split"] for row in rows):
        mine = [row for row in rows if row["split"] == split]
        typer.echo(f"{split} tasks, an episode:")
        _print_columns(mine, COSTS)
        typer.echo(f"\nheld against {baseline}, and against the line from small to strong:")
        _print_columns(mine, AGAINST)
        typer.echo("")
    methods = sorted({row["method"] for row in rows if row["metric"] == "joules" and row["method"]})
    if methods:
        typer.echo(f"joules: {', '.join(methods)}")
    if any(row["kind"] == "bound" for row in rows):
        typer.echo(
            "(oracle-router) is no live run: from both runs of each episode, the small policy's"
            " where it wins, else the strong one's; (oracle-thrift) has the strong one's only where"
            " that wins"
        )


def _print_columns(rows: Sequence[Row], columns: Mapping[str, str]) -> None:
    from flyball.cli.tables import print_table

    lines = []
    for policy in dict.fromkeys(row["policy"] for row in rows):
        mine = {row["metric"]: row for row in rows if row["policy"] == policy}
        cells = (_cell(metric, mine.get(metric)) for metric in columns)
        name = policy if mine["success"]["kind"] == "live" else f"({policy})"
        lines.append((name, str(mine["success"]["n"]), *cells))
    titles = tuple(columns.values())
    print_table(("policy", "n", *titles), lines, left=1, spare=titles[:1:-1])


def _cell(metric: str, row: Row | None) -> str:
    from flyball.telling import UNKNOWN, amount

    if row is None or row["value"] is None:
        return UNKNOWN
    is_share = metric in SHARES or metric.startswith("above_")

    def figure(value: float) -> str:
        return f"{100 * value:.1f}%" if is_share else amount(value)

    if row["low"] is None:
        return figure(row["value"])
    return f"{figure(row['value'])} [{figure(row['low'])} {figure(row['high'])}]"
