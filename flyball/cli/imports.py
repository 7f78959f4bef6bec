"""`flyball import`: runs that other programs wrote down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from flyball.cli.options import JsonOption, LedgerOption, open_ledger


def import_runs(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files to read.")],
    outcomes: Annotated[
        Path | None,
        typer.Option(help="SWE-bench's report, where the files do not say what was solved."),
    ] = None,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring other programs' runs into the ledger.

    Trajectories as JSON lines, AgentStop's table, SWE-agent's and mini-swe-agent's .traj, and
    OpenTelemetry spans (OpenInference or GenAI), as they are or packed with gzip. A file that is
    damaged brings nothing; one that was imported before brings nothing new.
    """
    from flyball.ledger.imports import import_file, read_outcomes

    known = read_outcomes(outcomes) if outcomes else {}
    rows = []
    with open_ledger(ledger) as opened:
        for path in files:
            added = import_file(opened, path, known)
            rows.append({"file": str(path), "runs": added})
            if not as_json:
                typer.echo(f"{path}: {added:,} new runs")
    if as_json:
        typer.echo(json.dumps(rows))
