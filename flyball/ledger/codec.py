"""Runs and steps as JSON, exactly, whatever a page or a model put into them."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from flyball.errors import LedgerError
from flyball.records import Run, Step

Record = TypeVar("Record", Run, Step)

# JSON has no infinity, and a token that cannot be has a log-probability of minus infinity. A
# dataclass takes no configuration from outside; a union that holds it does.
CONFIG = ConfigDict(ser_json_inf_nan="strings")
RUN: TypeAdapter[Run | None] = TypeAdapter(Run | None, config=CONFIG)
STEP: TypeAdapter[Step | None] = TypeAdapter(Step | None, config=CONFIG)


def run_to_json(run: Run) -> str:
    """Write `run` as one JSON object."""
    return _dump(RUN, run)


def step_to_json(step: Step) -> str:
    """Write `step` as one JSON object; an argument that has no JSON is written as its repr."""
    return _dump(STEP, step)


def run_from_json(text: str) -> Run:
    """Read a run back. Raises `LedgerError`."""
    return _load(RUN, text)


def step_from_json(text: str) -> Step:
    """Read a step back. Raises `LedgerError`."""
    return _load(STEP, text)


def _dump(adapter: TypeAdapter[Record | None], record: Record) -> str:
    try:
        return adapter.dump_json(record, fallback=repr).decode()
    except PydanticSerializationError:
        # A page can cut a character in half, and half a surrogate pair has no UTF-8. Losing the
        # half is better than losing the step.
        whole = adapter.validate_python(_encodable(adapter.dump_python(record)))
        return adapter.dump_json(whole, fallback=repr).decode()


def _encodable(value: object) -> object:
    """The same data without halves of characters."""
    match value:
        case str():
            return value.encode(errors="replace").decode()
        case bytes():
            return value.decode(errors="replace")
        case dict():
            return {_encodable(key): _encodable(each) for key, each in value.items()}
        case list() | tuple():
            return [_encodable(each) for each in value]
        case _:
            return value


def _load(adapter: TypeAdapter[Record | None], text: str) -> Record:
    try:
        record = adapter.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise LedgerError(
            f"a record in the ledger cannot be read: {where}: {first['msg']}"
            " (was it written by a newer Flyball?)"
        ) from error
    if record is None:
        raise LedgerError("a record in the ledger is empty")
    return record
