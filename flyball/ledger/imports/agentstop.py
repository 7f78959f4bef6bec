"""AgentStop's table (arXiv 2605.15206): a run a row, with `logprobs`, `tokens` and step energies.

`logprobs` and `tokens` hold a list a step, of each token that was generated there, as Python writes
lists. `step_K_energy_total_mWh` is what step K took, from 0; steps beyond the last list (a
final answer, say) are part of what the last one took. `agent_output_eval` is CORRECT or
not, and missing from tables that nobody has judged yet.
"""

from __future__ import annotations

import ast
import csv
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from flyball.errors import ConfigError
from flyball.ledger.imports.records import EPOCH, Imported, Turn, make_steps, open_text
from flyball.records import Action, Energy, Run, Spend, Task, Usage

NEEDED = ("logprobs", "tokens")
CORRECT = "CORRECT"
JOULES_PER_MWH = 3.6
"""A milliwatt-hour is 3.6 joules."""
TASK_COLUMNS = ("instance_id", "task_id", "question", "problem", "task")
"""What tells the task, best first; where there is none of them, the row's number does."""


def is_one(header: Sequence[str]) -> bool:
    """Whether a table with these columns is of this format."""
    return set(header) >= set(NEEDED)


def read(path: Path) -> Iterator[Imported]:
    """Raises `ConfigError` with the file and the line."""
    # A row holds every token of a run, far beyond the csv module's usual limit for a field.
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    with open_text(path) as file:
        rows = csv.DictReader(file)
        missing = [name for name in NEEDED if name not in (rows.fieldnames or ())]
        if missing:
            raise ConfigError(f"{path}, line 1: no column is called {missing[0]!r}")
        try:
            for number, row in enumerate(rows):
                where = f"{path}, line {rows.line_num}"
                yield _imported(row, where, path.name, number)
        except csv.Error as error:
            raise ConfigError(f"{path}, line {rows.line_num}: {error}") from error


def _imported(row: Mapping[str, str], where: str, file: str, number: int) -> Imported:
    if None in row or None in row.values():
        raise ConfigError(f"{where}: the row has too many columns or too few")
    logprobs, tokens = (_lists(row[name], name, where) for name in ("logprobs", "tokens"))
    if len(logprobs) != len(tokens):
        raise ConfigError(f"{where}: {len(logprobs)} steps of logprobs, {len(tokens)} of tokens")
    model, stem = row.get("model") or "unknown", file.partition(".")[0]
    named = next((row[name] for name in TASK_COLUMNS if row.get(name)), f"{stem}-{number}")
    task = Task(
        id=named[:200],
        prompt=next((row[name] for name in ("question", "problem", "task") if row.get(name)), ""),
        suite=f"agentstop/{stem}",
        metadata={"unrecorded": "observations"},
    )
    turns = [
        _turn(place, pair, row, len(tokens), where)
        for place, pair in enumerate(zip(logprobs, tokens, strict=True))
    ]
    evaluated = (row.get("agent_output_eval") or "").strip()
    run = Run(
        id=f"{file}:{number}",
        task=task,
        agent="agentstop",
        policy=model,
        status="finished",
        ended_by="environment",
        answer=row.get("agent_output") or None,
        score=float(evaluated == CORRECT) if evaluated else None,
        started_at=EPOCH,
    )
    return Imported(run, make_steps(task, model, turns))


def _turn(
    place: int,
    pair: tuple[Sequence[object], Sequence[object]],
    row: Mapping[str, str],
    count: int,
    where: str,
) -> Turn:
    logprobs, tokens = pair
    if len(logprobs) != len(tokens):
        raise ConfigError(
            f"{where}: step {place} has {len(logprobs)} logprobs and {len(tokens)} tokens"
        )
    energy = _energy(row, place, where)
    if place == count - 1:
        energy = sum(
            (_energy(row, k, where) for k in range(count, count + _beyond(row, count))), energy
        )
    prompt = row.get(f"step_{place}_llm.token_count.prompt") or ""
    usage = Usage(
        requests=1,
        unpriced_requests=1,
        input_tokens=int(_number(prompt, f"step {place} prompt tokens", where) or 0),
        output_tokens=len(tokens),
    )
    seconds = _number(row.get(f"step_{place}_duration_sec") or "", "duration", where) or 0.0
    action = Action(
        tool="step",
        text="".join(map(str, tokens)),
        logprobs=tuple(_logprob(each, where) for each in logprobs),
    )
    return Turn(
        action=action, result=None, spend=Spend(seconds=seconds, usage=usage, energy=energy)
    )


def _beyond(row: Mapping[str, str], count: int) -> int:
    more = 0
    while f"step_{count + more}_energy_total_mWh" in row:
        more += 1
    return more


def _energy(row: Mapping[str, str], place: int, where: str) -> Energy:
    name = f"step_{place}_energy_total_mWh"
    mwh = _number(row.get(name) or "", name, where)
    # Power readings of the whole machine over time; they are not told apart.
    return Energy() if mwh is None else Energy(cpu_j=mwh * JOULES_PER_MWH, method="integrated")


def _lists(text: str, name: str, where: str) -> list[list[object]]:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise ConfigError(f"{where}: {name!r} is no list of lists: {error}") from error
    if not isinstance(value, list) or not all(isinstance(each, list) for each in value):
        raise ConfigError(f"{where}: {name!r} is no list of lists")
    return value


def _logprob(value: object, where: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not value <= 0:
        raise ConfigError(f"{where}: {value!r} is no log-probability")
    return float(value)


def _number(text: str, name: str, where: str) -> float | None:
    """A figure that is not negative; `None` where there is none, as pandas writes `nan`."""
    try:
        value = float(text) if text else math.nan
    except ValueError as error:
        raise ConfigError(f"{where}: {name} is no number: {text!r}") from error
    if value < 0 or math.isinf(value):
        raise ConfigError(f"{where}: {name} cannot be {text}")
    return None if math.isnan(value) else value
