"""The coding agent's tools on a workspace: none of them reaches beyond it, whatever it is asked."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from flyball.errors import ToolError
from flyball.records import Arguments, Observation, ToolSpec
from flyball.roles import Tool
from flyball.tools.code.exams import Exam, ended
from flyball.tools.code.shadow import git
from flyball.tools.code.specs import SPECS
from flyball.tools.code.text import (
    LONGEST_FILE_BYTES,
    as_shown,
    listing,
    middle_cut,
    read_text,
    write_text,
)
from flyball.tools.code.workspace import SYSTEM_PATH, OutsideError, Workspace
from flyball.tools.source import EditError

SEARCH_SECONDS = 20.0
_RIPGREP = (
    *("rg", "--line-number", "--no-heading", "--color", "never", "--max-columns", "300"),
    *("--sort", "path", "--regexp"),
)
_GREP = ("grep", "-rnIE", "--regexp")
LONGEST_RESULT = 12_000
"""Characters that a command's output, or a search's, shows."""


class Done(NamedTuple):
    """What a tool says, before it is an observation."""

    text: str
    ok: bool = True
    note: str = ""


Doing = Callable[[Workspace, Exam, Arguments], Awaitable[Done]]


@dataclass(frozen=True)
class CodeTool:
    """One tool on one workspace."""

    spec: ToolSpec
    workspace: Workspace
    exam: Exam
    doing: Doing

    async def call(self, arguments: Arguments) -> Observation:
        try:
            _check(arguments)
            done = await self.doing(self.workspace, self.exam, arguments)
        except (OutsideError, EditError) as error:
            done = Done("", ok=False, note=str(error))
        except (OSError, KeyError, TypeError, ValueError) as error:
            done = Done("", ok=False, note=_why(self.spec.name, error))
        return Observation(source=self.spec.name, text=done.text, ok=done.ok, note=done.note)


def code_tools(workspace: Workspace, exam: Exam) -> Mapping[str, Tool]:
    """The tools for a general model."""
    doings: Mapping[str, Doing] = {
        "list": _list,
        "read": _read,
        "search": _search,
        "edit": _edit,
        "write": _write,
        "patch": _patch,
        "run": _run,
        "run_tests": _run_tests,
    }
    return {each.name: CodeTool(each, workspace, exam, doings[each.name]) for each in SPECS}


def overview(workspace: Workspace) -> Observation:
    """The first look at a workspace: its files."""
    text = listing(workspace.tree, workspace.tree)
    return Observation(source="list", text=text or "the repository is empty")


async def _list(workspace: Workspace, exam: Exam, arguments: Arguments) -> Done:
    folder = workspace.path(str(arguments.get("path") or "."))
    if not folder.is_dir():
        return Done("", ok=False, note=f"{arguments['path']} is no folder")
    return Done(listing(workspace.tree, folder) or "it is empty")


async def _read(workspace: Workspace, exam: Exam, arguments: Arguments) -> Done:
    name = str(arguments["path"])
    text = read_text(workspace.path(name), name)
    last = arguments.get("last")
    return Done(as_shown(text, _number(arguments.get("first"), 1), _number(last, 10**9)))


async def _search(workspace: Workspace, exam: Exam, arguments: Arguments) -> Done:
    """Search in the sandbox: a pattern can be made to take for ever."""
    pattern, name = str(arguments["pattern"]), str(arguments.get("path") or ".")
    where = str(workspace.path(name).relative_to(workspace.tree))
    command = (*(_RIPGREP if shutil.which("rg", path=SYSTEM_PATH) else _GREP), pattern, "--", where)
    limits = replace(workspace.workplace.limits, wall_seconds=SEARCH_SECONDS)
    ran = await workspace.run(command, limits)
    if ran.code == 1 and not ran.why:
        return Done("nothing matches")
    if not ran.ok:
        return Done("", ok=False, note=" ".join(ran.output.split())[:300] or ended(ran))
    found = "\n".join(line.removeprefix("./") for line in ran.output.splitlines())
    return Done(middle_cut(found, LONGEST_RESULT))


async def _edit(workspace: Workspace, exam: Exam, arguments: Arguments) -> Done:
    name, old, new = (str(arguments[key]) for key in ("path", "old", "new"))
    path = workspace.path(name)
    text = read_text(path, name)
    count = text.count(old) if old else 0
    if count != 1:
        there = "not there" if not count else f"there {count} times; give more of what is around it"
        raise EditError(f"{name}: the text to replace is {there}")
    line = text[: text.index(old)].count("\n") + 1
    return await _saved(workspace, path, name, text.replace(old, new, 1), line)


async def _write(workspace: Workspace, exam: Exam, arguments: Arguments) -> Done:
    name, content = str(arguments["path"]), str(arguments["content"])
    return await _saved(workspace, workspace.path(name), name, content, 1)


async def _saved(workspace: Workspace, path: Path, name: str, text: str, line: int) -> Done:
    """Write a file, keep a snapshot, and show what is around the change."""
    if len(text.encode("utf-8", errors="replace")) > LONGEST_FILE_BYTES:
        raise EditError(f"{name} would be too large")
    write_text(path, name, text)
    different = await asyncio.to_thread(workspace.keep)
    note = f"{name} is written" if different else f"{name} is as it was"
    return Done(as_shown(text, max(1, line - 4), line + 12), note=note)


async def _patch(workspace: Workspace, exam: Exam, arguments: Arguments) -> Done:
    diff = str(arguments["diff"]).strip("\n") + "\n"
    around = {"GIT_CEILING_DIRECTORIES": str(workspace.tree.parent)}
    try:
        await asyncio.to_thread(
            git,
            *("apply", "--recount", "--whitespace=nowarn", "-"),
            folder=workspace.tree,
            given=diff.encode("utf-8", errors="replace"),
            environment=around,
        )
    except ToolError as error:
        raise EditError(f"the diff does not apply: {error}") from error
    before = workspace.edits[-1]
    await asyncio.to_thread(workspace.keep)
    names = workspace.shadow.changed(before, workspace.edits[-1])
    return Done("\n".join(names), note=f"{len(names)} files changed")


async def _run(workspace: Workspace, exam: Exam, arguments: Arguments) -> Done:
    limits = workspace.workplace.limits
    wanted = _number(arguments.get("seconds"), int(limits.wall_seconds))
    limits = replace(limits, wall_seconds=max(1.0, min(float(wanted), limits.wall_seconds)))
    ran = await workspace.run(("/bin/bash", "-c", str(arguments["command"])), limits)
    await asyncio.to_thread(workspace.keep)
    text = f"{middle_cut(ran.output.rstrip(), LONGEST_RESULT)}\n{ended(ran)}".lstrip("\n")
    return Done(text, ok=ran.ok, note="" if ran.ok else ended(ran).strip("[]"))


async def _run_tests(workspace: Workspace, exam: Exam, arguments: Arguments) -> Done:
    report = await exam.run(workspace)
    text = middle_cut(report.text, LONGEST_RESULT)
    note = {True: "the tests pass", False: "the tests fail", None: "the tests tell nothing"}
    return Done(text, ok=report.passed is True, note=note[report.passed])


def _check(arguments: Arguments) -> None:
    """Refuse what no file's name, no file and no command can hold."""
    for name, value in arguments.items():
        if "\0" in str(value) or not _is_text(str(value)):
            raise EditError(f"{name} has characters in it that are no text")


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _number(value: object, otherwise: int) -> int:
    return int(value) if isinstance(value, int | float) else otherwise


def _why(tool: str, error: Exception) -> str:
    match error:
        case KeyError():
            return f"{tool} needs {error.args[0]}"
        case OSError():
            return f"{tool}: {error.strerror or error}"
        case _:
            return f"{tool}: {error}"
