"""A handful of MiniWoB++ episodes on the bundled policy: what flyball does, in a minute."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import NamedTuple

from flyball.agents import Crew, assemble, attempt, new_run, open_meter, open_policies
from flyball.agents.session import Record
from flyball.bench.miniwob import IGNORE, VIEWPORT, Episode, serve
from flyball.config import Config
from flyball.records import Budget, Run
from flyball.roles import Sink
from flyball.tools.browser import Browser, BrowserOptions

MAX_STEPS = 20
EVALUATION_SEEDS = range(200_000, 300_000)
"""Training drew from 0 to 99,999; calibration is to draw from 100,000 to 199,999."""


class Scene(NamedTuple):
    """One episode of the demo."""

    task: str
    seed: int


SCENES = tuple(
    Scene(task, EVALUATION_SEEDS[index])
    for index, task in enumerate(
        (
            "login-user",
            "click-tab-2",
            "click-checkboxes",
            "choose-list",
            "enter-password",
            "email-inbox-delete",
            "click-collapsible",
            "click-checkboxes-large",
            "click-collapsible-2",
            "login-user-popup",
            "enter-text-dynamic",
            "click-test-2",
        )
    )
)
"""Seven tasks that the bundled policy was trained on, and five that it never saw."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What the episodes share: a browser, a server of pages, a crew."""

    browser: Browser
    address: str
    crew: Crew
    policy: str

    async def play(self, scene: Scene, record: Record, sink: Sink) -> Run:
        """Run one episode, supervised, and write it down."""
        episode = Episode(self.browser, self.address, scene.task, scene.seed)
        task, first = await episode.start(Budget(steps=MAX_STEPS))
        crew = replace(self.crew, tools=episode.tools, sink=sink)
        run = new_run(task, crew, agent="web", policy=self.policy)
        run = replace(run, seed=scene.seed)
        return await attempt(run, crew, record, observation=first, score=episode.score)


@asynccontextmanager
async def open_stage(
    config: Config, *, policy: str | None = None, headless: bool = True
) -> AsyncIterator[Stage]:
    """Start the browser and the server of pages, and load the model."""
    name = policy or config.run.policy
    executable = config.browser.executable
    options = BrowserOptions(
        executable=str(executable) if executable else None,
        headless=headless,
        viewport=VIEWPORT,
        ignore=IGNORE,
    )
    browser = Browser(options)
    specs = [tool.spec for tool in browser.tools.values()]
    with serve() as address, open_policies(config, [name], specs) as policies:
        async with browser:
            crew = assemble(config, policies, browser.tools, meter=open_meter(config))
            yield Stage(browser=browser, address=address, crew=crew, policy=name)
