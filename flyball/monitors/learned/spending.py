"""Where in its budget a run is, and what it has taken in seconds and joules."""

from __future__ import annotations

from flyball.monitors.learned.catalogue import Row
from flyball.monitors.learned.glances import Glance
from flyball.records import Budget, Spend, Step


class Spending:
    """Adds up what the steps before this one took, supervision included."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._steps = 0
        self._before = Spend()

    def row(self, glance: Glance) -> Row:
        mine = glance.step.policy_spend
        spent = self._before + mine
        joules, n = spent.energy.joules, self._steps + 1
        ceiling = self._budget.steps
        # A log that does not say how long a step took has 0 seconds for all of them.
        timed = spent.seconds > 0
        return {
            "step": self._steps,
            "steps_left": None if ceiling is None else ceiling - self._steps,
            "budget_used": self._used(spent),
            "seconds": mine.seconds if timed else None,
            "seconds_run": spent.seconds if timed else None,
            "seconds_mean": spent.seconds / n if timed else None,
            "joules": mine.energy.joules,
            "joules_run": joules,
            "joules_mean": None if joules is None else joules / n,
        }

    def absorb(self, step: Step) -> None:
        """Take in a step that is over."""
        self._steps += 1
        self._before = self._before + step.spend

    def _used(self, spent: Spend) -> float | None:
        budget = self._budget
        shares = [
            used / float(ceiling)
            for used, ceiling in (
                (self._steps, budget.steps),
                (spent.seconds, budget.seconds),
                (spent.usage.output_tokens, budget.output_tokens),
                (float(spent.usage.cost_usd), budget.cost_usd),
                (spent.energy.joules, budget.joules),
            )
            if ceiling and used is not None
        ]
        return max(shares, default=None)
