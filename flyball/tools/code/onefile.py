"""One file as the bundled policies are shown it, and what they can do to it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from flyball.records import Arguments, Observation
from flyball.roles import Tool
from flyball.tools.code.exams import Exam
from flyball.tools.code.specs import COMPACT
from flyball.tools.code.text import read_text, write_text
from flyball.tools.code.tools import CodeTool, Doing, Done
from flyball.tools.code.workspace import Workspace
from flyball.tools.source import UNTESTED, EditError, numbered, replaced


class OneFile:
    """The file that a compact policy mends, and what the tests said of it as it is."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        self._workspace, self._name = workspace, name
        self._told: dict[str, tuple[str, ...]] = {}

    @property
    def source(self) -> str:
        return read_text(self._workspace.path(self._name), self._name)

    def look(self) -> str:
        source = self.source
        return "\n".join([*numbered(source), *self._told.get(source, (UNTESTED,))])

    async def _replace(self, workspace: Workspace, exam: Exam, arguments: Arguments) -> Done:
        line, old, new = (arguments[name] for name in ("line", "old", "new"))
        try:
            source = replaced(self.source, int(str(line)), str(old), str(new))
        except EditError as error:
            return Done(self.look(), ok=False, note=str(error))
        write_text(workspace.path(self._name), self._name, source)
        await asyncio.to_thread(workspace.keep)
        return Done(self.look())

    async def _test(self, workspace: Workspace, exam: Exam, arguments: Arguments) -> Done:
        report = await exam.run(workspace)
        self._told[self.source] = report.lines
        return Done(self.look())

    async def _revert(self, workspace: Workspace, exam: Exam, arguments: Arguments) -> Done:
        done = await asyncio.to_thread(workspace.revert)
        return Done(self.look(), ok=done, note="" if done else "there is no edit to take back")

    def tools(self, exam: Exam) -> Mapping[str, Tool]:
        doings: Mapping[str, Doing] = {
            "replace": self._replace,
            "test": self._test,
            "revert": self._revert,
        }
        return {
            each.name: CodeTool(each, self._workspace, exam, doings[each.name]) for each in COMPACT
        }

    def observe(self) -> Observation:
        """The first look at it."""
        return Observation(source="file", text=self.look())

    async def snapshot(self) -> object:
        return await self._workspace.snapshot()

    async def restore(self, snapshot: object) -> Observation:
        return replace(await self._workspace.restore(snapshot), text=self.look())
