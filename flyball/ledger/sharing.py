"""What each policy and each part of a run took, for comparisons of many runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Executable, func, select
from sqlmodel import col

from flyball.ledger.ledger import Ledger
from flyball.ledger.rows import PICODOLLARS_PER_DOLLAR, Part
from flyball.ledger.tables import SpendRow, StepRow, TallyRow
from flyball.records.spending import METHODS, EnergyMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one part of the steps that one policy took in one run came to."""

    run: str
    policy: str
    part: Part
    """`policy`, `monitor` (a verifier's requests among it) or `tool`."""
    steps: int
    requests: int | None
    """`None` where they were not counted."""
    input_tokens: int
    """All prompt tokens, cached ones included."""
    cached_tokens: int
    output_tokens: int
    seconds: float
    cost_usd: float | None
    """What was recorded; unknown as soon as one request has no price."""
    read_j: float | None
    estimated_j: float | None
    """Joules of what was only estimated."""
    method: EnergyMethod | None
    """The least sure method among `read_j`."""
    unmetered_seconds: float = 0.0
    """The part of `seconds` whose energy is not known, so that the joules are a part only."""
    unknown_why: str | None = None
    over_idle_j: float | None = None
    own_j: float | None = None
    prefill_seconds: float | None = None
    decode_seconds: float | None = None
    decode_bytes: int | None = None


def shares(ledger: Ledger, runs: Sequence[str], *, requests: bool = True) -> list[Share]:
    """Read what `runs` took, without reading a step of them.

    Counting `requests` goes through all their spends, which takes longer than all else.
    """
    # As JSON, because SQLite takes a limited number of parameters.
    ids = json.dumps(list(runs))
    rows = ledger.store.rows(_requests(ids)) if requests else ()
    asked = {(row.run_id, row.policy, row.part): int(row.requests) for row in rows}
    return [
        Share(
            run=row.run_id,
            policy=row.policy,
            part=row.part,
            steps=row.steps,
            requests=asked.get((row.run_id, row.policy, row.part), 0) if requests else None,
            input_tokens=row.input_tokens,
            cached_tokens=row.cached_tokens,
            output_tokens=row.output_tokens,
            seconds=row.seconds,
            cost_usd=None if row.unpriced_requests else row.cost_pusd / PICODOLLARS_PER_DOLLAR,
            read_j=row.read_j,
            estimated_j=row.estimated_j,
            method=None if row.method_rank is None else METHODS[row.method_rank],
            unmetered_seconds=row.unmetered_seconds,
            unknown_why=row.unknown_why,
            over_idle_j=row.over_idle_j,
            own_j=row.own_j,
            prefill_seconds=row.prefill_seconds,
            decode_seconds=row.decode_seconds,
            decode_bytes=row.decode_bytes,
        )
        for row in ledger.store.rows(_tallies(ids))
    ]


def _tallies(ids: str) -> Executable:
    wanted = select(func.json_each(ids).table_valued("value").c.value)
    columns = TallyRow.__table__.columns  # type: ignore[attr-defined]
    return select(*columns).where(col(TallyRow.run_id).in_(wanted))


def _requests(ids: str) -> Executable:
    wanted = select(func.json_each(ids).table_valued("value").c.value)
    same_step = (col(StepRow.run_id) == col(SpendRow.run_id)) & (
        col(StepRow.index) == col(SpendRow.index)
    )
    key = (col(SpendRow.run_id), col(StepRow.policy), col(SpendRow.part))
    return (
        select(*key, func.sum(SpendRow.requests).label("requests"))
        .join(StepRow, same_step)
        .where(col(SpendRow.run_id).in_(wanted))
        .group_by(*key)
    )
