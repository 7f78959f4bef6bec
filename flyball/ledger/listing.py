"""Look runs up for a screen: windows of many, and what a run has come to since it was seen.

It reads through the standard library alone, since a screen is to be there before SQLAlchemy is
loaded, and it writes nothing.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from flyball.errors import LedgerError
from flyball.ledger.migrations import APPLICATION_ID, MIGRATIONS
from flyball.ledger.wording import BUSY_SECONDS, ELSEWHERE, PLAIN_WORDS, newer

Sort = Literal["started", "task", "status", "outcome", "policy", "suite", "steps", "joules"]

SORTS = {
    "started": "run.started_at",
    "task": "run.task_id",
    "status": "run.status",
    "outcome": "run.success",
    "policy": "run.policy",
    "suite": "run.suite",
    "steps": "sums.steps",
    "joules": "sums.joules",
}
SUMS = (
    "(SELECT run_id, sum(steps) FILTER (WHERE part = 'policy') AS steps,"
    # What was read is never added to what was estimated.
    " CASE WHEN sum(read_j) IS NULL THEN sum(estimated_j)"
    " WHEN sum(estimated_j) IS NULL THEN sum(read_j) END AS joules FROM tally {} GROUP BY run_id)"
)
OUTCOMES = {"won": "run.success = 1", "lost": "run.success = 0", "unchecked": "run.success IS NULL"}
SEARCHED = ("run.id", "run.task_id", "run.policy", "run.suite", "run.status", "run.agent")


class Listed(NamedTuple):
    """One line of a list of runs. What is unknown is `None`."""

    id: str
    task: str
    status: str
    success: bool | None
    policy: str
    suite: str
    agent: str
    started_at: str
    steps: int | None
    joules: float | None


class Listing:
    """A ledger that is read and never written. Threads may share it. Raises `LedgerError`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        if not path.is_file():
            what = "is no file" if path.exists() else "is not there yet"
            raise LedgerError(f"ledger {path}: it {what}; a first run makes it, or {ELSEWHERE}")
        with self._in_plain_words():
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro",
                uri=True,
                timeout=BUSY_SECONDS,
                check_same_thread=False,
            )
            try:
                self._check()
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        self._connection.close()

    def order(
        self, words: str = "", sort: Sort = "started", *, descending: bool = True
    ) -> list[int]:
        """Where the runs are that fit all `words`, sorted; unknown figures come last.

        A word is a part of a name, or `won`, `lost`, `unchecked`. The places go to `lines`.
        """
        if sort not in get_args(Sort):
            raise LedgerError(f"runs are not sorted by {sort!r}")
        column, way = SORTS[sort], "DESC" if descending else "ASC"
        tests, values = _tests(words)
        where = f" WHERE {' AND '.join(tests)}" if tests else ""
        if column.startswith("sums."):
            source = f"run LEFT JOIN {SUMS.format('')} AS sums ON sums.run_id = run.id"
            by = f"{column} IS NULL, {column} {way}, run.started_at DESC"
        else:
            source = "run"
            # Led by the column alone, its index gives the order.
            by = f"{column} {way}" if sort == "started" else f"{column} {way}, run.started_at DESC"
        rows = self._rows(f"SELECT run.rowid FROM {source}{where} ORDER BY {by}", values)
        return [place for (place,) in rows]

    def lines(self, places: Sequence[int]) -> list[Listed]:
        """What stands at each of some places; those that are gone are left out."""
        marks = ",".join("?" * len(places))
        mine = f"WHERE run_id IN (SELECT id FROM run WHERE rowid IN ({marks}))"
        rows = self._rows(
            "SELECT run.rowid, id, task_id, status, success, policy, suite, agent, started_at,"
            f" sums.steps, sums.joules FROM run LEFT JOIN {SUMS.format(mine)} AS sums"
            f" ON sums.run_id = run.id WHERE run.rowid IN ({marks})",
            [*places, *places],
        )
        found = {place: Listed(*row) for place, *row in rows}
        return [_typed(found[place]) for place in places if place in found]

    def running(self) -> list[str]:
        """The runs that nothing says to be over, newest first."""
        query = "SELECT id FROM run WHERE status = 'running' ORDER BY started_at DESC LIMIT 20"
        return [name for (name,) in self._rows(query)]

    def run(self, run_id: str) -> str | None:
        """A run's record as JSON; `None` where it is gone."""
        for (record,) in self._rows("SELECT record FROM run WHERE id = ?", [run_id]):
            return str(record)
        return None

    def steps(self, run_id: str, start: int = 0) -> list[str]:
        """The records of a run's steps from `start` on, as JSON."""
        query = 'SELECT record FROM step WHERE run_id = ? AND "index" >= ? ORDER BY "index"'
        return [record for (record,) in self._rows(query, [run_id, start])]

    def version(self) -> int:
        """A number that changes with whatever another connection writes."""
        return int(self._rows("PRAGMA data_version")[0][0])

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._lock, self._in_plain_words():
            return self._connection.execute(query, values).fetchall()

    def _check(self) -> None:
        [application] = self._connection.execute("PRAGMA application_id").fetchone()
        [schema] = self._connection.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION_ID:
            raise LedgerError(f"ledger {self.path}: another program's file; {ELSEWHERE}")
        if schema > len(MIGRATIONS):
            raise LedgerError(f"ledger {self.path}: {newer(schema, len(MIGRATIONS))}")

    @contextmanager
    def _in_plain_words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorname", "")
            known = (text for start, text in PLAIN_WORDS.items() if code.startswith(start))
            raise LedgerError(f"ledger {self.path}: {next(known, str(error))}") from error


def _tests(words: str) -> tuple[list[str], list[str]]:
    tests, values = list[str](), list[str]()
    for word in words.lower().split():
        if word in OUTCOMES:
            tests.append(OUTCOMES[word])
            continue
        escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        fits = " OR ".join(f"{name} LIKE ? ESCAPE '\\'" for name in SEARCHED)
        tests.append(f"({fits})")
        values += [f"%{escaped}%"] * len(SEARCHED)
    return tests, values


def _typed(line: Listed) -> Listed:
    return line if line.success is None else line._replace(success=bool(line.success))
