"""What runs add up to: one audit row for each task, model, agent, suite, tool or day."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Executable, Integer, Label, Row, case, func, literal, select
from sqlalchemy.orm import Mapped
from sqlmodel import col

from flyball.errors import LedgerError
from flyball.ledger.ledger import Ledger
from flyball.ledger.rows import ATTEMPT, PICODOLLARS_PER_DOLLAR, moment, total_of
from flyball.ledger.tables import RunRow, SpendRow, StepRow, TallyRow
from flyball.records.spending import METHODS

SHARED = "several runs at a time, which no meter can tell apart"
UNMETERED = "nothing metered energy there"
By = Literal["task", "model", "agent", "suite", "tool", "attempt", "day", "all"]

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
    "unmetered_seconds": 0.0,
    "unknown_why": None,
    "over_idle_j": None,
    "own_j": None,
    "prefill_seconds": None,
    "decode_seconds": None,
    "remote_low_j": None,
    "remote_high_j": None,
    "shared_runs": 0,
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
    """What was read, or what was estimated; unknown where some was read and some estimated, and
    where some of it is not known: `joules_at_least` is then what is."""
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
    joules_at_least: float | None = None
    """What is known, where it is a part only too."""
    unmetered_seconds: float = 0.0
    """The part of `seconds` whose energy is not known."""
    unknown_why: str | None = None
    """Why, or one of the reasons."""
    joules_over_idle: float | None = None
    """What was read beyond the idle baseline, as far as that was calibrated."""
    joules_own: float | None = None
    """What of it falls to the processes that were metered, by their share of CPU time."""
    prefill_seconds: float | None = None
    """Of reading prompts; unknown as soon as one request does not tell; so with writing answers."""
    decode_seconds: float | None = None
    remote_low_j: float | None = None
    """What remote models that EcoLogits knows may have taken, at least and at most: elsewhere."""
    remote_high_j: float | None = None


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
    policy that drives it by default: a model that only ever took over has steps but no runs. By
    tool, a step's spend is counted for the tool that it calls, and a run for each tool it called.
    By all there is one row, be there runs or not.
    Days are UTC, and a run belongs to the day it started.
    """
    if by not in get_args(By):
        raise LedgerError(f"cannot audit by {by!r}; there are: {', '.join(get_args(By))}")
    wanted = _wanted(runs, suite, since)
    counted = _tool_counts(wanted) if (tools := by == "tool") else _counts(by, wanted)
    summed = _sums(col(StepRow.tool), SpendRow, wanted) if tools else _tally_sums(by, wanted)
    counts = {row.key: row for row in ledger.store.rows(counted)}
    sums = {row.key: row for row in ledger.store.rows(summed)}
    keys = {"all"} if by == "all" else {*counts, *sums}
    return [_row(key, counts.get(key), sums.get(key)) for key in sorted(keys)]


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
    keys: dict[By, Any] = {
        "task": RunRow.task_id,
        "model": RunRow.policy,
        "agent": RunRow.agent,
        "suite": RunRow.suite,
        "day": RunRow.day,
        "attempt": ATTEMPT,
        "all": literal("all"),
    }
    return keys[by] if by in ("attempt", "all") else col(keys[by])


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


def _tool_counts(wanted: Sequence[ColumnElement[bool]]) -> Executable:
    key: Label[str] = col(StepRow.tool).label("key")
    called = select(key, col(RunRow.id), col(RunRow.success)).distinct()
    called = called.join(RunRow, col(RunRow.id) == col(StepRow.run_id)).where(*wanted)
    rows = called.subquery()
    successes = func.sum(rows.c.success, type_=Integer).label("successes")
    return select(rows.c.key, func.count().label("runs"), successes).group_by(rows.c.key)


def _tally_sums(by: By, wanted: Sequence[ColumnElement[bool]]) -> Executable:
    return _sums(col(TallyRow.policy) if by == "model" else _run_key(by), TallyRow, wanted)


