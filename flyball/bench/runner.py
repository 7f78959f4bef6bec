"""Play the episodes of a batch that are not in the ledger yet, several at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from flyball.agents import Crew, open_meter, open_policies
from flyball.agents.coding import workplace_of
from flyball.bench.batches import Batch, Todo, make_batch, pair_of
from flyball.bench.cascades import Contender, single
from flyball.bench.oracle import ORACLE, oracle_policy
from flyball.bench.stage import Patience, Stage, open_browser
from flyball.bench.suites import Pair, Suite
from flyball.config import Config
from flyball.ledger import Ledger
from flyball.records import Run, Step, ToolSpec
from flyball.roles import Meter, Policy
from flyball.tools.browser import Browser, BrowserOptions
from flyball.tools.code import SPECS, Workplace


class Audience(Protocol):
    """Is told how far a batch is."""

    def began(self, kept: Sequence[Run], left: int) -> None:
        """`kept` runs were in the ledger, and `left` episodes are to be played."""
        ...

    def stepped(self, pair: Pair, step: Step) -> None: ...

    def ended(self, run: Run) -> None:
        """An episode is over, or broke (`failed`) and may be tried again."""
        ...


class Nobody:
    """An audience that is not there."""

    def began(self, kept: Sequence[Run], left: int) -> None:
        """Say nothing."""

    def stepped(self, pair: Pair, step: Step) -> None:
        """Say nothing."""

    def ended(self, run: Run) -> None:
        """Say nothing."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be played, and how."""

    suite: Suite
    policy: str
    """A model that the configuration knows, or `oracle`."""
    pairs: tuple[Pair, ...]
    contender: Contender | None = None
    """In place of `policy` under the configured supervision: a cascade, or an end of its line."""
    workers: int = 1
    """With more than one, energy cannot be put down to an episode, and counts as unknown."""
    fresh: bool = False
    """Play what is in the ledger too."""
    headless: bool = True
    temperature: float = 0.0
    """Above 0 the policy draws what it says: the same seeds give other runs."""
    patience: Patience = Patience()


async def perform(
    plan: Plan, config: Config, ledger: Ledger, audience: Audience | None = None
) -> list[Run]:
    """Play what `plan` asks for; gives the runs of its pairs, the broken ones too.

    A run that ended has a score. Can be interrupted at any time, and goes on from the ledger.
    """
    return await _Performance(plan, config, ledger, audience or Nobody()).play()


class _Performance:
    """Workers of one event loop, each with a browser, a server of pages and a model of its own.

    One loop is enough: the work is done by Chromium's processes and in llama.cpp's threads. Two
    processes of Python played 6 % more episodes a minute than one loop with two workers.
    """

    def __init__(self, plan: Plan, config: Config, ledger: Ledger, audience: Audience) -> None:
        self._plan = plan
        self._ledger = ledger
        self._audience = audience
        self._contender = plan.contender or single(config, plan.policy)
        self._batch: Batch = make_batch(plan.suite, self._contender, temperature=plan.temperature)
        self._meter: Meter = open_meter(config)
        executable = config.browser.executable
        self._options = BrowserOptions(
            executable=str(executable) if executable else None,
            headless=plan.headless,
            timeout_seconds=config.browser.timeout_seconds,
            viewport=plan.suite.viewport,
            ignore=plan.suite.ignore,
        )

    async def play(self) -> list[Run]:
        plan = self._plan
        self._runs = [] if plan.fresh else self._batch.runs(self._ledger, plan.pairs)
        kept = [run for run in self._runs if run.score is not None]
        ended = {pair_of(run) for run in kept}
        self._todo = Todo(pairs=deque(pair for pair in plan.pairs if pair not in ended))
        self._audience.began(kept, len(self._todo))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(plan.workers, len(self._todo))):
                    group.create_task(self._work())
        except ExceptionGroup as broken:
            raise broken.exceptions[0] from None
        return self._runs

    async def _work(self) -> None:
        """Play as long as something is left, with a new browser after each one that broke."""
        suite = self._plan.suite
        with suite.serve() as address, self._policies() as policies:
            while self._todo:
                async with self._world() as world:
                    tools = world.tools if isinstance(world, Browser) else {}
                    crew = self._contender.crew(
                        policies, tools, meter=self._meter, agent=suite.agent
                    )
                    if self._plan.workers > 1:  # joules that nobody can tell apart have no price
                        crew = replace(crew, usd_per_kwh=None)
                    stage = Stage(
                        suite=suite,
                        world=world,
                        address=address,
                        crew=crew,
                        contender=self._contender,
                        ledger=self._ledger,
                        patience=self._plan.patience,
                    )
                    await self._play_until_one_breaks(stage, crew)

    async def _play_until_one_breaks(self, stage: Stage, crew: Crew) -> None:
        while pair := self._todo.take():
            listening = replace(crew, sink=partial(self._audience.stepped, pair))
            marks = self._batch.marks(pair, self._plan.workers)
            budget = self._batch.budget(pair.task)
            run = await replace(stage, crew=listening).play(pair, budget, marks)
            self._runs.append(run)
            self._audience.ended(run)
            if run.status == "failed":
                self._todo.broke(pair, run.reason)
                return
            self._todo.done()

    def _world(self) -> AbstractAsyncContextManager[Browser | Workplace]:
        """A browser, or for code a sandbox that has just worked."""
        if self._plan.suite.agent == "code":
            return nullcontext(workplace_of(self._contender.config, hidden=(self._ledger.path,)))
        return open_browser(self._options)

    def _specs(self) -> list[ToolSpec]:
        return [tool.spec for tool in Browser(self._options).tools.values()]

    @contextmanager
    def _policies(self) -> Iterator[Mapping[str, Policy]]:
        contender = self._contender
        if contender.models == (ORACLE,):
            yield {ORACLE: oracle_policy(self._plan.suite)}
            return
        agent = self._plan.suite.agent
        with open_policies(
            contender.config,
            contender.models,
            SPECS if agent == "code" else self._specs(),
            temperature=self._plan.temperature,
            agent=agent,
        ) as policies:
            yield policies
