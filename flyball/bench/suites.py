"""What a suite of tasks is, and which suites there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any, Literal, NamedTuple, Protocol

from flyball import plugins
from flyball.config.wording import nearest
from flyball.errors import ConfigError
from flyball.records import Action, Budget, Observation, Task
from flyball.roles import Tool
from flyball.tools.page import Entry

Split = Literal["trained", "untrained"]
SPLITS: tuple[Split, ...] = ("trained", "untrained")

TRAINING_SEEDS = range(100_000)
CALIBRATION_SEEDS = range(100_000, 200_000)
EVALUATION_SEEDS = range(200_000, 300_000)
BLOCK = 10
"""So many seeds of a task are played one after another."""
HELD_BACK_SEED = 900_000
"""This seed and those above are for nobody who works on flyball."""

Oracle = Callable[[str, Sequence[Entry], Sequence[str]], Action]
"""The best next action from the goal, the page and the last actions as the compact format tells
them. Raises `LookupError` where the page does not show what the goal asks for."""


class Pair(NamedTuple):
    """One episode: a task, and the seed that its page is made from."""

    task: str
    seed: int


class Episode(Protocol):
    """One episode of one task, in a browser."""

    @property
    def name(self) -> str: ...

    @property
    def seed(self) -> int: ...

    async def start(self, budget: Budget) -> tuple[Task, Observation]:
        """Set the world up; gives the task and the first look at it."""
        ...

    @property
    def tools(self) -> Mapping[str, Tool]: ...

    async def score(self, answer: str | None) -> float:
        """Check the world and what the policy answered: from 0 to 1, where 1 is success."""
        ...

    def reached(self) -> frozenset[str] | None:
        """The parts of the goal that are reached now; `None` where the world does not tell."""
        ...


class Suite(Protocol):
    """Tasks that are played in a browser or a repository, each with an oracle."""

    @property
    def agent(self) -> str:
        """The kind of agent that plays them: `web` or `code`."""
        ...

    @property
    def seeded(self) -> bool:
        """Whether a seed changes a task."""
        ...

    @property
    def name(self) -> str: ...

    @property
    def trained(self) -> tuple[str, ...]:
        """Tasks that bundled policies were trained on (with other seeds)."""
        ...

    @property
    def untrained(self) -> tuple[str, ...]:
        """Tasks that no bundled policy was trained on."""
        ...

    @property
    def viewport(self) -> tuple[int, int]: ...

    @property
    def ignore(self) -> str:
        """CSS selector of what is not part of the page for the policy."""
        ...

    def max_steps(self, task: str) -> int: ...

    def serve(self) -> AbstractContextManager[str]:
        """Serve the pages; gives their address. Each worker has a server of its own."""
        ...

    def episode(self, browser: Any, address: str, task: str, seed: int) -> Episode: ...

    def oracle(self, task: str) -> Oracle: ...

    def milestones(self, pair: Pair, done: Sequence[Action]) -> int:
        """How many milestones the actions that were carried out reach; 0 where there are none."""
        ...


SUITES: dict[str, str] = {
    "web": "flyball.bench.miniwob:WebSuite",
    "office": "flyball.bench.office:Office",
    "code": "flyball.bench.code.suite:CodeSuite",
}
"""Where the class of each suite is: it is imported when it is asked for."""


BROUGHT = ("quixbugs", "humaneval")
"""Suites that are not in flyball: the user says where they are."""


def load_suite(name: str) -> Suite:
    """Make the suite called `name`, or `NAME:PATH` for one that the user brings.

    Raises `ConfigError` where there is none.
    """
    brought, _, path = name.partition(":")
    if brought in BROUGHT:
        made: Suite = import_module("flyball.bench.code.suite").brought_suite(brought, path)
        return made
    offered = plugins.names("suites")
    if name not in SUITES and name in offered:
        plugged: Suite = plugins.load("suites", name)()
        return plugged
    if name not in SUITES:
        known = ", ".join((*SUITES, *(f"{each}:PATH" for each in BROUGHT), *offered))
        raise ConfigError(f"no suite is called {name!r}; there are: {known}")
    module, _, class_name = SUITES[name].partition(":")
    suite: Suite = getattr(import_module(module), class_name)()
    return suite


def split_of(suite: Suite, task: str) -> Split:
    return "trained" if task in suite.trained else "untrained"


def choose_tasks(suite: Suite, wanted: str | None) -> tuple[str, ...]:
    """The tasks that `wanted` names: a split, or names with commas between; all, if it is `None`.

    Raises `ConfigError` for a task that does not exist.
    """
    known = (*suite.trained, *suite.untrained)
    if wanted is None:
        return known
    if wanted in SPLITS:
        return suite.trained if wanted == "trained" else suite.untrained
    names = tuple(dict.fromkeys(name.strip() for name in wanted.split(",") if name.strip()))
    for name in names:
        if name not in known:
            near = nearest(name, known)
            raise ConfigError(
                f"suite {suite.name} has no task {name!r}; {near} (flyball bench list)"
            )
    if not names:
        raise ConfigError("--tasks names no task; give names with commas, trained or untrained")
    return names


def choose_seeds(wanted: str) -> range:
    """The seeds of `A..B`, both included. Raises `ConfigError`."""
    first, dots, last = wanted.partition("..")
    if not (dots and first.isdecimal() and last.isdecimal()):
        raise ConfigError(
            f"{wanted!r} is no range of seeds; give two numbers, as in 200000..200029"
        )
    seeds = range(int(first), int(last) + 1)
    if not seeds:
        raise ConfigError(f"the range of seeds {wanted} is empty; give the lower number first")
    if seeds[-1] >= HELD_BACK_SEED:
        raise ConfigError(f"seeds of {HELD_BACK_SEED:,} and above are held back; give lower ones")
    return seeds


def seeds_for(suite: Suite, seeds: range) -> range:
    """The seeds to play `suite` with: one is enough where they change nothing."""
    return seeds if suite.seeded else seeds[:1]


def pairs_of(tasks: Iterable[str], seeds: Iterable[int]) -> tuple[Pair, ...]:
    """Every task with every seed, some seeds of each at a time.

    What is played first says something of all, and a page is loaded once for several of them.
    """
    each, every = tuple(tasks), list(seeds)
    blocks = (every[first : first + BLOCK] for first in range(0, len(every), BLOCK))
    return tuple(Pair(task, seed) for block in blocks for task in each for seed in block)
