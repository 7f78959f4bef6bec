"""Several attempts at one coding task: the first that the tests accept is taken."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace

from flyball.agents.chat import ModelPolicy
from flyball.agents.coding import on_workspace
from flyball.agents.compact_code import CompactCodePolicy
from flyball.agents.graph import Crew
from flyball.agents.resuming import first_look, taken_up
from flyball.agents.session import AFRESH, Begun, attempt, new_run
from flyball.monitors.approvals import Kind
from flyball.records import Budget, Observation, Run, Spend, Step, Task, Trajectory
from flyball.roles import Policy, Record, Recoverable, Tool
from flyball.tools.code import Remembered, Workspace

ATTEMPT = "attempt"
ATTEMPTS = "attempts"
"""Keys in a task's metadata: which of how many, and what they have in common."""
WARMTH = 0.7
"""The temperature from the second attempt on: the first, which is greedy, would come again."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A workspace with its tools, for one attempt."""

    workspace: Workspace
    exam: Remembered
    tools: Mapping[str, Tool]
    world: Recoverable
    first: Observation
    """The first look at it."""


@dataclass(frozen=True, kw_only=True)
class Tried:
    """An attempt that is over."""

    run: Run
    bench: Bench
    spend: Spend
    """What it took."""


def _unsteered(_: Run, crew: Crew) -> AbstractAsyncContextManager[Crew]:
    return nullcontext(crew)


@dataclass(frozen=True, kw_only=True)
class Undertaking:
    """A task, who is to do it, and how often it may be tried."""

    task: Task
    crew: Crew
    record: Record
    open_bench: Callable[[], Bench]
    driver: str
    strong: str | None = None
    times: int = 1
    seed: int | None = None
    asks: tuple[Kind, ...] = ()
    ended: Callable[[Tried], None] = lambda tried: None
    """Is told of each attempt that is over."""
    steered: Callable[[Run, Crew], AbstractAsyncContextManager[Crew]] = _unsteered
    """Gives the crew of each attempt a helm, where a person is to have one."""

    async def carry_out(self) -> Tried:
        """Attempt it up to `times` times; gives the first that passes its tests, else the last.

        Each attempt begins with the same prompt, whose cache the model keeps. All share one budget,
        but for its steps, which are for each: a monitor that stops one leaves the next more to
        spend. Where no test tells, the first is taken. Raises what `attempt` does.
        """
        group, number, left = secrets.token_hex(4), 1, self.task.budget
        while True:
            tried = await self._attempt(number, group, left)
            self.ended(tried)
            left = left.after(tried.spend)
            if tried.run.success is not False or number >= self.times or left.used_up:
                return tried
            number += 1

    async def take_up(self, earlier: Run, trajectory: Trajectory) -> Tried:
        """Go on with a run that was broken off, at a bench that is as it left it."""
        bench = self.open_bench()
        crew = self._at(bench, self.crew.policies)
        run = taken_up(earlier, trajectory, crew, policy=self.driver, budget=self.task.budget)
        first = first_look(earlier, trajectory, bench.first)
        tried = await self._pursue(run, crew, bench, first, Begun(done=trajectory.steps))
        self.ended(tried)
        return tried

    async def _attempt(self, number: int, group: str, budget: Budget) -> Tried:
        bench = self.open_bench()
        crew = self._at(bench, warmed(self.crew.policies, number, self.seed))
        marks = {**self.task.metadata, ATTEMPTS: group, ATTEMPT: f"{number} of {self.times}"}
        task = replace(self.task, metadata=marks, budget=budget)
        run = new_run(task, crew, agent="code", policy=self.driver, strong=self.strong)
        drawn = self.seed if number == 1 else (self.seed or 0) + number - 1
        return await self._pursue(replace(run, seed=drawn), crew, bench, bench.first, AFRESH)

    def _at(self, bench: Bench, policies: Mapping[str, Policy]) -> Crew:
        return on_workspace(
            replace(self.crew, tools=bench.tools, policies=policies),
            bench.workspace,
            bench.exam,
            world=bench.world,
            strong=self.strong,
            asks=self.asks,
        )

    async def _pursue(
        self, run: Run, crew: Crew, bench: Bench, first: Observation, begun: Begun
    ) -> Tried:
        async def score(ended: Run) -> float | None:
            passed = (await bench.exam.known(bench.workspace)).passed
            return None if passed is None else float(passed)

        taken = list[Spend]()

        def listen(step: Step) -> None:
            taken.append(step.spend)
            crew.sink(step)

        async with self.steered(run, replace(crew, sink=listen)) as heard:
            over = await attempt(
                run, heard, self.record, observation=first, score=score, begun=begun
            )
        return Tried(run=over, bench=bench, spend=sum(taken, Spend()))


def warmed(policies: Mapping[str, Policy], number: int, seed: int | None) -> Mapping[str, Policy]:
    """The policies as they are for the first attempt, and with other draws for the next ones."""
    if number == 1:
        return policies
    drawn = (seed or 0) + number - 1
    return {name: _warmed(policy, drawn) for name, policy in policies.items()}


def _warmed(policy: Policy, seed: int) -> Policy:
    match policy:
        case ModelPolicy():
            return replace(policy, temperature=max(policy.temperature, WARMTH), seed=seed)
        case CompactCodePolicy():
            return policy.warmed(WARMTH, seed)
    return policy
