"""Write runs down, and read them back exactly as they were."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import platformdirs
from sqlalchemy import ColumnElement, Connection, case, delete, func
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from flyball.errors import LedgerError, UnknownRunError
from flyball.ledger.codec import run_from_json, step_from_json
from flyball.ledger.rows import (
    TOLD,
    parts,
    run_columns,
    spend_columns,
    step_columns,
    tally_columns,
)
from flyball.ledger.store import Store
from flyball.ledger.tables import RunRow, SpendRow, StepRow, TallyRow, TruthRow
from flyball.ledger.wording import ELSEWHERE
from flyball.records import Run, Status, Step, Trajectory

MEMORY = ":memory:"


def ledger_path(given: Path | None = None) -> Path:
    """Where the ledger is: `given`, else FLYBALL_LEDGER, else the user's data directory."""
    if given is not None:
        return given
    if named := os.environ.get("FLYBALL_LEDGER"):
        return Path(named).expanduser()
    return platformdirs.user_data_path("flyball", appauthor=False) / "ledger.db"


class Deleted(NamedTuple):
    """A run that was taken out of the ledger, whole."""

    run: Run
    steps: tuple[Step, ...]
    milestones: tuple[tuple[str, ...], ...] | None


class Ledger:
    """The runs in one SQLite file, made where there is none; `":memory:"` keeps none.

    Calls block for well under a millisecond, so an event loop may make them. Threads may share
    a ledger, and processes a file. Everything raises `LedgerError`, with one line that names the
    file and the remedy; a call that raises has written nothing.
    """

    def __init__(self, path: Path | str | None = None) -> None:
        if path == MEMORY:
            self.store = Store(None)
            return
        self.path = ledger_path(None if path is None else Path(path))
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerError(f"ledger {self.path}: {error.strerror}; {ELSEWHERE}") from error
        self.store = Store(self.path)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.store.close()

    def save(self, run: Run) -> None:
        """Write `run`, or what has become of it."""
        with self.store.transaction() as connection:
            connection.execute(SAVE_RUN, run_columns(run))

    def append(self, run_id: str, step: Step) -> None:
        """Write a finished step of a run that was saved before; it survives a SIGKILL."""
        try:
            with self.store.transaction() as connection:
                _add_step(connection, run_id, step)
        except IntegrityError as error:
            known = "FOREIGN KEY" not in str(error.orig)
            fault = f"has a step {step.index} already" if known else "is not in the ledger"
            raise LedgerError(f"run {run_id!r} {fault}") from error

    def mark(self, run_id: str, milestones: Sequence[Sequence[str]]) -> None:
        """Write down which subgoals the action before each step of a run was first to reach."""
        told = {"run_id": run_id, "milestones": json.dumps(milestones)}
        try:
            with self.store.transaction() as connection:
                connection.execute(MARK, told)
        except IntegrityError as error:
            raise LedgerError(f"run {run_id!r} is not in the ledger") from error

    def milestones(self, run_id: str) -> tuple[tuple[str, ...], ...] | None:
        """What `mark` wrote; `None` where nothing told. It was known to no policy or monitor."""
        query = select(TruthRow.milestones).where(TruthRow.run_id == run_id)
        for (told,) in self.store.rows(query):
            return tuple(tuple(names) for names in json.loads(told))
        return None

    def add(self, runs: Iterable[tuple[Run, Sequence[Step]]]) -> int:
        """Write whole runs, all of them or none, and count those that were not there before."""
        added = 0
        with self.store.transaction() as connection:
            for run, steps in runs:
                known = select(RunRow.id).where(RunRow.id == run.id)
                if connection.execute(known).first() is not None:
                    continue
                connection.execute(SAVE_RUN, run_columns(run))
                for step in steps:
                    _add_step(connection, run.id, step)
                added += 1
        return added

    def delete(self, run_id: str) -> Deleted:
        """Take a run out, and give what `put_back` needs to have it as it was."""
        run, milestones = self.run(run_id), self.milestones(run_id)
        gone = Deleted(run=run, steps=self._steps(run), milestones=milestones)
        with self.store.transaction() as connection:
            for table in (TallyRow, SpendRow, StepRow, TruthRow):
                connection.execute(delete(table).where(col(table.run_id) == run.id))
            connection.execute(delete(RunRow).where(col(RunRow.id) == run.id))
        return gone

    def put_back(self, gone: Deleted) -> None:
        """Undo `delete`."""
        self.add([(gone.run, gone.steps)])
        if gone.milestones is not None:
            self.mark(gone.run.id, gone.milestones)

    def run(self, run_id: str) -> Run:
        """The run with this id, or with the only id that starts so."""
        first, last = run_id, run_id + chr(0x10FFFF)
        query = select(RunRow.id, RunRow.record).where(
            col(RunRow.id) >= first, col(RunRow.id) < last
        )
        found = {row.id: row.record for row in self.store.rows(query.order_by("id").limit(4))}
        if run_id in found:
            return run_from_json(found[run_id])
        if not found or not run_id:
            raise UnknownRunError(f"no run is called {run_id!r}; `flyball runs` lists them")
        if len(found) > 1:
            some = ", ".join(found)
            raise UnknownRunError(f"more than one run starts with {run_id!r}: {some}")
        return run_from_json(*found.values())

    def runs(
        self,
        *,
        suite: str | None = None,
        agent: str | None = None,
        policy: str | None = None,
        status: Status | None = None,
        limit: int | None = None,
    ) -> tuple[Run, ...]:
        """The runs that fit, newest first."""
        wanted = {"suite": suite, "agent": agent, "policy": policy, "status": status}
        query = (
            select(RunRow.record)
            .filter_by(**{name: value for name, value in wanted.items() if value is not None})
            .order_by(col(RunRow.started_at).desc(), col(RunRow.id).desc())
            .limit(limit)
        )
        return tuple(run_from_json(record) for (record,) in self.store.rows(query))

    def batch(self, batch: str) -> tuple[Run, ...]:
        """The runs whose task's metadata name this `batch`, oldest first."""
        mine = select(RunRow.record).where(RunRow.batch == batch)
        query = mine.order_by(col(RunRow.started_at), col(RunRow.id))
        return tuple(run_from_json(record) for (record,) in self.store.rows(query))

    def steps(self, run_id: str) -> tuple[Step, ...]:
        """Every step of a run that was recorded, in order."""
        return self._steps(self.run(run_id))

    def trajectory(self, run_id: str) -> Trajectory:
        """A run's task and steps, as the monitors saw them."""
        run = self.run(run_id)
        return Trajectory(task=run.task, steps=self._steps(run))

    def _steps(self, run: Run) -> tuple[Step, ...]:
        query = select(StepRow.record).where(StepRow.run_id == run.id).order_by(col(StepRow.index))
        return tuple(step_from_json(record) for (record,) in self.store.rows(query))


