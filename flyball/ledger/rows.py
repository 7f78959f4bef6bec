"""Records as rows: the columns that SQL asks about."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Literal

from sqlalchemy import ColumnElement, case, func, literal
from sqlmodel import col

from flyball.ledger.codec import run_to_json, step_to_json
from flyball.ledger.tables import RunRow
from flyball.records import Run, Spend, Step, Usage
from flyball.records.spending import METHODS

Part = Literal["policy", "monitor", "tool"]
Columns = dict[str, Any]

PICODOLLARS_PER_DOLLAR = 10**12
TOLD = ("prefill_seconds", "decode_seconds", "decode_bytes")
"""Columns whose sum is unknown as soon as one request does not tell."""


def moment(when: datetime) -> str:
    """A time as text that sorts; one without a zone is taken for UTC."""
    zoned = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    return zoned.isoformat(timespec="microseconds")


def attempt_of(run: Run) -> str:
    """Which attempt a run was at what: `mend-add 1f2e3d4c 2 of 3`; of a single one, the task."""
    marks = run.task.metadata
    told = [marks.get(name) for name in ("attempts", "attempt")]
    return " ".join((run.task.id, *(part for part in told if part and None not in told)))


def _mark(name: str) -> ColumnElement[str]:
    return func.json_extract(RunRow.record, f"$.task.metadata.{name}")


ATTEMPT: ColumnElement[str] = col(RunRow.task_id).concat(
    func.coalesce(literal(" ").concat(_mark("attempts")).concat(" ").concat(_mark("attempt")), "")
)
"""The same as `attempt_of`, in SQL."""


def total_of(name: str, column: Any) -> ColumnElement[Any]:
    """The sum of a column, in SQL."""
    known = func.sum(column)
    return case((func.count() == func.count(column), known)) if name in TOLD else known


def run_columns(run: Run) -> Columns:
    started_at = moment(run.started_at)
    return {
        "id": run.id,
        "suite": run.task.suite,
        "task_id": run.task.id,
        "agent": run.agent,
        "policy": run.policy,
        "status": run.status,
        "score": run.score,
        "success": run.success,
        "failed": _failed(run),
        "day": started_at[:10],
        "started_at": started_at,
        "batch": run.task.metadata.get("batch", ""),
        "shared": _shared(run),
        "record": run_to_json(run),
    }


def step_columns(run_id: str, step: Step) -> Columns:
    return {
        "run_id": run_id,
        "index": step.index,
        "policy": step.policy,
        "tool": step.action.tool,
        "ruling": step.decision.ruling.value,
        "ruled_by": step.decision.by,
        "record": step_to_json(step),
    }


def parts(step: Step) -> tuple[tuple[Part, Spend], ...]:
    return (
        ("policy", step.policy_spend),
        ("monitor", step.monitor_spend),
        ("tool", step.tool_spend),
    )


def spend_columns(run_id: str, step: Step, part: Part, spend: Spend) -> Columns:
    return {
        "run_id": run_id,
        "index": step.index,
        "part": part,
        "requests": spend.usage.requests,
        **_amounts(spend),
        "measured_j": spend.energy.measured_j,
        "estimated_j": spend.energy.estimated_j,
        "energy_method": spend.energy.joules_method,
        **_unmetered(spend),
    }


def tally_columns(run_id: str, step: Step, part: Part, spend: Spend) -> Columns:
    """One spend as the tally takes it: a reading, or an estimate where nothing was read."""
    read = spend.energy.measured_j is not None
    method = spend.energy.joules_method
    return {
        "run_id": run_id,
        "policy": step.policy,
        "part": part,
        "steps": 1,
        **_amounts(spend),
        "read_j": spend.energy.measured_j,
        "estimated_j": None if read else spend.energy.estimated_j,
        "method_rank": METHODS.index(method) if read and method else None,
        **_unmetered(spend),
    }


def _unmetered(spend: Spend) -> Columns:
    energy = spend.energy
    return {
        "unmetered_seconds": spend.seconds if energy.joules is None else 0.0,
        "unknown_why": "; ".join(energy.unknown) or None,
        "over_idle_j": energy.net_j,
        "own_j": None if energy.unknown else energy.own_j,
    }


def _shared(run: Run) -> bool:
    beside = run.metering.beside if run.metering else 0
    return beside > 0 or run.task.metadata.get("workers", "1") != "1"


def _failed(run: Run) -> bool | None:
    """Whether it is known that the task was not done."""
    if run.success is not None:
        return not run.success
    # A run that was broken off before anything was checked did not get there either.
    return True if run.gave_up or run.status in ("stopped", "failed") else None


def _amounts(spend: Spend) -> Columns:
    return {
        "seconds": spend.seconds,
        "input_tokens": spend.usage.input_tokens,
        "cached_tokens": spend.usage.cached_tokens,
        "output_tokens": spend.usage.output_tokens,
        "cost_pusd": _picodollars(spend.usage.cost_usd),
        "unpriced_requests": spend.usage.unpriced_requests,
        **{name: _told(spend.usage, name) for name in TOLD},
        "remote_low_j": spend.usage.remote_low_j,
        "remote_high_j": spend.usage.remote_high_j,
    }


def _told(usage: Usage, name: str) -> float | None:
    """What requests tell: where there was none, it is 0, and not unknown."""
    told: float | None = getattr(usage, name)
    return told if usage.requests or told is not None else 0


def _picodollars(dollars: Decimal) -> int:
    return int((dollars * PICODOLLARS_PER_DOLLAR).to_integral_value(ROUND_HALF_EVEN))
