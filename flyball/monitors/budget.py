"""Warn of a budget that runs short, and stop a run that has used it up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from flyball.records import Budget, Ruling, Spend, Trajectory, Verdict

RECENT = 3


@dataclass(frozen=True, kw_only=True)
class OverBudget:
    """Warn once at `warn_at` of any ceiling of the task's budget, and stop when one is reached.

    A warning is a CONTINUE that says why. Everything counts, supervision's own cost included. Steps
    are those already carried out, so a budget of 30 lets the thirtieth through and stops the
    thirty-first. An answer is let through: it is paid for, and the run ends with it anyway. A
    ceiling that cannot be held because nothing measures what it limits is reported as an `error`,
    beside a warning of another.
    """

    warn_at: float = 0.8
    ahead: bool = True
    """Stop before a request that cannot be expected to fit, and not after it."""
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
        error = "; ".join(f"{each.what} are limited, but {each.unknown}" for each in unknown)
        short = [each for each in ceilings if each.used >= self.warn_at * each.limit]
        reason = self._warning(trajectory, short)
        return Verdict(monitor=self.name, reason=reason, error=error or None)

    def _warning(self, trajectory: Trajectory, short: list[_Ceiling]) -> str:
        """Tell of the ceilings that no earlier step was warned of."""
        told = [
            verdict.reason
            for step in trajectory.steps[:-1]
            for verdict in step.verdicts
            if verdict.monitor == self.name
        ]
        new = [each for each in short if not any(f"{each.what}: " in reason for reason in told)]
        return f"running short of {', '.join(map(str, new))}" if new else ""

    def before(self, trajectory: Trajectory, policy: str) -> str:
        """Why the next request to `policy` cannot be expected to fit; empty where it can be.

        It is expected to take what the last `RECENT` of that policy took on average; before the
        first of them nothing is known, and it fits.
        """
        mine = (step for step in trajectory.steps if step.policy == policy)
        recent = [step for step in mine if step.policy_spend != Spend()][-RECENT:]
        if not self.ahead or not recent:
            return ""
        spent = sum((step.policy_spend for step in recent), Spend())
        used, budget = trajectory.spend, trajectory.task.budget
        next_ones = {each.what: each.used / len(recent) for each in _spent(spent, budget)}
        for ceiling in _spent(used, budget):
            if ceiling.reached:
                return f"out of {ceiling}"
            expected = next_ones.get(ceiling.what, 0.0)
            if expected > 0 and ceiling.used + expected > ceiling.limit:
                left = ceiling.limit - ceiling.used
                return (
                    f"the next request takes about {_short(expected)} {ceiling.what}, and"
                    f" {_short(left)} of {_plain(ceiling.limit)} are left"
                )
        return ""


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
    yield from _spent(trajectory.spend, budget)


def _spent(spend: Spend, budget: Budget) -> Iterator[_Ceiling]:
    if budget.seconds is not None:
        yield _Ceiling("seconds", spend.seconds, budget.seconds)
    if budget.output_tokens is not None:
        yield _Ceiling("output tokens", spend.usage.output_tokens, budget.output_tokens)
    if budget.cost_usd is not None:
        yield _dollars(spend, float(budget.cost_usd))
    if budget.joules is not None:
        yield _joules(spend, budget.joules)
    if budget.battery_percent is not None:
        yield _battery(spend, budget.battery_percent)


def _dollars(spend: Spend, limit: float) -> _Ceiling:
    unpriced = spend.usage.unpriced_requests
    unknown = f"{unpriced} requests have no known price" if unpriced else ""
    return _Ceiling("dollars", float(spend.usage.cost_usd), limit, unknown)


def _joules(spend: Spend, limit: float) -> _Ceiling:
    energy = spend.energy
    joules, unknown = energy.at_least_j, "; ".join(energy.unknown)
    if joules is None:
        return _Ceiling("joules", 0.0, limit, "no meter here measures or estimates them")
    what = "joules (estimated)" if spend.energy.joules_method == "estimated" else "joules"
    # What is known of them is less than all, and reaches the limit later.
    return _Ceiling(what, joules, limit, unknown)


def _battery(spend: Spend, limit: float) -> _Ceiling:
    lost = spend.energy.battery_percent
    unknown = "" if lost is not None else "no battery tells its charge here"
    return _Ceiling("percent of the battery", lost or 0.0, limit, unknown)


def _short(amount: float) -> str:
    return f"{amount:.3g}"


def _plain(amount: float) -> str:
    return f"{amount:.10g}" if isinstance(amount, int) else f"{round(amount, 6):.10g}"
