"""What stopping earlier would have saved: stop rules, put to runs that are over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flyball.errors import FlyballError
from flyball.ledger import Ledger
from flyball.records import Ruling, Run, Step, Trajectory
from flyball.roles import Monitor


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """What one stop rule would have come to.

    Only stops are replayed: what an escalation would have led to is in no record.
    """

    monitor: str
    runs: int
    """That it was put to: those whose energy is known."""
    stopped: int
    stopped_successes: int
    """Stopped runs that went on to succeed: what the saving would have lost."""
    joules: float
    """Of all these runs."""
    saved_j: float
    """What was spent after the first stop, the stopped action included."""

    @property
    def share(self) -> float | None:
        return self.saved_j / self.joules if self.joules else None


def replay(ledger: Ledger, runs: Sequence[Run], monitors: Iterable[Monitor]) -> list[Saving]:
    """Put each monitor to `runs`, step by step, up to its first STOP."""
    rules = list(monitors)
    # Whole runs are large: without a rule none of them is read.
    known = [(run, ledger.trajectory(run.id)) for run in (runs if rules else ())]
    known = [(run, told) for run, told in known if told.steps and told.spend.energy.joules]
    return [_saving(monitor, known) for monitor in rules]


def _saving(monitor: Monitor, known: Sequence[tuple[Run, Trajectory]]) -> Saving:
    stopped = lost = 0
    saved = 0.0
    for run, trajectory in known:
        place = first_stop(monitor, trajectory)
        if place is not None:
            stopped += 1
            lost += run.success is True
            saved += _after(trajectory.steps[place:])
    return Saving(
        monitor=monitor.name,
        runs=len(known),
        stopped=stopped,
        stopped_successes=lost,
        joules=sum(told.spend.energy.joules or 0.0 for _, told in known),
        saved_j=saved,
    )


def first_stop(monitor: Monitor, trajectory: Trajectory) -> int | None:
    """The index of the first step at which `monitor` rules STOP, if there is one."""
    seen = Trajectory(task=trajectory.task)
    for step in trajectory.steps:
        seen = seen.then(step)
        try:
            verdict = monitor.judge(seen)
        except (FlyballError, LookupError, ValueError, TypeError):
            continue
        if verdict.ruling is Ruling.STOP:
            return step.index
    return None


def _after(steps: Sequence[Step]) -> float:
    first, rest = steps[0], steps[1:]
    tail = [step.spend.energy.joules or 0.0 for step in rest]
    return (first.tool_spend.energy.joules or 0.0) + sum(tail)
