"""What a run leaves that came to no end of its own: why, on what evidence, and what it took."""

from __future__ import annotations

from dataclasses import dataclass

from flyball.records import Action, Price, Ruling, Run, Spend, Trajectory


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Why a run was stopped or broke off, and what it is known to have left."""

    by: str
    """The monitor, `human`, or the part that broke."""
    why: str
    evidence: tuple[int, ...]
    """Indices of the steps that the decision rests on; empty where nobody decided."""
    undone: Action | None
    """The action at hand, if it is known not to have been carried out."""
    spent: Spend
    expected: Price | None
    """What going on was expected to cost; `None` where nothing told."""


def receipt_of(run: Run, trajectory: Trajectory) -> Receipt | None:
    """Read a run's receipt from its record; `None` for one that finished, or may be running."""
    if run.status not in ("stopped", "failed"):
        return None
    last = trajectory.last if trajectory.steps else None
    stopped = last is not None and last.decision.ruling is Ruling.STOP
    evidence, undone, expected = tuple[int, ...](), None, None
    if last is not None and stopped:
        mine = [verdict for verdict in last.verdicts if verdict.monitor == last.decision.by]
        evidence = tuple(sorted({index for verdict in mine for index in verdict.evidence}))
        undone = last.action if last.action.tool != "not_asked" else None
        prices = {price.ruling: price for price in last.decision.prices}
        price = prices.get(Ruling.CONTINUE)
        expected = price if price is not None and _tells(price) else None
    return Receipt(
        by=run.ended_by,
        why=run.reason,
        evidence=evidence,
        undone=undone,
        spent=trajectory.spend,
        expected=expected,
    )


def _tells(price: Price) -> bool:
    return any(each is not None for each in (price.chance, price.joules, price.usd, price.seconds))
