"""Stop a run that has used up what it was given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from flyball.records import Budget, Ruling, Spend, Trajectory, Verdict


@dataclass(frozen=True, kw_only=True)
class OverBudget:
    """Stop once any ceiling of the task's budget is reached.

    Everything counts, supervision's own cost included. Steps are those already carried out, so a
    budget of 30 lets the thirtieth through and stops the thirty-first. An answer is let
    through: it is paid for, and the run ends with it anyway. A ceiling that cannot be held
    because nothing measures what it limits is reported as an `error`.
    """

    name: str = "over_budget"

    def judge(self, trajectory: Trajectory) -> Verdict:
        if trajectory.last.action.is_final:
            return Verdict(monitor=self.name)
        ceilings = list(_ceilings(trajectory, trajectory.task.budget))
        over = [ceiling for ceiling in ceilings if ceiling.reached]
        unknown = [ceiling for ceiling in ceilings if ceiling.unknown]
        if over:
            reason = f"out of {', '.join(map(str, over))}"
            return Verdict(
                monitor=self.name,
                ruling=Ruling.STOP,
                reason=reason,
                evidence=(trajectory.last.index,),
            )
        if unknown:
            error = "; ".join(f"{each.what} are limited, but {each.unknown}" for each in unknown)
            return Verdict(monitor=self.name, error=error)
        return Verdict(monitor=self.name)


class _Ceiling(NamedTuple):
    what: str
    used: float
    limit: float
    unknown: str = ""
    """Why `used` is not all that was used."""

    @property
    def reached(self) -> bool:
        return self.used >= self.limit

    def __str__(self) -> str:
        return f"{self.what}: {_plain(self.used)} of {_plain(self.limit)}"


def _ceilings(trajectory: Trajectory, budget: Budget) -> Iterator[_Ceiling]:
    if budget.steps is not None:
        yield _Ceiling("steps", len(trajectory.steps) - 1, budget.steps)
    spend = trajectory.spend
    if budget.seconds is not None:
        yield _Ceiling("seconds", spend.seconds, budget.seconds)
    if budget.output_tokens is not None:
        yield _Ceiling("output tokens", spend.usage.output_tokens, budget.output_tokens)
    if budget.cost_usd is not None:
        yield _dollars(spend, float(budget.cost_usd))
    if budget.joules is not None:
        yield _joules(spend, budget.joules)


def _dollars(spend: Spend, limit: float) -> _Ceiling:
    unpriced = spend.usage.unpriced_requests
    unknown = f"{unpriced} requests have no known price" if unpriced else ""
    return _Ceiling("dollars", float(spend.usage.cost_usd), limit, unknown)


def _joules(spend: Spend, limit: float) -> _Ceiling:
    joules = spend.energy.joules
    if joules is None:
        return _Ceiling("joules", 0.0, limit, "no meter here measures or estimates them")
    what = "joules (estimated)" if spend.energy.joules_method == "estimated" else "joules"
    return _Ceiling(what, joules, limit)


def _plain(amount: float) -> str:
    return f"{amount:.10g}" if isinstance(amount, int) else f"{round(amount, 6):.10g}"
