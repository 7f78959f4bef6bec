"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from flyball.config import Config
    from flyball.ledger import Ledger
    from flyball.records import Budget

Result = TypeVar("Result")

LedgerOption = Annotated[
    Path | None,
    typer.Option(
        "--ledger", envvar="FLYBALL_LEDGER", help="Where runs are written down.", show_default=False
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
PolicyOption = Annotated[
    str | None, typer.Option("--policy", help="The model that drives.", show_default=False)
]


class Preference(StrEnum):
    """What a failed task is worth."""

    SUCCESS = "success"
    BALANCED = "balanced"
    ENERGY = "energy"


PreferOption = Annotated[
    Preference | None,
    typer.Option("--prefer", help="Price each step, after what is preferred.", show_default=False),
]
PREFER, SHADOW = "prefer", "shadow"
"""Keys in a task's metadata."""
UNHELD = "its server takes no grammar, so that it may name what a page does not offer"
GrammarOption = Annotated[
    bool | None,
    typer.Option(
        "--grammar/--no-grammar",
        help="Whether a bundled model can only say what the page offers.",
        show_default=False,
    ),
]
SEEDS = "200000..200029"
SeedsOption = Annotated[str, typer.Option(metavar="A..B", help="The seeds, both included.")]
TasksOption = Annotated[str | None, typer.Option(help="Names with commas, trained, or untrained.")]
PairSmallOption = Annotated[
    str | None, typer.Option(help="The model that small stands for.", show_default=False)
]
PairStrongOption = Annotated[
    str | None, typer.Option(help="The model that strong stands for.", show_default=False)
]
StepsOption = Annotated[int | None, typer.Option(min=1, help="Ceiling of steps.")]
JoulesOption = Annotated[float | None, typer.Option(min=0, help="Ceiling of energy.")]
UsdOption = Annotated[float | None, typer.Option(min=0, help="Ceiling of cost.")]
SecondsOption = Annotated[float | None, typer.Option(min=0, help="Ceiling of time.")]
TokensOption = Annotated[int | None, typer.Option(min=1, help="Ceiling of tokens written.")]
BatteryOption = Annotated[
    float | None, typer.Option(min=0, help="Ceiling of the battery's charge, in percent.")
]
WatchOption = Annotated[bool, typer.Option("--watch", help="Open a browser that can be seen.")]


def tell(line: str) -> None:
    """Say how far a command is, or what it leaves out, beside its output."""
    typer.echo(line, err=True)


def waited(work: Coroutine[Any, Any, Result]) -> Result:
    """Run `work` to its end, in a loop that `flyball --help` need not load."""
    import asyncio

    return asyncio.run(work)


@contextmanager
def stoppable(remedy: str = "flyball runs") -> Iterator[None]:
    """Turn ctrl+c into one line and the exit code of a run that was stopped."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"flyball: stopped; what was done is kept: {remedy}", err=True)
        raise typer.Exit(1) from None


def kept_of(prefer: str | None, *, shadow: bool) -> dict[str, str]:
    """How a call would have a run governed, as its task's metadata keep it."""
    given = {PREFER: prefer and str(prefer), SHADOW: "yes" if shadow else None}
    return {name: value for name, value in given.items() if value}


def ceilings(before: Budget, **given: float | None) -> Budget:
    """The same budget with the ceilings that a call gives, by their names in `Budget`."""
    told: dict[str, Any] = {name: each for name, each in given.items() if each is not None}
    if "cost_usd" in told:
        told["cost_usd"] = Decimal(str(told["cost_usd"]))
    return replace(before, **told)


def write_page(path: Path, text: str) -> None:
    """Write a report's page. Raises `ConfigError` where it cannot be written."""
    from flyball.errors import ConfigError

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}; give another --html") from error


def open_ledger(path: Path | None, config: Config | None = None) -> Ledger:
    """Open the ledger at `path`, or where the configuration or the platform keeps it."""
    from flyball.config import load_config
    from flyball.ledger import Ledger

    return Ledger(path or (config or load_config()).ledger.path)
