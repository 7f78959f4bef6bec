"""What stopping earlier would have saved: stop rules, put to runs that are over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flyball.audit.figures import RunFigure, figures
from flyball.bench.cases import Case
from flyball.errors import FlyballError
from flyball.ledger import Ledger
from flyball.records import Ruling, Run, Step
from flyball.records.spending import METHODS, EnergyMethod
from flyball.roles import Monitor


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """What one stop rule would have come to.

    Only stops are replayed: what an escalation would have led to is in no record.
    """

    monitor: str
    runs: int
    """That it was put to: those whose energy is known, and of one kind, as `replay` chooses."""
    stopped: int
    stopped_successes: int
    """Stopped runs that went on to succeed: what the saving would have lost."""
    joules: float
    """Of all these runs."""
    saved_j: float
    """What was spent after the first stop, the stopped action included."""
    method: EnergyMethod | None = None
    """The least sure that the joules rest on; `None` where there are none."""

    @property
    def share(self) -> float | None:
        return self.saved_j / self.joules if self.joules else None


def replay(ledger: Ledger, runs: Sequence[Run], monitors: Iterable[Monitor]) -> list[Saving]:
    """Put each monitor to `runs`, step by step, up to its first STOP.

    Passed over are runs whose energy is unknown, as of those that shared the machine, and those
    of the rarer kind: what was read and what was estimated have no sum.
    """
    rules = list(monitors)
    if not rules:
        return []
    told = {figure.run: figure for figure in _of_one_kind(figures(ledger, runs))}
    # Whole runs are large: only these are read.
    cases = [Case(run=run, steps=ledger.steps(run.id)) for run in runs if run.id in told]
    return [_saving(monitor, cases, list(told.values())) for monitor in rules]


def _of_one_kind(taken: Iterable[RunFigure]) -> list[RunFigure]:
    """Those with known joules that were read, or that were estimated: whichever are more."""
    read, estimated = list[RunFigure](), list[RunFigure]()
    for figure in taken:
        if figure.joules:
            (estimated if figure.method == "estimated" else read).append(figure)
    return estimated if len(estimated) > len(read) else read


def _saving(monitor: Monitor, cases: Sequence[Case], taken: Sequence[RunFigure]) -> Saving:
    methods = [figure.method for figure in taken if figure.method]
    stops = [(case, first_stop(monitor, case)) for case in cases]
    stopped = [(case, place) for case, place in stops if place is not None]
    return Saving(
        monitor=monitor.name,
        runs=len(cases),
        stopped=len(stopped),
        stopped_successes=sum(case.run.success is True for case, _ in stopped),
        joules=sum(figure.joules or 0.0 for figure in taken),
        saved_j=sum(_after(case.steps[place:]) for case, place in stopped),
        method=max(methods, key=METHODS.index, default=None),
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


def _after(steps: Sequence[Step]) -> float:
    first, rest = steps[0], steps[1:]
    tail = [step.spend.energy.joules or 0.0 for step in rest]
    return (first.tool_spend.energy.joules or 0.0) + sum(tail)
