"""What stopping earlier would have saved: stop rules, put to runs that are over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flyball.bench.cases import Case
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
    cases = [Case(run=run, steps=ledger.steps(run.id)) for run in (runs if rules else ())]
    known = [case for case in cases if _joules(case)]
    return [_saving(monitor, known) for monitor in rules]


def _saving(monitor: Monitor, cases: Sequence[Case]) -> Saving:
    stops = [(case, first_stop(monitor, case)) for case in cases]
    stopped = [(case, place) for case, place in stops if place is not None]
    return Saving(
        monitor=monitor.name,
        runs=len(cases),
        stopped=len(stopped),
        stopped_successes=sum(case.run.success is True for case, _ in stopped),
        joules=sum(_joules(case) for case in cases),
        saved_j=sum(_after(case.steps[place:]) for case, place in stopped),
    )


def first_stop(monitor: Monitor, case: Case) -> int | None:
    """The index of the first step at which `monitor` rules STOP, if there is one."""
    for seen in case.prefixes():
        try:
            verdict = monitor.judge(seen)
        except (FlyballError, LookupError, ValueError, TypeError):
            continue
        if verdict.ruling is Ruling.STOP:
            return seen.last.index
    return None


def _joules(case: Case) -> float:
    """Nothing where it is unknown of one of its steps."""
    return Trajectory(task=case.run.task, steps=case.steps).spend.energy.joules or 0.0


def _after(steps: Sequence[Step]) -> float:
    first, rest = steps[0], steps[1:]
    tail = [step.spend.energy.joules or 0.0 for step in rest]
    return (first.tool_spend.energy.joules or 0.0) + sum(tail)
