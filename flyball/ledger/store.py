"""One SQLite file, open: its settings, its lock, and its errors in plain words."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Executable, Row, StaticPool, create_engine
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from flyball.errors import LedgerError
from flyball.ledger.migrations import APPLICATION_ID, MIGRATIONS
from flyball.ledger.wording import BUSY_SECONDS, ELSEWHERE, PLAIN_WORDS, newer


class Store:
    """A connection that threads share by taking turns.

    WAL lets other processes read while this one writes. `synchronous` is NORMAL: what was
    committed outlives the process however it ends, and a power cut may take the last commits but
    not the file's integrity (https://sqlite.org/pragma.html#pragma_synchronous).
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._engine = create_engine(
            URL.create("sqlite", database=str(path) if path else None),
            poolclass=StaticPool,
            connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS},
        )
        with self._in_plain_words():
            self._connection = self._engine.connect()
        try:
            with self._in_plain_words():
                self._prepare()
                self._connection.commit()
        except LedgerError:
            self.close()
            raise

    def close(self) -> None:
        with self._lock, self._in_plain_words():
            self._connection.close()
            self._engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All of it is written, or nothing. Raises `LedgerError`, and `IntegrityError` as it is."""
        with self._lock, self._in_plain_words(), self._connection.begin():
            yield self._connection

    def rows(self, query: Executable) -> Sequence[Row[Any]]:
        with self.transaction() as connection:
            return connection.execute(query).all()

    def _prepare(self) -> None:
        self._use_wal()
        for setting in ("synchronous = NORMAL", "foreign_keys = ON"):
            self._pragma(setting)
        if self._version() < len(MIGRATIONS):
            self._migrate()
        if self._pragma("application_id") != APPLICATION_ID:
            raise LedgerError(f"{self._name}: another program's file; {ELSEWHERE}")
        if self._version() > len(MIGRATIONS):
            raise LedgerError(f"{self._name}: {newer(self._version(), len(MIGRATIONS))}")

    def _use_wal(self) -> None:
        # Several processes that open a new file at once can each be refused the switch, and
        # SQLite does not wait for this lock by itself.
        for wait in (0.01, 0.1, 1.0, BUSY_SECONDS):
            try:
                self._pragma("journal_mode = WAL")
            except DBAPIError as error:
                if not _code(error).startswith("SQLITE_BUSY"):
                    raise
                time.sleep(wait)
            else:
                return
        self._pragma("journal_mode = WAL")

    def _migrate(self) -> None:
        connection = self._connection
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            # Another process may have been quicker.
            if self._version() == 0 and self._pragma("application_id") == 0:
                self._claim()
            if self._pragma("application_id") == APPLICATION_ID:
                for migrate in MIGRATIONS[self._version() :]:
                    migrate(connection)
                self._pragma(f"user_version = {max(self._version(), len(MIGRATIONS))}")
            connection.commit()
        except BaseException:
            connection.rollback()
            raise

    def _claim(self) -> None:
        """Mark an empty file as a ledger; leave one that holds something as it is."""
        tables = self._connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
        if not tables:
            self._pragma(f"application_id = {APPLICATION_ID}")

    def _version(self) -> int:
        return int(self._pragma("user_version"))

    def _pragma(self, setting: str) -> Any:
        result = self._connection.exec_driver_sql(f"PRAGMA {setting}")
        return result.scalar() if result.returns_rows else None

    @property
    def _name(self) -> str:
        return f"ledger {self.path or 'in memory'}"

    @contextmanager
    def _in_plain_words(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except (SQLAlchemyError, sqlite3.Error) as error:
            code = _code(error)
            known = (text for start, text in PLAIN_WORDS.items() if code.startswith(start))
            raise LedgerError(f"{self._name}: {next(known, str(error))}") from error


def _code(error: Exception) -> str:
    origin = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(origin, "sqlite_errorname", ""))
