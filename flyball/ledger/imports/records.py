"""What the readers of foreign formats share: lines, fields that are checked, and what they make."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

from flyball.errors import ConfigError
from flyball.records import Action, Observation, Run, Spend, Step, Task

Kind = TypeVar("Kind")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""When a run is said to have begun where its source does not say."""


class Imported(NamedTuple):
    """A run that another program wrote down."""

    run: Run
    steps: tuple[Step, ...]


class Turn(NamedTuple):
    """An action, and what came of it as far as the source says."""

    action: Action
    result: str | None
    ok: bool = True
    spend: Spend = Spend()


def open_text(path: Path) -> IO[str]:
    """Open a file, packed with gzip or not."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def read_lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Each line's number and JSON object. Raises `ConfigError` with the file and the line."""
    with open_text(path) as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield number, parse(line, f"{path}, line {number}")


def read_document(path: Path) -> Any:
    """The JSON that a whole file holds. Raises `ConfigError` with the file and the line."""
    with open_text(path) as file:
        text = file.read()
    try:
        return json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise ConfigError(f"{path}, line {line}: no JSON: {error}") from error


def parse(line: str, where: str) -> Mapping[str, Any]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise ConfigError(f"{where}: no JSON: {error}") from error
    if not isinstance(value, dict):
        raise ConfigError(f"{where}: a JSON object was expected, not {type(value).__name__}")
    return value


def need(record: Mapping[str, Any], key: str, kind: type[Kind], where: str) -> Kind:
    """The value of `key`. Raises `ConfigError` where it is missing or of another kind."""
    if key not in record:
        raise ConfigError(f"{where}: {key!r} is missing")
    return typed(record[key], key, kind, where)


def typed(value: object, key: str, kind: type[Kind], where: str) -> Kind:
    """`value`, which must be of this kind. Raises `ConfigError`."""
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ConfigError(
            f"{where}: {key!r} must be {kind.__name__}, and is {type(value).__name__}"
        )
    return value


def text_of(value: object) -> str:
    """A text as it is, nothing for nothing, the parts of a message's content, else JSON."""
    match value:
        case None:
            return ""
        case str():
            return value
        case [{"text": _}, *_]:
            return "\n".join(text_of(part.get("text")) for part in value if isinstance(part, dict))
        case _:
            return json.dumps(value, ensure_ascii=False, default=str)


def make_steps(task: Task, policy: str, turns: Sequence[Turn]) -> tuple[Step, ...]:
    """Steps out of turns: each sees what came of the one before, and the first sees the task."""
    seen = Observation(source="task", text=task.prompt)
    steps = list[Step]()
    for index, turn in enumerate(turns):
        steps.append(
            Step(
                index=index,
                policy=policy,
                observation=seen,
                action=turn.action,
                policy_spend=turn.spend,
            )
        )
        note = "" if turn.result is not None else "the result was not recorded"
        seen = Observation(source=turn.action.tool, text=turn.result or "", ok=turn.ok, note=note)
    return tuple(steps)
