"""What SQLite refuses, in plain words. The standard library only."""

from __future__ import annotations

BUSY_SECONDS = 5.0
"""How long to wait for another process that is writing."""

ELSEWHERE = "name another ledger with --ledger or FLYBALL_LEDGER"

# By the start of SQLite's own name for the error (https://sqlite.org/rescode.html).
PLAIN_WORDS = {
    "SQLITE_READONLY": f"the file or its directory is read-only; {ELSEWHERE}",
    "SQLITE_FULL": "the disk is full; free some space: what was written before is safe",
    "SQLITE_NOTADB": f"this is no SQLite file; {ELSEWHERE}",
    "SQLITE_CORRUPT": f"the file is damaged; restore a copy, or {ELSEWHERE}",
    "SQLITE_BUSY": f"another process has kept it locked for {BUSY_SECONDS:g} s; end it, or wait",
    "SQLITE_LOCKED": f"another process has kept it locked for {BUSY_SECONDS:g} s; end it, or wait",
    "SQLITE_CANTOPEN": f"it cannot be opened: no such directory, or no right to; {ELSEWHERE}",
    "SQLITE_IOERR": "the disk does not read or write; is it full, or gone?",
    "SQLITE_TOOBIG": "a step holds more than SQLite takes (1 GB)",
}


def newer(schema: int, known: int) -> str:
    """Say that a ledger is of a later schema than this program knows."""
    return (
        f"written by a newer Flyball (schema {schema}, this one knows {known});"
        f" update flyball, or {ELSEWHERE}"
    )
