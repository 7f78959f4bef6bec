"""The office suite: its tasks, its server, and one episode in the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import count
from random import Random
from weakref import WeakValueDictionary

from flyball.bench.miniwob.oracles.moves import Oracle
from flyball.bench.office.application import application
from flyball.bench.office.data import build
from flyball.bench.office.server import PREFIX, serve
from flyball.bench.office.site import Site
from flyball.bench.office.tab import Tab
from flyball.bench.office.template import State, Template
from flyball.bench.office.templates import TEMPLATES
from flyball.records import Action, Arguments, Budget, Observation, Task
from flyball.roles import Tool
from flyball.tools.browser import Browser

TOOLS = ("click", "fill", "select", "press", "back")
SPARE_STEPS = 6


class Job:
    """A task of one seed: the office as it is at first, the goal, and what counts as done."""

    def __init__(self, template: Template, seed: int) -> None:
        self.template = template
        self.seed = seed
        rng = Random(f"{template.name} {seed}")
        data = build(rng)
        self.facts = template.prepare(data, rng)
        self.goal = template.goal(self.facts, rng)
        self.site = application(data, rng)

    def subgoals(self) -> tuple[bool, ...]:
        """Which milestones are reached now, in the order of `milestones`."""
        state = State(self.site.data, self.site.trail)
        return tuple(goal.reached(state) for goal in self.template.subgoals(self.facts))

    @property
    def milestones(self) -> tuple[str, ...]:
        """What the milestones are called."""
        return tuple(goal.name for goal in self.template.subgoals(self.facts))

    def score(self, answer: str | None) -> float:
        """1 where just what was asked for has changed and the answer is right, else 0."""
        wanted = Job(self.template, self.seed).site.data
        self.template.change(wanted, self.facts)
        if wanted.dump() != self.site.data.dump():
            return 0.0
        right = self.template.answer and self.template.answer(wanted, self.facts)
        return 1.0 if right is None or _same(right, answer or "") else 0.0


def _same(right: str, answer: str) -> bool:
    return right.casefold() == answer.strip().rstrip(".").casefold()


class Episode:
    """One task of one seed in `browser`."""

    def __init__(self, browser: Browser, url: str, job: Job) -> None:
        self._browser = browser
        self._url = url
        self._job = job
        self._start = ""
        self.name = job.template.name
        self.seed = job.seed
        self.progress: list[tuple[int, tuple[bool, ...]]] = []
        """After each tool call: its number, and which milestones were reached then."""

    async def start(self, budget: Budget) -> tuple[Task, Observation]:
        """Open the office; gives the task and the first look at it."""
        await self._browser.open(self._url)
        self._start = await self._place()
        task = Task(
            id=self.name,
            prompt=self._job.goal,
            suite="office",
            budget=budget,
            metadata={"seed": str(self.seed)},
        )
        return task, await self._browser.observe("browser")

    @property
    def tools(self) -> Mapping[str, Tool]:
        """The browser's tools, of which each call is followed by a look at the milestones."""
        return {name: _Noting(self._browser.tools[name], self) for name in TOOLS}

    def subgoals(self) -> tuple[bool, ...]:
        """Which milestones are reached now, in order."""
        return self._job.subgoals()

    @property
    def milestones(self) -> tuple[str, ...]:
        return self._job.milestones

    def reached(self) -> frozenset[str]:
        """The milestones that are reached now."""
        told = zip(self.milestones, self.subgoals(), strict=True)
        return frozenset(name for name, reached in told if reached)

    @property
    def final(self) -> tuple[str, ...]:
        """What was done that cannot be undone."""
        return tuple(self._job.site.final)

    async def score(self, answer: str | None) -> float:
        """1 where just what was asked for has changed and `answer` is right, else 0."""
        return self._job.score(answer)

    async def call(self, tool: Tool, arguments: Arguments) -> Observation:
        """Use a tool, without leaving the office backwards, and note the milestones."""
        if tool.spec.name == "back" and await self._place() == self._start:
            observation = await self._browser.observe("back", "there is no page to go back to")
        else:
            observation = await tool.call(arguments)
        self.progress.append((len(self.progress) + 1, self.subgoals()))
        return observation

    async def _place(self) -> str:
        """The place in the tab's history, which earlier episodes have filled too."""
        return str(await self._browser.page.evaluate("() => navigation.currentEntry.key"))


class _Noting:
    def __init__(self, tool: Tool, episode: Episode) -> None:
        self.spec = tool.spec
        self._tool = tool
        self._episode = episode

    async def call(self, arguments: Arguments) -> Observation:
        return await self._episode.call(self._tool, arguments)


class Office:
    """The suite. An office is kept for as long as its episode is."""

    name = "office"
    agent = "web"
    seeded = True
    trained = tuple(name for name, template in TEMPLATES.items() if template.trained)
    untrained = tuple(name for name, template in TEMPLATES.items() if not template.trained)
    viewport = (900, 1000)
    ignore = ""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._sites: WeakValueDictionary[str, Site] = WeakValueDictionary()

    def max_steps(self, task: str) -> int:
        """Twice what the oracle takes at most, and a few more."""
        return 2 * TEMPLATES[task].steps[1] + SPARE_STEPS

    def serve(self) -> AbstractContextManager[str]:
        return serve(self._sites)

    def episode(self, browser: Browser, address: str, task: str, seed: int) -> Episode:
        job = Job(TEMPLATES[task], seed)
        name = f"{task}-{seed}-{next(self._numbers)}"
        self._sites[name] = job.site
        return Episode(browser, f"{address}{PREFIX}{name}/", job)

    def oracle(self, task: str) -> Oracle:
        return TEMPLATES[task].oracle()

    def milestones(self, pair: tuple[str, int], done: Sequence[Action]) -> int:
        """The most milestones reached at one time, found by doing it all again in process."""
        task, seed = pair
        job = Job(TEMPLATES[task], seed)
        tab, most = Tab(job.site), 0
        for action in done:
            tab.act(action)
            most = max(most, sum(job.subgoals()))
        return most
