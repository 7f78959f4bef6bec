"""Serve the pages on loopback, start an episode in the browser, and read its reward."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from flyball.bench.miniwob.oracles import ORACLES, TRAINED, UNTRAINED, Oracle, max_steps
from flyball.errors import ToolError
from flyball.records import Action, Arguments, Budget, Observation, Task
from flyball.roles import Tool

if TYPE_CHECKING:
    from flyball.tools.browser import Browser

IGNORE = "#query, #reward-display, #sync-task-cover, #click-canvas"
"""The benchmark's own display, which is no part of the page."""
VIEWPORT = (500, 400)
EPISODE_MS = 600_000
"""The pages' own time limit is meant for people; the run's budget is what counts here."""

GOAL = """() => {
  const told = core.getUtterance();
  const icons = [...document.querySelectorAll('#query .ui-icon')].map(icon => icon.classList[1]);
  // Some pages give the fields of the goal besides, which would be the answer.
  const words = told.utterance || told;
  if (!icons.length) return words;
  return words.replace(/ +icon/, ` ${icons[0].replace('ui-icon-', '')} icon`);
}"""
"""The goal in words; an icon in it is told by its name, as in a page's lines."""
SEED_KEY = "flyball {seed}"
"""What the pages are seeded with. A bare number would not do: seedrandom repeats a short key,
so that `200200` would be the training seed `200` over again."""
EPISODES_A_PAGE = 50
"""So often a page may begin anew before it is loaded anew: some keep what each episode made."""
SETTLING_MS: Mapping[str, int] = {"terminal": 250}
"""Until a page takes the keyboard, where it does so late: earlier keys go nowhere."""
_SETTLE = "ms => new Promise(done => setTimeout(done, ms))"
"""By the page's own clock, on which what it waits for comes first, however slow the page is."""
_AS_NEW = """most => {
  // Suggestions, calendars and dialogs hang in the body, and stay there when an episode is over.
  const kept = window.__flyballKept;
  return !!kept && kept.episodes < most && kept.children === document.body.children.length;
}"""
_START = """([seed, limit]) => {
  window.__flyballKept ??= { episodes: 0, children: document.body.children.length };
  window.__flyballKept.episodes += 1;
  document.activeElement?.blur();
  scrollTo(0, 0);
  if (!WOB_DONE_GLOBAL && core.EP_TIMER) core.endEpisode(0, false);
  Math.seedrandom(seed); core.EPISODE_MAX_TIME = limit; core.startEpisodeReal();
}"""


@contextmanager
def serve() -> Iterator[str]:
    """Serve the pages on a free loopback port; gives the address that task names go behind."""
    found = importlib.util.find_spec("miniwob")
    if found is None or found.origin is None:
        raise ToolError("the MiniWoB++ pages are missing; pip install 'flyball[suites]'")
    pages = Path(found.origin).parent / "html"
    handler = partial(_Quiet, directory=str(pages))
    with _Server(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/miniwob"
        finally:
            server.shutdown()
            thread.join()


class WebSuite:
    """The tasks of MiniWoB++ that can be solved from the text of the page."""

    name = "web"
    agent = "web"
    seeded = True
    trained = TRAINED
    untrained = UNTRAINED
    viewport = VIEWPORT
    ignore = IGNORE

    def max_steps(self, task: str) -> int:
        return max_steps(task)

    def serve(self) -> AbstractContextManager[str]:
        return serve()

    def episode(self, browser: Browser, address: str, task: str, seed: int) -> Episode:
        return Episode(browser, address, task, seed)

    def oracle(self, task: str) -> Oracle:
        return ORACLES[task]

    def milestones(self, pair: tuple[str, int], done: Sequence[Action]) -> int:
        """None: these tasks are too short to have any."""
        return 0


class Episode:
    """One episode of one task in `browser`, which should ignore `IGNORE`."""

    def __init__(self, browser: Browser, address: str, name: str, seed: int) -> None:
        self._browser = browser
        self._url = f"{address}/{name}.html"
        self.name = name
        self.seed = seed

    async def start(self, budget: Budget) -> tuple[Task, Observation]:
        """Start the episode in its page; gives the task and the first look at it.

        As in the benchmark's own environment, a page that is open begins anew: that takes a
        quarter of the time.
        """
        if not await self._is_open_as_new():
            await self._browser.open(self._url)
        await self._browser.evaluate(_START, [SEED_KEY.format(seed=self.seed), EPISODE_MS])
        if self.name in SETTLING_MS:
            await self._browser.evaluate(_SETTLE, SETTLING_MS[self.name])
        goal = await self._browser.evaluate(GOAL)
        task = Task(
            id=self.name,
            prompt=str(goal),
            suite="web",
            budget=budget,
            metadata={"seed": str(self.seed)},
        )
        return task, await self._browser.observe("browser")

    async def _is_open_as_new(self) -> bool:
        """Whether the page is open, and shows nothing that earlier episodes left behind."""
        if self._browser.tabs != 1 or self._browser.page.url != self._url:
            return False
        return bool(await self._browser.evaluate(_AS_NEW, EPISODES_A_PAGE))

    @property
    def tools(self) -> Mapping[str, Tool]:
        """The browser's tools, which also notice when the episode is over."""
        return {name: _Ending(tool, self) for name, tool in self._browser.tools.items()}

    async def over(self) -> bool:
        return bool(await self._browser.evaluate("() => !!window.WOB_DONE_GLOBAL"))

    async def score(self, answer: str | None = None) -> float:
        """1 for a raw reward of 1 (Liu et al.), else 0; an episode that goes on has failed."""
        reward = await self._browser.evaluate(
            "() => window.WOB_DONE_GLOBAL ? window.WOB_RAW_REWARD_GLOBAL : 0"
        )
        return 1.0 if float(reward) == 1.0 else 0.0

    def reached(self) -> None:
        """The pages know of nothing but the end; the oracles know of more."""
        return


class _Ending:
    def __init__(self, tool: Tool, episode: Episode) -> None:
        self.spec = tool.spec
        self._tool = tool
        self._episode = episode

    async def call(self, arguments: Arguments) -> Observation:
        observation = await self._tool.call(arguments)
        if not await self._episode.over():
            return observation
        return replace(observation, ended=True)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let a browser hang up on a page that it leaves."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Quiet(SimpleHTTPRequestHandler):
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
    }

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has
        """Say nothing: the screen belongs to the run."""
