"""What runs add up to: one audit row for each task, model, agent, suite or day."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Executable, Integer, Label, Row, case, func, select
from sqlalchemy.orm import Mapped
from sqlmodel import col

from flyball.errors import LedgerError
from flyball.ledger.ledger import Ledger
from flyball.ledger.rows import PICODOLLARS_PER_DOLLAR, moment
from flyball.ledger.tables import RunRow, TallyRow
from flyball.records.spending import METHODS

By = Literal["task", "model", "agent", "suite", "day"]

NOTHING: Mapping[str, Any] = {
    "steps": 0,
    "seconds": 0.0,
    "input_tokens": 0,
    "cached_tokens": 0,
    "output_tokens": 0,
    "cost_pusd": 0,
    "unpriced_requests": 0,
    "read_j": None,
    "estimated_j": None,
}
"""The sums of runs that took no step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """What the runs of one key took. `None` is unknown, which is not zero."""

    key: str
    runs: int
    successes: int | None
    """Runs with full marks; unknown where no run of the row was checked."""
    steps: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: float | None
    """Unknown as soon as one request has no price."""
    joules: float | None
    """What was read, or what was estimated; unknown where some was read and some estimated."""
    energy_method: str | None
    """The least sure method that `joules` rests on, or `mixed` where it cannot be one figure."""
    joules_failed: float | None
    """Joules of the runs that are known to have failed: checked without full marks, or stopped,
    broken off or given up and never checked. Unknown where no run of the row was checked."""
    joules_supervision: float | None
    """Joules of the monitors, the governor and the verifier."""
    joules_per_success: float | None
    """All joules of the row, failures and supervision included, for each success."""
    seconds: float


def audit(
    ledger: Ledger,
    by: By,
    *,
    runs: Sequence[str] | None = None,
    suite: str | None = None,
    since: datetime | None = None,
) -> list[AuditRow]:
    """Add up what runs took, sorted by key; only those of `runs`, `suite`, or begun `since`.

    By model, a step's spend is counted for the policy that took the step, and a run for the
    policy that drives it by default: a model that only ever took over has steps but no runs.
    Days are UTC, and a run belongs to the day it started.
    """
    if by not in get_args(By):
        raise LedgerError(f"cannot audit by {by!r}; there are: {', '.join(get_args(By))}")
    wanted = _wanted(runs, suite, since)
    counts = {row.key: row for row in ledger.store.rows(_counts(by, wanted))}
    sums = {row.key: row for row in ledger.store.rows(_sums(by, wanted))}
    return [_row(key, counts.get(key), sums.get(key)) for key in sorted({*counts, *sums})]


def _wanted(
    runs: Sequence[str] | None, suite: str | None, since: datetime | None
) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if runs is not None:
        # As JSON, because SQLite takes a limited number of parameters.
        ids = func.json_each(json.dumps(list(runs))).table_valued("value")
        wanted.append(col(RunRow.id).in_(select(ids.c.value)))
    if suite is not None:
        wanted.append(col(RunRow.suite) == suite)
    if since is not None:
        wanted.append(col(RunRow.started_at) >= moment(since))
    return wanted


def _run_key(by: By) -> Mapped[str]:
    keys = {
        "task": RunRow.task_id,
        "model": RunRow.policy,
        "agent": RunRow.agent,
        "suite": RunRow.suite,
        "day": RunRow.day,
    }
    return col(keys[by])


def _counts(by: By, wanted: Sequence[ColumnElement[bool]]) -> Executable:
    key: Label[str] = _run_key(by).label("key")
    return (
        select(
            key,
            func.count().label("runs"),
            # The sum over no checked run is NULL, which is what it should say.
            func.sum(RunRow.success, type_=Integer).label("successes"),
        )
        .where(*wanted)
        .group_by(key)
    )


def _sums(by: By, wanted: Sequence[ColumnElement[bool]]) -> Executable:
    key: Label[str] = (col(TallyRow.policy) if by == "model" else _run_key(by)).label("key")
    failed, checked = col(RunRow.failed).is_(True), col(RunRow.score).is_not(None)
    supervision, of_policy = (col(TallyRow.part) == part for part in ("monitor", "policy"))
    totals = [
        func.sum(column).label(name)
        for name, column in {
            "seconds": TallyRow.seconds,
            "input_tokens": TallyRow.input_tokens,
            "cached_tokens": TallyRow.cached_tokens,
            "output_tokens": TallyRow.output_tokens,
            "cost_pusd": TallyRow.cost_pusd,
            "unpriced_requests": TallyRow.unpriced_requests,
            "read_j": TallyRow.read_j,
            "estimated_j": TallyRow.estimated_j,
            "steps": case((of_policy, TallyRow.steps), else_=0),
            "failed_runs": case((failed, 1), else_=0),
            "read_failed_j": case((failed, TallyRow.read_j)),
            "estimated_failed_j": case((failed, TallyRow.estimated_j)),
            "read_supervision_j": case((supervision, TallyRow.read_j)),
            "estimated_supervision_j": case((supervision, TallyRow.estimated_j)),
            "checked": case((checked, 1), else_=0),
        }.items()
    ]
    rank = func.max(TallyRow.method_rank).label("method_rank")
    joined = select(key, *totals, rank).join(RunRow, col(RunRow.id) == col(TallyRow.run_id))
    return joined.where(*wanted).group_by(key)


def _row(key: str, counts: Row[Any] | None, sums: Row[Any] | None) -> AuditRow:
    runs, successes = (counts.runs, counts.successes) if counts else (0, None)
    took = sums._asdict() if sums else NOTHING
    kind, method = _method(took)
    joules = took.get(f"{kind}_j")
    return AuditRow(
        key=key,
        runs=runs,
        successes=successes,
        steps=took["steps"],
        input_tokens=took["input_tokens"],
        cached_tokens=took["cached_tokens"],
        output_tokens=took["output_tokens"],
        cost_usd=None if took["unpriced_requests"] else took["cost_pusd"] / PICODOLLARS_PER_DOLLAR,
        joules=joules,
        energy_method=method,
        joules_failed=_failed_j(took, kind),
        joules_supervision=took.get(f"{kind}_supervision_j"),
        joules_per_success=joules / successes if joules is not None and successes else None,
        seconds=took["seconds"],
    )


def _method(took: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Which sums count, `read` or `estimated`, and the method they rest on."""
    if took["read_j"] is not None and took["estimated_j"] is not None:
        return None, "mixed"
    if took["read_j"] is not None:
        return "read", METHODS[took["method_rank"]]
    return ("estimated", "estimated") if took["estimated_j"] is not None else (None, None)


def _failed_j(took: Mapping[str, Any], kind: str | None) -> float | None:
    if kind is None or not took["checked"]:
        return None
    joules: float | None = took[f"{kind}_failed_j"]
    return joules if took["failed_runs"] else 0.0
