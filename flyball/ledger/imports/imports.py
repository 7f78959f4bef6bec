"""Which reader a file is for, and the way from there into a ledger."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Literal

from flyball.errors import ConfigError
from flyball.ledger.imports import agentstop, spans, swe_agent, trajectories
from flyball.ledger.imports.records import Imported, open_text, parse, read_document, read_lines
from flyball.ledger.ledger import Ledger

Format = Literal["trajectories", "agentstop", "swe-agent", "spans"]

HEAD = 1_000_000
"""Characters that are read to tell a format."""


def import_file(ledger: Ledger, path: Path, outcomes: Mapping[str, bool] | None = None) -> int:
    """Bring the runs of a file into `ledger`, and count those that were not there before.

    All of them are written, or none, where the file is damaged or the process is killed. `outcomes`
    says of a task's id whether it was solved, where the file does not. Raises `ConfigError` in one
    line with the file, and the line where the format has lines.
    """
    return ledger.add(_told(read_file(path), outcomes or {}))


def read_file(path: Path) -> Iterator[Imported]:
    """The runs of a file in any format, told by what the file holds.

    The same file gives the same ids. Raises `ConfigError`.
    """
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
        for run, steps in _read(path):
            yield Imported(replace(run, id=f"{digest}-{run.id}"), steps)
    except (OSError, EOFError) as error:
        what = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"{path}: cannot be read: {what}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text") from error


def read_outcomes(path: Path) -> dict[str, bool]:
    """Who was solved, as SWE-bench's report says: `resolved_ids` and `unresolved_ids`.

    Raises `ConfigError`.
    """
    try:
        report = read_document(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    if not isinstance(report, dict) or not isinstance(report.get("resolved_ids"), list):
        raise ConfigError(f"{path}: a report has a list called 'resolved_ids', and this has none")
    lost = {str(each): False for each in report.get("unresolved_ids") or ()}
    return lost | {str(each): True for each in report["resolved_ids"]}


def _told(imported: Iterator[Imported], outcomes: Mapping[str, bool]) -> Iterator[Imported]:
    for run, steps in imported:
        known = outcomes.get(run.task.id)
        yield Imported(run if known is None else replace(run, score=float(known)), steps)


def _read(path: Path) -> Iterator[Imported]:
    match _format(path):
        case "trajectories":
            yield from trajectories.read(path)
        case "agentstop":
            yield from agentstop.read(path)
        case "swe-agent":
            yield swe_agent.read(read_document(path), path)
        case "spans":
            yield from spans.read(_whole(path), str(path))


def _format(path: Path) -> Format:
    with open_text(path) as file:
        head = file.read(HEAD)
        rest = file.read(1)
    if not head.strip():
        raise ConfigError(f"{path}: the file is empty")
    first = head.lstrip().partition("\n")[0]
    if first[0] not in "{[":
        if agentstop.is_one(next(csv.reader(io.StringIO(first)))):
            return "agentstop"
        raise ConfigError(_unknown(path))
    try:
        document = json.loads(first)
    except ValueError:
        document = read_document(path) if rest or "\n" in head else parse(first, f"{path}, line 1")
    for name, fits in (("spans", spans.is_one), ("swe-agent", swe_agent.is_one)):
        if fits(document):
            return "spans" if name == "spans" else "swe-agent"
    if isinstance(document, dict) and trajectories.is_one(document):
        return "trajectories"
    raise ConfigError(_unknown(path))


def _whole(path: Path) -> object:
    """One document, or the list of the documents that its lines are."""
    with open_text(path) as file:
        lines = list(islice((line for line in file if line.strip()), 2))
    try:
        several = len(lines) == 2 and bool(json.loads(lines[0]))
    except ValueError:
        several = False
    return [record for _, record in read_lines(path)] if several else read_document(path)


def _unknown(path: Path) -> str:
    return (
        f"{path}: no format that is known; there are: trajectories a line, AgentStop's table,"
        " SWE-agent's and mini-swe-agent's .traj, and OpenTelemetry spans"
    )
