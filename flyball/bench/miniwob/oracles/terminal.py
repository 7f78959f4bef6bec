"""A terminal that takes keys only."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flyball.bench.miniwob.oracles.moves import NoMoveError, Page, press, texts, typed
from flyball.records import Action


def delete(goal: str, page: Page, history: Sequence[str]) -> Action:
    """List the files, then remove one that ends as the goal says."""
    lines = [text.removesuffix("█").strip() for text in texts(page)]
    prompts = [line for line in lines if line.startswith("user$")]
    if not prompts:
        raise NoMoveError("no prompt")
    there = prompts[-1].removeprefix("user$").strip(" ")
    command = f"rm {_victim(goal, lines)}" if "user$ ls" in prompts[:-1] else "ls"
    if not there:
        return typed(command)
    return press("Enter" if there == command else "Backspace")


def _victim(goal: str, lines: Sequence[str]) -> str:
    """Choose a file from what `ls` printed."""
    after = lines[lines.index("user$ ls") + 1].split()
    match = re.search(r"extension (\.\S+)", goal)
    fitting = [name for name in after if (name.endswith(match[1]) if match else "." not in name)]
    if not fitting:
        raise NoMoveError("no such file")
    return fitting[0]