def _add_step(connection: Connection, run_id: str, step: Step) -> None:
    spends = [spend_columns(run_id, step, part, spend) for part, spend in parts(step)]
    tallies = [tally_columns(run_id, step, part, spend) for part, spend in parts(step)]
    connection.execute(ADD_STEP, step_columns(run_id, step))
    connection.execute(ADD_SPEND, spends)
    connection.execute(ADD_TO_TALLY, tallies)


def _save_run() -> Insert:
    save = insert(RunRow)
    changed = {name: save.excluded[name] for name in RunRow.model_fields if name != "id"}
    return save.on_conflict_do_update(index_elements=["id"], set_=changed)


def _add_to_tally() -> Insert:
    add = insert(TallyRow)
    new = add.excluded
    keys = ("run_id", "policy", "part")
    sums: dict[str, ColumnElement[Any]] = {
        name: _plus(getattr(TallyRow, name), new[name])
        for name in TallyRow.model_fields
        if name not in keys
    }
    # Of these NULL is a request that did not tell, and takes the sum with it.
    sums |= {name: getattr(TallyRow, name) + new[name] for name in TOLD}
    rank = col(TallyRow.method_rank)
    sums["unknown_why"] = func.coalesce(col(TallyRow.unknown_why), new.unknown_why)
    sums["method_rank"] = func.max(
        func.coalesce(rank, new.method_rank), func.coalesce(new.method_rank, rank)
    )
    return add.on_conflict_do_update(index_elements=list(keys), set_=sums)


def _plus(kept: ColumnElement[Any], new: ColumnElement[Any]) -> ColumnElement[Any]:
    """Their sum, where what is unknown adds nothing and two unknowns stay unknown."""
    return case((new.is_(None), kept), else_=func.coalesce(kept, 0) + new)


def _mark() -> Insert:
    mark = insert(TruthRow)
    told = {"milestones": mark.excluded.milestones}
    return mark.on_conflict_do_update(index_elements=["run_id"], set_=told)


MARK = _mark()
SAVE_RUN = _save_run()
ADD_STEP = insert(StepRow)
ADD_SPEND = insert(SpendRow)
ADD_TO_TALLY = _add_to_tally()
