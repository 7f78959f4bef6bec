"""What runs are read from: ledgers, and files of other programs that are read as they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flyball.errors import ConfigError
from flyball.ledger.imports.imports import read_file
from flyball.ledger.imports.records import Imported

SQLITE = b"SQLite format 3\x00"


def is_ledger(source: Path) -> bool:
    """Whether a file is a database, whatever it is called. Raises `ConfigError`."""
    try:
        with source.open("rb") as file:
            return file.read(len(SQLITE)) == SQLITE
    except OSError as error:
        raise ConfigError(f"{source}: cannot be read: {error.strerror}") from error


def read_checked(source: Path) -> Iterator[Imported]:
    """The runs of a file that `flyball import` takes, of those that have steps and a score.

    Raises `ConfigError`.
    """
    for run, steps in read_file(source):
        if run.success is not None and steps:
            yield Imported(run, steps)
