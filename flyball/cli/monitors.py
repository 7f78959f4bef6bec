"""`flyball monitors`: the monitors, what they promise, and what they are worth."""

from __future__ import annotations

import typer

from flyball.cli.evaluate import evaluate
from flyball.cli.expect import expect
from flyball.cli.promises import calibrate, drift, list_monitors
from flyball.cli.train import train

monitors_app = typer.Typer(
    help="List, train, calibrate and evaluate monitors.", no_args_is_help=True
)
monitors_app.command("list")(list_monitors)
monitors_app.command()(train)
monitors_app.command()(expect)
monitors_app.command()(calibrate)
monitors_app.command("eval")(evaluate)
monitors_app.command()(drift)
