"""Watches a job from outside: what its processes take together, and what the disk loses to it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flyball.tools.sandbox.jobs import Limits, Why

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
LEAST_FREE = 0.03
"""A machine with a smaller share of its memory left is about to end somebody's process."""


@dataclass(kw_only=True)
class Watch:
    """Says which limit the processes below `root` are over, if any.

    The kernel limits each process, and counts no process of root's: this counts them all. Linux
    only; elsewhere it sees nothing, and the sandbox's own limits have to do.
    """

    root: int
    tree: Path
    limits: Limits
    _free_bytes: int = field(init=False)
    _tree_bytes: int = field(init=False, default=-1)

    def __post_init__(self) -> None:
        self._free_bytes = _free(self.tree)

    def over(self) -> Why:
        pids = list(_below(self.root))
        if len(pids) > self.limits.processes:
            return "processes"
        if sum(map(_resident, pids)) > self.limits.memory_bytes and self._owned(pids):
            return "memory"
        if self._fills():
            return "disk"
        return "memory" if _short_of_memory() else ""

    def _owned(self, pids: list[int]) -> bool:
        """Whether it is still too much where what they share counts once."""
        return sum(map(_proportional, pids)) > self.limits.memory_bytes

    def _fills(self) -> bool:
        """Whether the tree is too large; looked at only when the disk has lost half as much."""
        lost = self._free_bytes - _free(self.tree)
        if lost < self.limits.disk_bytes // 2:
            return False
        self._free_bytes -= lost // 4  # not at every turn, where others fill the disk
        return _size(self.tree) > self.limits.disk_bytes


def _below(root: int) -> Iterator[int]:
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        yield pid
        try:
            for thread in Path(f"/proc/{pid}/task").iterdir():
                waiting += map(int, (thread / "children").read_text().split())
        except (OSError, ValueError):
            continue


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES
    except (OSError, IndexError):
        return 0


def _proportional(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return _resident(pid)
    told = [int(line.split()[1]) for line in lines if line.startswith("Pss:")]
    return sum(told) * 1_024


def _short_of_memory() -> bool:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return False
    told = {line.partition(":")[0]: line.split()[1] for line in lines if line[:3] == "Mem"}
    return int(told.get("MemAvailable", 1)) < LEAST_FREE * int(told.get("MemTotal", 1))


def _free(path: Path) -> int:
    told = os.statvfs(path)
    return told.f_bavail * told.f_frsize


def _size(tree: Path) -> int:
    """Bytes on the disk below `tree`; what is gone by the time it is looked at counts nothing."""
    total = 0
    for folder, _, names in os.walk(tree):
        for name in names:
            try:
                total += os.lstat(f"{folder}/{name}").st_blocks * 512  # 3 times as fast
            except OSError:
                continue
    return total
