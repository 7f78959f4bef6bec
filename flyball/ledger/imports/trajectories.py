"""Trajectories as JSON, one a line: `{source, model, agent, task_id, task, steps, success, ...}`.

A step is `{thought, action: {name, args}, observation, ...}`, its observation being what came back
after the action. `meta` holds what is known afterwards; only `env`, `db` and `max_steps` are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flyball.errors import ConfigError
from flyball.ledger.imports.records import (
    EPOCH,
    Imported,
    Turn,
    make_steps,
    need,
    read_lines,
    text_of,
    typed,
)
from flyball.records import Action, Budget, Run, Spend, Task, Usage

KEYS = frozenset({"source", "model", "task_id", "steps", "success"})


def is_one(first: Mapping[str, Any]) -> bool:
    """Whether a file that begins with this object is of this format."""
    return first.keys() >= KEYS


def read(path: Path) -> Iterator[Imported]:
    """Raises `ConfigError` with the file and the line."""
    for number, record in read_lines(path):
        yield _imported(record, f"{path}, line {number}", f"{path.name}:{number}")


def _imported(record: Mapping[str, Any], where: str, name: str) -> Imported:
    meta = typed(record.get("meta") or {}, "meta", dict, where)
    model = need(record, "model", str, where)
    task = _task(record, meta, where)
    steps = typed(need(record, "steps", list, where), "steps", list, where)
    turns = [_turn(step, f"{where}, step {place}") for place, step in enumerate(steps)]
    success = record.get("success")
    trial = record.get("trial")
    run = Run(
        id=name,
        task=task,
        agent=text_of(record.get("agent")) or "unknown",
        policy=model,
        seed=None if trial is None else typed(trial, "trial", int, where),
        status="finished",
        ended_by="environment",
        score=None if success is None else float(typed(success, "success", bool, where)),
        started_at=EPOCH,
    )
    return Imported(run, make_steps(task, model, turns))


def _task(record: Mapping[str, Any], meta: Mapping[str, Any], where: str) -> Task:
    environment = text_of(meta.get("env"))
    source = need(record, "source", str, where).rpartition("/")[2]
    most = meta.get("max_steps")
    metadata = {"source": text_of(record.get("source")), "unrecorded": "seconds joules"}
    if "db" in meta:
        # Tasks on one database resemble each other: a split must not part them.
        metadata["group"] = f"{environment}:{text_of(meta['db'])}"
    return Task(
        id=need(record, "task_id", str, where),
        prompt=text_of(record.get("task")),
        suite=f"{source}/{environment}" if environment else source,
        budget=Budget(steps=None if most is None else typed(most, "max_steps", int, where)),
        metadata=metadata,
    )


def _turn(step: object, where: str) -> Turn:
    record = typed(step, "step", dict, where)
    action = typed(record.get("action") or {}, "action", dict, where)
    result = record.get("observation")
    return Turn(
        action=Action(
            tool=text_of(action.get("name")) or "invalid",
            arguments=_arguments(action.get("args")),
            thought=text_of(record.get("thought")),
        ),
        result=None if result is None else text_of(result),
        ok=record.get("valid") is not False,
        spend=Spend(usage=_usage(record, where)),
    )


def _arguments(given: object) -> Mapping[str, object]:
    if given is None:
        return {}
    return given if isinstance(given, dict) else {"value": given}


def _usage(record: Mapping[str, Any], where: str) -> Usage:
    counts = [record.get(name) for name in ("tokens_in", "tokens_out")]
    if counts == [None, None]:
        return Usage()
    sent, written = (0 if each is None else typed(each, "tokens", int, where) for each in counts)
    if sent < 0 or written < 0:
        raise ConfigError(f"{where}: tokens cannot be negative")
    return Usage(requests=1, unpriced_requests=1, input_tokens=sent, output_tokens=written)
