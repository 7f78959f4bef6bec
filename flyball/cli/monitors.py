"""`flyball monitors`: the monitors that are learned from runs."""

from __future__ import annotations

import typer

from flyball.cli.train import train

monitors_app = typer.Typer(help="Train monitors on runs.", no_args_is_help=True)


@monitors_app.callback()
def monitors() -> None:
    """Train monitors on runs."""


monitors_app.command()(train)
