"""The ledger's schema, version by version: `PRAGMA user_version` counts the functions done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

APPLICATION_ID = 0x666C7962
"""`flyb`, in the file's header: tells a ledger from other programs' SQLite files."""

FIRST = """
CREATE TABLE run (
    id TEXT NOT NULL PRIMARY KEY,
    suite TEXT NOT NULL,
    task_id TEXT NOT NULL,
    agent TEXT NOT NULL,
    policy TEXT NOT NULL,
    status TEXT NOT NULL,
    score REAL,
    success BOOLEAN,
    failed BOOLEAN,
    day TEXT NOT NULL,
    started_at TEXT NOT NULL,
    record TEXT NOT NULL
);
CREATE INDEX ix_run_started_at ON run (started_at);
CREATE TABLE step (
    run_id TEXT NOT NULL REFERENCES run (id),
    "index" INTEGER NOT NULL,
    policy TEXT NOT NULL,
    tool TEXT NOT NULL,
    ruling TEXT NOT NULL,
    ruled_by TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (run_id, "index")
);
CREATE TABLE spend (
    run_id TEXT NOT NULL REFERENCES run (id),
    "index" INTEGER NOT NULL,
    part TEXT NOT NULL,
    seconds REAL NOT NULL,
    requests INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cost_pusd INTEGER NOT NULL,
    unpriced_requests INTEGER NOT NULL,
    measured_j REAL,
    estimated_j REAL,
    energy_method TEXT,
    PRIMARY KEY (run_id, "index", part)
) WITHOUT ROWID;
CREATE TABLE tally (
    run_id TEXT NOT NULL REFERENCES run (id),
    policy TEXT NOT NULL,
    part TEXT NOT NULL,
    steps INTEGER NOT NULL,
    seconds REAL NOT NULL,
    input_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cost_pusd INTEGER NOT NULL,
    unpriced_requests INTEGER NOT NULL,
    read_j REAL,
    estimated_j REAL,
    method_rank INTEGER,
    PRIMARY KEY (run_id, policy, part)
) WITHOUT ROWID;
"""


def first(connection: Connection) -> None:
    """Version 1: runs, steps, what they took, and the sums of it."""
    for statement in FIRST.split(";"):
        if statement.strip():
            connection.exec_driver_sql(statement)


def second(connection: Connection) -> None:
    """Version 2: which batch of benchmark episodes a run belongs to."""
    connection.exec_driver_sql("ALTER TABLE run ADD COLUMN batch TEXT NOT NULL DEFAULT ''")
    connection.exec_driver_sql("CREATE INDEX ix_run_batch ON run (batch)")


def third(connection: Connection) -> None:
    """Version 3: what the environment knew of a run, which nobody in it was shown."""
    connection.exec_driver_sql(
        "CREATE TABLE truth (run_id TEXT NOT NULL PRIMARY KEY REFERENCES run (id),"
        " milestones TEXT NOT NULL)"
    )


FOURTH = """
ALTER TABLE run ADD COLUMN shared BOOLEAN NOT NULL DEFAULT 0;
ALTER TABLE spend ADD COLUMN unmetered_seconds REAL NOT NULL DEFAULT 0;
ALTER TABLE spend ADD COLUMN unknown_why TEXT;
ALTER TABLE spend ADD COLUMN over_idle_j REAL;
ALTER TABLE spend ADD COLUMN own_j REAL;
ALTER TABLE tally ADD COLUMN unmetered_seconds REAL NOT NULL DEFAULT 0;
ALTER TABLE tally ADD COLUMN unknown_why TEXT;
ALTER TABLE tally ADD COLUMN over_idle_j REAL;
ALTER TABLE tally ADD COLUMN own_j REAL;
ALTER TABLE spend ADD COLUMN prefill_seconds REAL;
ALTER TABLE spend ADD COLUMN decode_seconds REAL;
ALTER TABLE spend ADD COLUMN decode_bytes INTEGER;
ALTER TABLE spend ADD COLUMN remote_low_j REAL;
ALTER TABLE spend ADD COLUMN remote_high_j REAL;
ALTER TABLE tally ADD COLUMN prefill_seconds REAL;
ALTER TABLE tally ADD COLUMN decode_seconds REAL;
ALTER TABLE tally ADD COLUMN decode_bytes INTEGER;
ALTER TABLE tally ADD COLUMN remote_low_j REAL;
ALTER TABLE tally ADD COLUMN remote_high_j REAL;
UPDATE run SET shared = 1
    WHERE coalesce(json_extract(record, '$.task.metadata.workers'), '1') != '1';
UPDATE spend SET unmetered_seconds = seconds
    WHERE measured_j IS NULL AND estimated_j IS NULL;
UPDATE tally SET unmetered_seconds = coalesce((
    SELECT sum(spend.unmetered_seconds) FROM spend JOIN step
        ON step.run_id = spend.run_id AND step."index" = spend."index"
    WHERE spend.run_id = tally.run_id AND spend.part = tally.part
        AND step.policy = tally.policy), 0)
"""


def fourth(connection: Connection) -> None:
    """Version 4: for how long energy was not known and why, whose it was, and what writing took."""
    for statement in FOURTH.split(";"):
        connection.exec_driver_sql(statement)


FIFTH = """
UPDATE spend SET {name} = 0 WHERE requests = 0 AND {name} IS NULL;
UPDATE tally SET {name} = (
    SELECT CASE WHEN count(*) = count(spend.{name}) THEN sum(spend.{name}) END
    FROM spend JOIN step ON step.run_id = spend.run_id AND step."index" = spend."index"
    WHERE spend.run_id = tally.run_id AND spend.part = tally.part AND step.policy = tally.policy)
"""


def fifth(connection: Connection) -> None:
    """Version 5: what requests tell is unknown in a sum as soon as one of them does not tell."""
    for name in ("prefill_seconds", "decode_seconds", "decode_bytes"):
        for statement in FIFTH.format(name=name).split(";"):
            connection.exec_driver_sql(statement)


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (first, second, third, fourth, fifth)
"""The function at index n takes a ledger from version n to n + 1. Released ones never change."""
