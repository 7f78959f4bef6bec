"""`flyball audit`: what runs took, and what of it went into failures."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from flyball.cli.options import JsonOption, LedgerOption, open_ledger
from flyball.errors import ConfigError


class By(StrEnum):
    """What an audit's rows are."""

    TASK = "task"
    MODEL = "model"
    AGENT = "agent"
    SUITE = "suite"
    DAY = "day"


def audit(
    by: Annotated[By, typer.Option(help="What a row is.")] = By.TASK,
    ledger: LedgerOption = None,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, for spreadsheets.")] = False,
) -> None:
    """Sum up tokens, money and energy of the runs in the ledger."""
    from flyball.cli.show import print_audit, print_audit_csv, print_audit_json
    from flyball.ledger import audit as audited

    if as_json and as_csv:
        raise ConfigError("--json and --csv exclude each other; give one of them")
    with open_ledger(ledger) as opened:
        rows = audited(opened, by=by.value)
    if as_json:
        print_audit_json(rows)
    elif as_csv:
        print_audit_csv(rows)
    else:
        print_audit(rows)
