"""The tools of the coding agent, as they are told to a model."""

from __future__ import annotations

from typing import Any

from flyball.records import ToolSpec


def _spec(name: str, description: str, required: tuple[str, ...] = (), **given: Any) -> ToolSpec:
    parameters = {
        "type": "object",
        "properties": given,
        "required": list(required),
        "additionalProperties": False,
    }
    return ToolSpec(name=name, description=description, parameters=parameters)


_PATH = {"type": "string", "description": "a file, from the top of the repository"}

SPECS = (
    _spec(
        "list",
        "List the files below a folder.",
        path={"type": "string", "description": "a folder, from the top", "default": "."},
    ),
    _spec(
        "read",
        "Read a file, with the numbers of its lines.",
        ("path",),
        path=_PATH,
        first={"type": "integer", "description": "the first line to show", "default": 1},
        last={"type": "integer", "description": "the last line to show"},
    ),
    _spec(
        "search",
        "Find the lines that match a regular expression.",
        ("pattern",),
        pattern={"type": "string"},
        path={"type": "string", "description": "where to look", "default": "."},
    ),
    _spec(
        "edit",
        "Replace a text that is in a file exactly once.",
        ("path", "old", "new"),
        path=_PATH,
        old={"type": "string", "description": "what stands there now, with all its spaces"},
        new={"type": "string", "description": "what is to stand there"},
    ),
    _spec(
        "write",
        "Write a whole file, new or in place of what it was.",
        ("path", "content"),
        path=_PATH,
        content={"type": "string"},
    ),
    _spec(
        "patch",
        "Apply a unified diff to one or more files.",
        ("diff",),
        diff={"type": "string", "description": "with lines ---, +++ and @@"},
    ),
    _spec(
        "run",
        "Run a shell command at the top of the repository. There is no network.",
        ("command",),
        command={"type": "string"},
        seconds={"type": "integer", "description": "how long it may take"},
    ),
    _spec("run_tests", "Run the tests."),
)

COMPACT = (
    _spec(
        "replace",
        "Replace tokens that are on a line exactly once.",
        ("line", "old", "new"),
        line={"type": "integer"},
        old={"type": "string"},
        new={"type": "string"},
    ),
    _spec("test", "Run the tests."),
    _spec("revert", "Take the last edit back."),
)
"""What the bundled policies can do, to one file."""
