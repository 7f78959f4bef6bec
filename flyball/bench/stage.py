"""One episode from its first page to its score, whatever breaks on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    closing,
    nullcontext,
    suppress,
)
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from flyball.agents import Begun, Crew, attempt, new_run
from flyball.bench.cascades import Contender
from flyball.bench.code.suite import CodeEpisode
from flyball.bench.milestones import newly_reached, stages
from flyball.bench.suites import Episode, Pair, Suite
from flyball.errors import ConfigError, LedgerError, ModelError, ToolError
from flyball.ledger import Ledger
from flyball.records import Arguments, Budget, Observation, Run, Step, Task
from flyball.roles import Tool
from flyball.tools.browser import Browser, BrowserOptions
from flyball.tools.browser.answers import answering

CLOSING_SECONDS = 8.0

PARTS: Mapping[type[Exception], str] = {
    ToolError: "browser",
    ModelError: "model",
    TimeoutError: "clock",
}
"""What a broken episode is put down to; anything else is the suite's own fault."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long the parts of an episode may take before they are taken for broken."""

    answer_seconds: float = 60.0
    """For the page to load, to carry out an action or to be scored; the longest wait that a
    policy can ask for is half of it."""
    episode_seconds: float = 1_800.0


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What an episode needs: a browser, pages, a crew, and a ledger."""

    suite: Suite
    world: Any
    """The browser, or for code the place where commands run."""
    address: str
    crew: Crew
    contender: Contender
    ledger: Ledger
    patience: Patience

    async def play(self, pair: Pair, budget: Budget, marks: Mapping[str, str]) -> Run:
        """Play an episode and write it down. `marks` go into the task's metadata.

        What breaks it is no failure of the agent: the run is then `failed`, without a score,
        and `ended_by` the part that broke. Raises only what no other episode would survive.
        """
        # What the task asks is known once its page is loaded, and that can already fail.
        untold = Task(id=pair.task, prompt="", suite=self.suite.name, budget=budget, metadata=marks)
        driver, strong = self.contender.driver, self.contender.strong
        run = new_run(untold, self.crew, agent=self.suite.agent, policy=driver, strong=strong)
        run = replace(run, seed=pair.seed)
        try:
            async with asyncio.timeout(self.patience.episode_seconds):
                episode = self.suite.episode(self.world, self.address, *pair)
                with closing(episode) if isinstance(episode, CodeEpisode) else nullcontext():
                    async with self._answer():
                        task, first = await episode.start(budget)
                    task = replace(task, metadata={**task.metadata, **marks})
                    run = replace(run, task=task)
                    return await self._attempt(run, episode, first)
        except (ConfigError, LedgerError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the suite goes on
            part = next((part for kind, part in PARTS.items() if isinstance(error, kind)), "suite")
            broken = replace(run, status="failed", ended_by=part, reason=self._why(error))
            broken = replace(broken, ended_at=datetime.now(UTC))
            self.ledger.save(broken)
            return broken

    async def _attempt(self, run: Run, episode: Episode, first: Observation) -> Run:
        async def score(ended: Run) -> float:
            async with self._answer():
                return await episode.score(ended.answer)

        after = list[frozenset[str] | None]()

        def sink(step: Step) -> None:
            after.append(episode.reached())
            self.crew.sink(step)

        tools = {name: _Answering(tool, self) for name, tool in episode.tools.items()}
        crew = replace(self.crew, tools=tools, sink=sink)
        if isinstance(episode, CodeEpisode):
            crew = episode.staffed(crew, self.contender.strong)
        begun = Begun(driver=self.contender.first(run.task))
        ended = await attempt(run, crew, self.ledger, observation=first, score=score, begun=begun)
        told = [reached for reached in after if reached is not None]
        if len(told) == len(after):
            self.ledger.mark(run.id, newly_reached(told, len(after)))
        else:
            self.ledger.mark(run.id, stages(self.suite, self.ledger.trajectory(run.id)))
        return ended

    def _answer(self) -> AbstractAsyncContextManager[None]:
        return answering(self.patience.answer_seconds)

    def _why(self, error: Exception) -> str:
        match error:
            case ToolError() | ModelError():
                return str(error)
            case TimeoutError():
                return f"the episode did not end in {self.patience.episode_seconds:g} s"
            case _:
                return " ".join(f"{type(error).__name__}: {error}".split())


class _Answering:
    """A tool that has to answer within the patience of its stage."""

    def __init__(self, tool: Tool, stage: Stage) -> None:
        self.spec = tool.spec
        self._tool = tool
        self._stage = stage

    async def call(self, arguments: Arguments) -> Observation:
        async with self._stage._answer():
            return await self._tool.call(arguments)


@asynccontextmanager
async def open_browser(options: BrowserOptions) -> AsyncIterator[Browser]:
    """Start a browser; one that hangs or has crashed is closed all the same."""
    browser = Browser(options)
    await browser.__aenter__()
    try:
        yield browser
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_SECONDS):
                await browser.__aexit__(None, None, None)
