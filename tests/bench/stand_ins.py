"""A small suite on loopback pages, with tasks that break in every way that a task can."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager

from flyball.bench.runner import Nobody
from flyball.records import Action, Task
from tests.site import serve_site

BUTTON = '<title>t</title><button onclick="{}">Go</button>'
PAGES = {
    "/press.html": BUTTON.format("document.title = 'won'"),
    "/answer.html": "<title>t</title><p>The word is tea</p>",
    "/hang.html": BUTTON.format("for (;;);"),
    "/dead.html": "<title>t</title><script>for (;;);</script>",
    "/endless.html": BUTTON.format(""),
    "/lost.html": "<title>t</title><p>nothing to press</p>",
    "/buggy.html": BUTTON.format(""),
}
CLICK = Action(tool="click", arguments={"element": 1, "target": 'button "Go"'})
FINISH = Action(tool="finish", arguments={"answer": "tea"})


class PageSuite:
    """Each task is a page of its name; `press` is won by pressing, `answer` by saying tea.

    A name such as `hang*1` breaks the first time only.
    """

    name = "pages"
    agent = "web"
    seeded = True
    trained = ("press", "answer")
    untrained = ("hang", "dead", "endless", "lost", "buggy", "hang*1")
    viewport = (400, 300)
    ignore = ""

    def __init__(self) -> None:
        self.tries: Counter[str] = Counter()
        self.addresses: set[str] = set()

    def max_steps(self, task):
        return 10_000 if task == "endless" else 5

    @contextmanager
    def serve(self):
        with serve_site() as site:
            site.pages.update(PAGES)
            self.addresses.add(site.address)
            yield site.address

    def episode(self, browser, address, task, seed):
        self.tries[task] += 1
        page, _, breaks = task.partition("*")
        healed = breaks and self.tries[task] > int(breaks)
        return PageEpisode(browser, f"{address}/{'press' if healed else page}.html", task, seed)

    def oracle(self, task):
        if task == "answer":
            return lambda goal, page, told: FINISH
        return lambda goal, page, told: _press(page, told, forever=task == "endless")

    def milestones(self, pair, done):
        return 0


def _press(page, told, *, forever):
    if not page[0].number:
        raise LookupError("no button")
    return FINISH if told and not forever else CLICK


class PageEpisode:
    def __init__(self, browser, url, name, seed):
        self.browser = browser
        self.url = url
        self.name = name
        self.seed = seed

    async def start(self, budget):
        if self.name == "buggy":
            raise KeyError("no such row")
        seen = await self.browser.open(self.url)
        return Task(id=self.name, prompt="Press Go.", suite="pages", budget=budget), seen

    @property
    def tools(self):
        return self.browser.tools

    def reached(self):
        return None

    async def score(self, answer):
        if self.name == "answer":
            return float(answer == "tea")
        return float(await self.browser.evaluate("() => document.title") == "won")


class Listener(Nobody):
    """Remembers what it was told, and does what it was asked to after a step or a run."""

    def __init__(self, after_step=None, after_run=None):
        self.kept = []
        self.left = None
        self.runs = []
        self._after_step = after_step
        self._after_run = after_run

    def began(self, kept, left):
        self.kept, self.left = list(kept), left

    def stepped(self, pair, step):
        if self._after_step:
            self._after_step()

    def ended(self, run):
        self.runs.append(run)
        if self._after_run:
            self._after_run()
