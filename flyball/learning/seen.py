"""What came of one run from one of its steps on; and what it took, where that was not measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came of a run from one of its steps on."""

    run: str
    step: int
    risk: float | None
    success: bool
    joules: float | None
    usd: float | None
    seconds: float | None
    tokens: int
    """Those that models read and wrote; what a cache held of them costs next to nothing."""


def filled(seen: Sequence[Seen]) -> list[Seen]:
    """Put in what was not measured, by the tokens (the ratio estimator of sampling theory).

    Energy is measured where one run has the machine to itself: of too few runs, as a rule, to
    tell by them alone how costs grow with risk. How many tokens it took is known of each.
    """
    joules, usd = _rate([e.joules for e in seen], seen), _rate([e.usd for e in seen], seen)
    return [
        replace(
            each,
            joules=_or_by(each.joules, joules, each.tokens),
            usd=_or_by(each.usd, usd, each.tokens),
        )
        for each in seen
    ]


def _rate(costs: Sequence[float | None], seen: Sequence[Seen]) -> float | None:
    """What a token takes, of what was measured."""
    known = [(c, s.tokens) for c, s in zip(costs, seen, strict=True) if c is not None]
    tokens = sum(count for _, count in known)
    return sum(cost for cost, _ in known) / tokens if tokens else None


def _or_by(cost: float | None, rate: float | None, tokens: int) -> float | None:
    return rate * tokens if cost is None and rate is not None else cost
