"""The tests of an exercise, run in the sandbox on what a policy wrote."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from flyball.bench.code import judging
from flyball.bench.code.judging import Case, Outcome, told, told_to, verdicts
from flyball.tools.code import Report, Workplace, Workspace
from flyball.tools.sandbox import Job, run_job
from flyball.tools.source import UNTESTED, Failure, results

PROGRAM = "program.py"
CASE_SECONDS = 2.0
ALL_SECONDS = 20.0
JUDGE = Path(judging.__file__)


@dataclass(frozen=True)
class CaseExam:
    """The visible tests."""

    cases: tuple[Case, ...]

    async def run(self, workspace: Workspace) -> Report:
        if not self.cases:
            return Report(None, "there are no tests of this task to run", (UNTESTED,))
        job = workspace.job(_COMMAND)
        made = await _judged(workspace.workplace, job, _program(workspace.tree), self.cases)
        failures = [
            Failure(told(case.call), told(case.expected), outcome.got)
            for case, outcome in zip(self.cases, made, strict=True)
            if not outcome.passed
        ]
        lines = results(len(made) - len(failures), failures)
        return Report(not failures, "\n".join(lines), tuple(lines))


async def passes(workspace: Workspace, cases: Sequence[Case]) -> bool:
    """Whether the program passes tests that nobody was shown, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        job = replace(workspace.job(_COMMAND), tree=Path(folder))
        made = await _judged(workspace.workplace, job, _program(workspace.tree), cases)
    return all(outcome.passed for outcome in made)


_COMMAND = ("python3", "-I", str(JUDGE))


def _program(tree: Path) -> str:
    """The program; nothing, which fails every test, where there is no such file any more."""
    path = tree / PROGRAM
    if path.is_symlink() or not path.is_file():
        return ""
    return path.read_text(encoding="utf-8", errors="replace")


async def _judged(
    workplace: Workplace, job: Job, source: str, cases: Sequence[Case]
) -> list[Outcome]:
    limits = replace(workplace.limits, wall_seconds=ALL_SECONDS, kept_bytes=2**20)
    job = replace(
        job,
        command=(job.environment["PATH"].partition(":")[0] + "/python3", *job.command[1:]),
        readable=(*job.readable, JUDGE),
        given=told_to(source, cases, CASE_SECONDS, ALL_SECONDS),
        limits=limits,
    )
    ran = await run_job(workplace.sandbox, job)
    return verdicts(cases, ran.output.splitlines())