def _sums(
    of: Mapped[str],
    table: type[TallyRow] | type[SpendRow],
    wanted: Sequence[ColumnElement[bool]],
) -> Executable:
    """Sums over a run's tallies, or over the spends of its steps."""
    key: Label[str] = of.label("key")
    totals = [total_of(name, column).label(name) for name, column in _columns(table).items()]
    rank = func.max(_rank(table)).label("method_rank")
    why = func.max(table.unknown_why).label("unknown_why")
    query = select(key, *totals, rank, why).join(RunRow, col(RunRow.id) == col(table.run_id))
    if table is SpendRow:
        same = (col(StepRow.run_id) == col(SpendRow.run_id)) & (
            col(StepRow.index) == col(SpendRow.index)
        )
        query = query.join(StepRow, same)
    return query.where(*wanted).group_by(key)


def _columns(table: type[TallyRow] | type[SpendRow]) -> Mapping[str, Any]:
    failed, checked = col(RunRow.failed).is_(True), col(RunRow.score).is_not(None)
    supervision, of_policy = (col(table.part) == part for part in ("monitor", "policy"))
    # What was run beside others cannot be told from them.
    alone = col(RunRow.shared).is_(False)
    read_j, estimated_j = _energies(table)
    known = {"read": case((alone, read_j)), "estimated": case((alone, estimated_j))}
    splits = {
        f"{kind}{name}_j": case((where, joules)) if where is not None else joules
        for kind, joules in known.items()
        for name, where in (("", None), ("_failed", failed), ("_supervision", supervision))
    }
    return {
        "seconds": table.seconds,
        "input_tokens": table.input_tokens,
        "cached_tokens": table.cached_tokens,
        "output_tokens": table.output_tokens,
        "cost_pusd": table.cost_pusd,
        "unpriced_requests": table.unpriced_requests,
        **splits,
        "steps": case((of_policy, table.steps if table is TallyRow else 1), else_=0),
        "failed_runs": case((failed, 1), else_=0),
        "checked": case((checked, 1), else_=0),
        "unmetered_seconds": case((alone, table.unmetered_seconds), else_=table.seconds),
        "over_idle_j": case((alone, table.over_idle_j)),
        "own_j": case((alone, table.own_j)),
        "prefill_seconds": table.prefill_seconds,
        "decode_seconds": table.decode_seconds,
        "remote_low_j": table.remote_low_j,
        "remote_high_j": table.remote_high_j,
        "shared_runs": case((alone, 0), else_=1),
    }


def _energies(table: type[TallyRow] | type[SpendRow]) -> tuple[Any, Any]:
    """What was read; and what was estimated where nothing was."""
    if table is TallyRow:
        return TallyRow.read_j, TallyRow.estimated_j
    read_j = col(SpendRow.measured_j)
    return read_j, case((read_j.is_(None), SpendRow.estimated_j))


def _rank(table: type[TallyRow] | type[SpendRow]) -> Any:
    if table is TallyRow:
        return TallyRow.method_rank
    read = col(SpendRow.measured_j).is_not(None)
    ranks = [(col(SpendRow.energy_method) == name, rank) for rank, name in enumerate(METHODS)]
    return case((read, case(*ranks)))


def _row(key: str, counts: Row[Any] | None, sums: Row[Any] | None) -> AuditRow:
    runs, successes = (counts.runs, counts.successes) if counts else (0, None)
    took = sums._asdict() if sums else NOTHING
    kind, method = _method(took)
    at_least = took.get(f"{kind}_j")
    joules = None if took["unmetered_seconds"] else at_least
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
        joules_at_least=at_least,
        unmetered_seconds=took["unmetered_seconds"],
        unknown_why=_why(took),
        joules_over_idle=took["over_idle_j"],
        joules_own=took["own_j"],
        prefill_seconds=took["prefill_seconds"],
        decode_seconds=took["decode_seconds"],
        remote_low_j=took["remote_low_j"],
        remote_high_j=took["remote_high_j"],
    )


def _why(took: Mapping[str, Any]) -> str | None:
    if not took["unmetered_seconds"]:
        return None
    if took["shared_runs"]:
        return SHARED
    why: str | None = took["unknown_why"]
    return why or UNMETERED


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
