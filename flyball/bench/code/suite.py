"""The code suite as episodes: a repository with one program, its tests, and the real tools."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import cached_property
from pathlib import Path

from flyball.agents import Crew
from flyball.agents.coding import on_workspace
from flyball.bench.code.brought import humaneval, quixbugs
from flyball.bench.code.exam import PROGRAM, CaseExam, passes
from flyball.bench.code.exercise import Exercise, exercise
from flyball.bench.code.functions import TRAINED, UNTRAINED
from flyball.bench.code.judging import Case
from flyball.bench.suites import Oracle
from flyball.errors import ConfigError
from flyball.records import Action, Budget, Observation, Task
from flyball.roles import Tool
from flyball.tools.code import (
    OneFile,
    Remembered,
    Workplace,
    code_tools,
    open_workspace,
)

MOST_STEPS = 24
TESTS = "test_program.py"
_CLASS = """\
import unittest

import program


class Test(unittest.TestCase):
"""


class CodeSuite:
    """One-edit bugs in small functions, made anew from each seed."""

    name = "code"
    agent = "code"
    seeded = True
    trained: tuple[str, ...] = TRAINED
    untrained: tuple[str, ...] = UNTRAINED
    viewport = (1, 1)
    ignore = ""

    def exercise(self, task: str, seed: int) -> Exercise:
        return exercise(task, seed)

    def max_steps(self, task: str) -> int:
        return MOST_STEPS

    def serve(self) -> AbstractContextManager[str]:
        return nullcontext("")

    def episode(self, browser: Workplace, address: str, task: str, seed: int) -> CodeEpisode:
        """`browser` is the place where this agent works."""
        return CodeEpisode(browser, self.name, self.exercise(task, seed))

    def oracle(self, task: str) -> Oracle:
        """None that reads pages: the one that knows the programs is a policy of its own."""
        return _no_page

    def milestones(self, pair: tuple[str, int], done: Sequence[Action]) -> int:
        return 0


class BroughtSuite(CodeSuite):
    """Programs that the user brings, in place of ours: each once, whatever the seed."""

    seeded = False
    trained = ()

    def __init__(self, name: str, path: Path) -> None:
        """Raises `ConfigError` where the programs are not there."""
        readers = {"quixbugs": quixbugs, "humaneval": humaneval}
        self.name = name
        self._exercises = {_plain(each.name): each for each in readers[name](path)}
        self.untrained = tuple(self._exercises)

    def exercise(self, task: str, seed: int) -> Exercise:
        return self._exercises[task]


def _plain(name: str) -> str:
    return name.replace("/", "-")


def _no_page(goal: str, page: object, told: object) -> Action:
    raise LookupError("there is no page")


class CodeEpisode:
    """One exercise in a repository of its own. It has to be closed."""

    def __init__(self, workplace: Workplace, suite: str, task: Exercise) -> None:
        self._workplace, self._suite, self._exercise = workplace, suite, task
        self._stack = ExitStack()
        self.name, self.seed = _plain(task.name), task.seed

    async def start(self, budget: Budget) -> tuple[Task, Observation]:
        """Lay the repository out; gives the task and the first look at the program."""
        repo = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        for name, text in files_of(self._exercise).items():
            (repo / name).write_text(text)
        self.workspace = self._stack.enter_context(open_workspace(repo, self._workplace))
        self._exam = Remembered(CaseExam(self._exercise.visible))
        self._file = OneFile(self.workspace, PROGRAM)
        task = Task(
            id=self.name, prompt=self._exercise.goal, suite=self._suite, budget=budget, metadata={}
        )
        return task, self._file.observe()

    @cached_property
    def tools(self) -> Mapping[str, Tool]:
        """Those of a general model, and those of the bundled policies."""
        return {**code_tools(self.workspace, self._exam), **self._file.tools(self._exam)}

    def staffed(self, crew: Crew, strong: str | None) -> Crew:
        """The crew at work here: the visible tests verify, and what they passed is gone back to."""
        return on_workspace(crew, self.workspace, self._exam, world=self._file, strong=strong)

    async def score(self, answer: str | None) -> float:
        """Run the hidden tests."""
        return float(await passes(self.workspace, self._exercise.hidden))

    def reached(self) -> frozenset[str] | None:
        return frozenset({"changed"}) if self.workspace.edits[1:] else frozenset()

    def close(self) -> None:
        self._stack.close()


def files_of(task: Exercise) -> dict[str, str]:
    """The repository of an exercise: the program, its visible tests, and what it is for."""
    body = "\n".join(_test(number, case) for number, case in enumerate(task.visible, start=1))
    return {
        PROGRAM: task.source.rstrip() + "\n",
        TESTS: _CLASS + (body or "    pass\n"),
        "README.md": f"{task.goal}\n\nThe program is in {PROGRAM}.\n",
    }


def _test(number: int, case: Case) -> str:
    lines = [
        f"    def test_{number}(self):",
        "        names = dict(vars(program))",
        *([f"        exec({case.setup!r}, names)"] if case.setup else []),
        f"        got = eval({case.call!r}, names)",
        f"        self.assertEqual(got, eval({case.expected!r}, names))",
    ]
    return "\n".join(lines) + "\n"


def brought_suite(name: str, path: str) -> BroughtSuite:
    """Open the suite that the user names as `quixbugs:FOLDER`. Raises `ConfigError`."""
    if not path:
        raise ConfigError(f"{name} is brought by you: name where it is, as in {name}:PATH")
    return BroughtSuite(name, Path(path).expanduser())


def moves_of(task: Exercise) -> Iterator[Action]:
    """What somebody does who knows the right program, through the tools of a general model."""
    yield Action(tool="list", arguments={})
    yield Action(tool="read", arguments={"path": PROGRAM})
    yield Action(tool="run_tests", arguments={})
    content = task.solution.rstrip() + "\n"
    yield Action(tool="write", arguments={"path": PROGRAM, "content": content})
    yield Action(tool="run_tests", arguments={})
    yield Action(tool="finish", arguments={"answer": "it is mended", "success": True})
