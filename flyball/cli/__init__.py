"""The command line: `flyball run`, `demo`, `bench`, `runs`, `show`, `audit`, ..."""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer

from flyball import __version__
from flyball.cli.audit import audit_app
from flyball.cli.bench import bench_app
from flyball.cli.demo import demo
from flyball.cli.doctor import doctor
from flyball.cli.exports import export
from flyball.cli.imports import import_runs
from flyball.cli.mcp import mcp
from flyball.cli.models import models_app
from flyball.cli.monitors import monitors_app
from flyball.cli.proxy import proxy
from flyball.cli.resume import resume
from flyball.cli.run import run
from flyball.cli.runs import runs, show
from flyball.cli.tui import tui
from flyball.errors import ConfigError, FlyballError, PluginError, UnknownRunError

WRONG_CALL, MACHINE_LACKS = 2, 3
EXTRAS = {
    "huggingface_hub": "local",
    "jinja2": "local",
    "langgraph": "agents",
    "lightgbm": "train",
    "llama_cpp": "local",
    "mcp": "mcp",
    "miniwob": "suites",
    "numpy": "local",
    "opentelemetry": "otel",
    "playwright": "browser",
    "starlette": "proxy",
    "uvicorn": "proxy",
    "textual": "tui",
    "textual_serve": "tui",
    "xgboost": "train",
}
"""Which extra brings a package that the bare installation does without."""

app = typer.Typer(
    name="flyball",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"flyball {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def flyball(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="The version.")
    ] = False,
) -> None:
    """Run agents under supervision, and audit what each step costs.

    In a terminal, flyball alone opens the screen: flyball tui.
    """
    if context.invoked_subcommand is not None:
        return
    if sys.stdin.isatty() and sys.stdout.isatty():
        tui()
    else:
        typer.echo(context.get_help())
        raise typer.Exit(WRONG_CALL)


for command in (run, resume, demo, runs, show, doctor, tui):
    app.command()(command)
app.command("import")(import_runs)
app.add_typer(audit_app, name="audit")
app.command()(proxy)
app.command()(mcp)
app.command()(export)
app.add_typer(bench_app, name="bench")
app.add_typer(models_app, name="models")
app.add_typer(monitors_app, name="monitors")


def main() -> None:
    """Run the command line. What a user did wrong, or a machine lacks, is one line on stderr."""
    try:
        app()
    except FlyballError as error:
        wrong_call = isinstance(error, ConfigError | PluginError | UnknownRunError)
        _end(str(error), WRONG_CALL if wrong_call else MACHINE_LACKS)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRAS:
            raise
        remedy = f"pip install 'flyball[{EXTRAS[package]}]'"
        _end(f"this needs {package}, which is not installed; {remedy}", MACHINE_LACKS)


def _end(line: str, code: int) -> NoReturn:
    sys.stderr.write(f"flyball: {line}\n")
    sys.exit(code)
