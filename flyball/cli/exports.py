"""`flyball export`: runs for other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from flyball.cli.options import LedgerOption, open_ledger


def export(
    run_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN...]", help="Runs; all, if none is named.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A file; standard output, if not given.")] = None,
    ledger: LedgerOption = None,
) -> None:
    """Write runs as OpenInference spans, in the JSON of OTLP: any tracing backend takes it."""
    from flyball.errors import ConfigError
    from flyball.ledger.exports import run_to_spans, spans_to_otlp

    with open_ledger(ledger) as opened:
        runs = [opened.run(each) for each in run_ids] if run_ids else opened.runs()
        spans = [span for run in runs for span in run_to_spans(run, opened.steps(run.id))]
    text = json.dumps(spans_to_otlp(spans))
    if out is None:
        typer.echo(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot write {out}: {error.strerror}; give another --out") from error
    typer.echo(f"{out}: {len(runs)} runs, {len(spans)} spans", err=True)
