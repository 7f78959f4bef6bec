"""What becomes of a coding agent's change: it is applied, kept, or thrown away."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from flyball.errors import ConfigError, ToolError

if TYPE_CHECKING:
    from flyball.agents.attempts import Tried
    from flyball.ledger import Ledger
    from flyball.tools.code import Workspace

CHANGES = "changes"
"""The folder beside the ledger that keeps the patches."""


class Then(StrEnum):
    """What becomes of a change."""

    ASK = "ask"
    APPLY = "apply"
    BRANCH = "branch"
    KEEP = "keep"
    DISCARD = "discard"


def settle(tried: Tried, then: Then, ledger: Ledger, *, quiet: bool) -> None:
    """Show the change, and do with it what is wanted."""
    from flyball.tools.code import warnings_of

    workspace = tried.bench.workspace
    patch = workspace.diff()
    if not patch:
        typer.echo("nothing was changed", err=quiet)
        return
    path = saved(patch, ledger, tried.run.id)
    names = workspace.changed()
    typer.echo(f"\n{len(names)} files changed: {', '.join(names[:8])}", err=quiet)
    if not quiet:
        typer.echo(patch if len(patch) < 4_000 else f"{patch[:4_000]}\n[the rest is in {path}]")
    for line in warnings_of(patch):
        typer.echo(f"look at this: {line}", err=quiet)
    if then is Then.ASK:
        then = _then() if sys.stdin.isatty() and not quiet else Then.KEEP
    _do(then, tried, path, quiet=quiet)


def _then() -> Then:
    while True:
        answer = str(typer.prompt("[a]pply it, as a [b]ranch, [k]eep the patch, [d]iscard"))
        for each in (Then.APPLY, Then.BRANCH, Then.KEEP, Then.DISCARD):
            if answer[:1].lower() == each.value[0]:
                return each


def _do(then: Then, tried: Tried, path: Path, *, quiet: bool) -> None:
    from flyball.tools.code import apply_diff, keep_branch

    workspace, name = tried.bench.workspace, f"flyball/{tried.run.id}"
    try:
        if then is Then.APPLY:
            apply_diff(workspace.repo, workspace.diff())
            typer.echo(f"applied to {workspace.repo}", err=quiet)
        elif then is Then.BRANCH:
            keep_branch(workspace, name, tried.run.task.prompt)
            typer.echo(f"kept as the branch {name}", err=quiet)
    except ToolError as error:
        raise ToolError(f"{error}; the change is kept in {path}") from error
    if then is Then.DISCARD:
        path.unlink()
        typer.echo("thrown away", err=quiet)
    elif then is Then.KEEP:
        typer.echo(f"kept in {path}; apply it with: git apply {path}", err=quiet)


def saved(patch: str, ledger: Ledger, run_id: str) -> Path:
    """Write a patch down beside the ledger."""
    path = patch_path(ledger, run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(patch, encoding="utf-8", errors="surrogateescape")
    return path


def patch_path(ledger: Ledger, run_id: str) -> Path:
    """Where what a run changed is kept: at each step while it goes on, and once it is over."""
    return Path(ledger.path).parent / CHANGES / f"{run_id}.diff"


def put_back(workspace: Workspace, ledger: Ledger, run_id: str) -> None:
    """Make a fresh copy what it was when the run ended. Raises `ConfigError` where it cannot be."""
    from flyball.tools.code import apply_diff

    path = patch_path(ledger, run_id)
    try:
        patch = path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise ConfigError(
            f"run {run_id} cannot be taken up: what it changed is not in {path} any more;"
            " start it anew with flyball run --agent code"
        ) from error
    try:
        if patch:
            apply_diff(workspace.tree, patch)
    except ToolError as error:
        raise ConfigError(
            f"run {run_id} cannot be taken up: {workspace.repo} is not as it was, so that {path}"
            " does not fit; put the repository back to what it was, or start anew"
        ) from error
    workspace.keep()
