"""Runs a repository's tests in the sandbox, and says in the same words what came of them."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from flyball.tools.code.workspace import Workspace
from flyball.tools.sandbox import Ran
from flyball.tools.source import UNTESTED, Failure, results

NOT_RUN = (UNTESTED,)
NO_TESTS = 5
"""What pytest exits with where it collects no test."""
_COUNTS = re.compile(r"(\d+) (passed|failed|errors?)\b")
_UNITTEST = re.compile(r"^Ran (\d+) tests?", re.MULTILINE)
_UNITTEST_BAD = re.compile(r"(failures|errors)=(\d+)")
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)(?: - (.*))?$", re.MULTILINE)


class Report(NamedTuple):
    """What came of the tests."""

    passed: bool | None
    """`None` where there is none, or they could not be run to an end."""
    text: str
    lines: tuple[str, ...] = ()
    """The same in the words of the compact format."""


class Exam(Protocol):
    """The tests that an agent may run."""

    async def run(self, workspace: Workspace) -> Report:
        """Run them. Raises `ToolError` where the sandbox does not start."""
        ...


@dataclass(frozen=True)
class CommandExam:
    """A command that exits with 0 where the tests pass."""

    command: str

    async def run(self, workspace: Workspace) -> Report:
        ran = await workspace.run(("/bin/sh", "-c", self.command))
        head = f"$ {self.command}"
        if ran.why == "time":
            limit = workspace.workplace.limits.wall_seconds
            told = f"the tests did not end within {limit:g} s, and were ended"
            return Report(None, f"{head}\n{ran.output}\n{told}", NOT_RUN)
        if ran.code == NO_TESTS and "pytest" in self.command:
            return Report(None, f"{head}\nthere are no tests here", NOT_RUN)
        return Report(ran.ok, f"{head}\n{ran.output.rstrip()}\n{ended(ran)}", _lines(ran))


@dataclass(frozen=True)
class NoExam:
    """There are no tests, and nothing to be known."""

    why: str = (
        "this repository has no tests that flyball knows how to run; name a command with"
        " --test-command"
    )

    async def run(self, workspace: Workspace) -> Report:
        return Report(None, self.why, NOT_RUN)


class Remembered:
    """An exam that need not be taken again on a tree that it was taken on."""

    def __init__(self, exam: Exam) -> None:
        self._exam = exam
        self._reports: dict[str, Report] = {}

    async def run(self, workspace: Workspace) -> Report:
        """Take it, whatever is known."""
        report = await self._exam.run(workspace)
        taken = await asyncio.to_thread(workspace.shadow.take)
        self._reports[taken] = report
        return report

    async def known(self, workspace: Workspace) -> Report:
        """What it gave on this very tree; it is taken only where that is not known."""
        taken = await asyncio.to_thread(workspace.shadow.take)
        return self._reports.get(taken) or await self.run(workspace)


def ended(ran: Ran) -> str:
    """Say how a command ended, in a line."""
    seconds = f"{ran.seconds:.1f} s"
    match ran.why:
        case "":
            return f"[exit code {ran.code} after {seconds}]"
        case "time":
            return f"[ended after {seconds}: it takes too long]"
        case "output":
            return f"[ended after {seconds}: it prints without an end]"
        case why:
            return f"[ended after {seconds}: too much {why}]"


def find_exam(repo: Path, python: Path, command: str | None) -> Exam:
    """The user's command, or the first that the repository's files tell of."""
    if command:
        return CommandExam(command)
    name = shlex.quote(str(python))
    if _has(repo, ("test_*.py", "*_test.py")):
        pytest = next(python.parent.parent.glob("lib/python3*/site-packages/pytest"), None)
        return CommandExam(
            f"{name} -m pytest -q -x --no-header -p no:cacheprovider"
            if pytest
            else f"{name} -m unittest discover -q"
        )
    for file, runner in (
        ("Cargo.toml", "cargo test --offline"),
        ("go.mod", "go test ./..."),
        ("package.json", "npm test --silent"),
    ):
        if (repo / file).is_file():
            return CommandExam(runner)
    return NoExam()


def _has(repo: Path, patterns: Sequence[str]) -> bool:
    return any(
        path
        for pattern in patterns
        for path in repo.rglob(pattern)
        if not {".venv", "node_modules", ".git"} & set(path.relative_to(repo).parts)
    )


def _lines(ran: Ran) -> tuple[str, ...]:
    """Count what passed and failed, in the words of pytest or unittest."""
    counts = {word.rstrip("s"): int(number) for number, word in _COUNTS.findall(ran.output)}
    passed, failed = counts.get("passed", 0), counts.get("failed", 0) + counts.get("error", 0)
    if ran_by_unittest := _UNITTEST.search(ran.output):
        failed = sum(int(number) for _, number in _UNITTEST_BAD.findall(ran.output))
        passed = int(ran_by_unittest[1]) - failed
    named = [Failure(name, "passed", why or "failed") for name, why in _FAILED.findall(ran.output)]
    unnamed = [Failure("a test", "passed", "failed")] * (failed or not ran.ok)
    return tuple(results(passed, named or unnamed))
