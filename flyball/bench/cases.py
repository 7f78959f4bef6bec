"""Runs that are over, as calibration and evaluation take them: what was said, and what it took."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Literal

from flyball.ledger import Ledger
from flyball.ledger.alone import Tell, checked_alone
from flyball.ledger.imports import is_ledger, read_checked
from flyball.monitors.learned.scored import ScoredRun
from flyball.records import Ruling, Run, Spend, Step, Trajectory
from flyball.roles import Monitor

Unit = Literal["joules", "tokens", "steps"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A run that ended and was checked, with its steps."""

    run: Run
    steps: tuple[Step, ...]
    reached: tuple[tuple[str, ...], ...] | None = None
    """The subgoals that each step saw reached for the first time; `None`: nothing tells."""

    @property
    def task(self) -> str:
        """What a split must not part: the task, or the group of tasks that resemble each other."""
        return f"{self.run.task.suite}/{self.run.task.metadata.get('group', self.run.task.id)}"

    def prefixes(self) -> Iterator[Trajectory]:
        """The run as it stood when each step was judged."""
        trajectory = Trajectory(task=self.run.task)
        for step in self.steps:
            trajectory = trajectory.then(step)
            yield trajectory


Score = Callable[[Case], Sequence[float]]
"""A figure for each step of a run: the higher, the likelier it is to fail. NaN rules nothing."""


def read_cases(source: Path, tell: Tell) -> Iterator[Case]:
    """The runs of a ledger, or of a file that `flyball import` takes, that have steps and a score.

    Of a ledger, runs that a policy drove alone; `tell` is told in a line what is passed over.
    Raises `ConfigError` and `LedgerError`.
    """
    if not is_ledger(source):
        for run, steps in read_checked(source):
            yield Case(run=run, steps=steps)
        return
    with Ledger(source) as ledger:
        for run, steps in checked_alone(ledger, tell):
            yield Case(run=run, steps=steps, reached=ledger.milestones(run.id))


def checked(ledger: Ledger, runs: Iterable[Run]) -> Iterator[Case]:
    """Those of `runs` that have steps and a score."""
    for run in runs:
        if run.success is not None and (steps := ledger.steps(run.id)):
            yield Case(run=run, steps=steps)


def common_unit(cases: Sequence[Case]) -> Unit:
    """What all of these runs are known to have taken: joules, else tokens, else only steps."""
    spends = [step.policy_spend for case in cases for step in case.steps]
    # Counters see the whole machine: what the run beside it took cannot be told apart.
    alone = all(case.run.task.metadata.get("workers", "1") == "1" for case in cases)
    if alone and all(spend.energy.joules is not None for spend in spends):
        return "joules"
    if all(spend.usage.input_tokens + spend.usage.output_tokens for spend in spends):
        return "tokens"
    return "steps"


def taken(case: Case, unit: Unit) -> tuple[float, ...]:
    """What a run had taken once each of its steps was proposed, and not yet carried out."""
    before, amounts = Spend(), list[float]()
    for place, step in enumerate(case.steps, start=1):
        spend = before + step.policy_spend
        match unit:
            case "joules":
                amounts.append(spend.energy.joules or 0.0)
            case "tokens":
                amounts.append(float(spend.usage.input_tokens + spend.usage.output_tokens))
            case "steps":
                amounts.append(float(place))
        before = before + step.spend
    return tuple(amounts)


def score_case(case: Case, scores: Sequence[float], unit: Unit) -> ScoredRun:
    """Put what was said of a run beside what it took. Answers are let through: they score NaN."""
    marks = case.run.task.metadata
    let_through = (
        nan if step.action.is_final else score
        for step, score in zip(case.steps, scores, strict=True)
    )
    return ScoredRun(
        task=case.task,
        name=f"{case.run.task.suite}/{case.run.task.id}" if "group" in marks else "",
        success=case.run.success is True,
        scores=tuple(let_through),
        joules=taken(case, unit),
        agent=case.run.policy,
        seed=-1 if case.run.seed is None else case.run.seed,
        run=case.run.id,
    )


@dataclass(kw_only=True)
class Replay:
    """Scores runs by asking a monitor about every step, and times it."""

    monitor: Monitor
    seconds: list[float]
    ruled: list[list[Ruling]]
    """What it ruled at each step of each run."""

    def __call__(self, case: Case) -> list[float]:
        self.ruled.append([])
        return [self._ask(prefix) for prefix in case.prefixes()]

    @property
    def judge_ms(self) -> float | None:
        """Median milliseconds that the monitor took to judge a step."""
        return 1_000 * median(self.seconds) if self.seconds else None

    def _ask(self, prefix: Trajectory) -> float:
        began = perf_counter()
        verdict = self.monitor.judge(prefix)
        self.seconds.append(perf_counter() - began)
        self.ruled[-1].append(verdict.ruling)
        if verdict.error is not None:
            return nan
        if verdict.score is not None:
            return verdict.score
        return float(verdict.ruling.severity > 0)


def replay(monitor: Monitor) -> Replay:
    return Replay(monitor=monitor, seconds=[], ruled=[])
