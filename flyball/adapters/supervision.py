"""The parts that supervision is made of, for adapters that see many runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from flyball.adapters.supervisor import Ask, Supervisor
from flyball.monitors import OpenHandsStuck, OverBudget, Repeats, Strictest
from flyball.records import Budget, Task

if TYPE_CHECKING:
    from flyball.roles import Governor, Meter, Monitor, Record, Sink

LONGEST_ID = 60


@dataclass(frozen=True, kw_only=True)
class Supervision:
    """What watches the runs of an agent, and where they are written down."""

    monitors: Sequence[Monitor] = (OverBudget(), Repeats(), OpenHandsStuck())
    governor: Governor = Strictest()
    budget: Budget = Budget()
    """The ceilings of each run, for `over_budget` to hold."""
    ledger: Record | None = None
    meter: Meter | None = None
    usd_per_kwh: Decimal | None = None
    """What this machine's electricity costs; `None` where that is not known."""
    ask: Ask | None = None
    """Puts a step to a person; `None`: nobody is there, and a run that should ask stops."""
    sink: Sink | None = None
    """Is told of each step once it is over: any callable that takes one."""
    strong: str | None = None
    """Whom an escalation goes to, for the record."""
    enabled: bool = True
    """Whether anything is judged or written down; the host runs the same way if not."""

    def begin(
        self, task: Task | str, *, agent: str, policy: str = "", run_id: str | None = None
    ) -> Supervisor:
        """Begin a run of `agent`, that `policy` drives."""
        if isinstance(task, str):
            task = Task(id=_slug(task), prompt=task, budget=self.budget)
        return Supervisor(
            task,
            monitors=self.monitors if self.enabled else (),
            governor=self.governor,
            ledger=self.ledger if self.enabled else None,
            meter=self.meter if self.enabled else None,
            ask=self.ask,
            sink=self.sink if self.enabled else None,
            usd_per_kwh=self.usd_per_kwh,
            agent=agent,
            policy=policy,
            strong=self.strong,
            run_id=run_id,
        )


DEFAULT = Supervision()
"""The monitors that a run has by default, and no ledger."""


def _slug(text: str) -> str:
    words = "".join(c if c.isalnum() else " " for c in text[:200].lower()).split()
    return "-".join(words)[:LONGEST_ID] or "task"
