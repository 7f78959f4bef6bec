"""Stop a run that has used up what it was given."""

from __future__ import annotations

from dataclasses import dataclass

from flyball.records import Ruling, Trajectory, Verdict


@dataclass(frozen=True, kw_only=True)
class OverBudget:
    """Stop once any ceiling of the task's budget is reached."""

    name: str = "over_budget"

    def judge(self, trajectory: Trajectory) -> Verdict:
        budget, spend = trajectory.task.budget, trajectory.spend
        used = [
            ("steps", len(trajectory.steps) - 1, budget.steps),
            ("seconds", spend.seconds, budget.seconds),
            ("output tokens", spend.usage.output_tokens, budget.output_tokens),
            ("dollars", float(spend.usage.cost_usd), budget.cost_usd),
            ("joules", spend.energy.joules or 0.0, budget.joules),
        ]
        over = [what for what, amount, limit in used if limit is not None and amount >= limit]
        if not over:
            return Verdict(monitor=self.name)
        return Verdict(monitor=self.name, ruling=Ruling.STOP, reason=f"out of {', '.join(over)}")
