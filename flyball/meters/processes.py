"""What this process and its descendants use: CPU seconds, and memory over time."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
import weakref
from typing import NamedTuple

import psutil

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
BYTES_PER_GB = 1e9
REFRESH_SECONDS = 1.0
"""How often the descendants are listed anew: the list takes a walk over all processes."""


class Used(NamedTuple):
    cpu_seconds: float
    gb_seconds: float
    """Resident memory times the time that it was held, in GB (1e9 bytes) seconds."""


class ProcessTree:
    """Adds up what this process and its descendants have used since it was made.

    What a process used before it ended is kept. Not seen is a process that starts and ends between
    two listings, unless its parent waits for it (the kernel then adds its time to the parent's).
    Memory that several processes share counts for each of them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._root = psutil.Process()
        self._tree: dict[int, _Member] = {}
        self._listed_at = 0.0
        self._refresh()
        self._used = self._readings()
        self._at = time.monotonic()
        self._cpu_seconds = self._gb_seconds = 0.0

    def used(self) -> Used:
        with self._lock:
            now = time.monotonic()
            if now - self._listed_at >= REFRESH_SECONDS:
                self._refresh()
            self._cpu_seconds += self._since_last()
            held = sum(member.resident_bytes for member in self._tree.values())
            self._gb_seconds += held / BYTES_PER_GB * (now - self._at)
            self._at = now
            return Used(self._cpu_seconds, self._gb_seconds)

    def _since_last(self) -> float:
        """CPU seconds that were used since the last reading."""
        now = self._readings()
        gone = [used for pid, used in self._used.items() if pid not in now]
        grown = reaped = 0.0
        for pid, (own, children) in now.items():
            own_before, children_before = self._used.get(pid, (0.0, 0.0))
            grown += max(own - own_before, 0.0)
            reaped += max(children - children_before, 0.0)
        # A child's time moves into its parent's `children` when the parent waits for it. What
        # was counted while the child lived must not be counted again.
        grown += max(reaped - sum(own + children for own, children in gone), 0.0)
        self._used = now
        return grown

    def _readings(self) -> dict[int, tuple[float, float]]:
        read = ((pid, member.used()) for pid, member in self._tree.items())
        return {pid: used for pid, used in read if used is not None}

    def _refresh(self) -> None:
        self._listed_at = time.monotonic()
        # A child whose parent has gone is no descendant any more, but it is still ours.
        tree = {pid: known for pid, known in self._tree.items() if known.process.is_running()}
        for process in (self._root, *self._root.children(recursive=True)):
            if process.pid not in tree:
                tree[process.pid] = _Member(process)
        self._tree = tree


class _Member:
    """A process that is counted. On Linux its `stat` file stays open: a reading is one call."""

    def __init__(self, process: psutil.Process) -> None:
        self.process = process
        self.resident_bytes = 0
        """As of the last time that `used` was asked."""
        self._stat: int | None = None
        if sys.platform == "linux":
            with contextlib.suppress(OSError):
                self._stat = os.open(f"/proc/{process.pid}/stat", os.O_RDONLY)
                weakref.finalize(self, os.close, self._stat)

    def used(self) -> tuple[float, float] | None:
        """CPU seconds of the process, and of the children it has waited for; `None` once gone.

        The second is always 0 on macOS and Windows, where no such counter exists.
        """
        try:
            own, children = self._by_psutil() if self._stat is None else self._by_stat(self._stat)
        except (psutil.Error, OSError):
            self.resident_bytes = 0
            return None
        if self.process.pid == os.getpid():
            # The kernel's table of processes counts in steps of 10 ms, this clock in nanoseconds.
            ours = os.times()
            return time.process_time(), ours.children_user + ours.children_system
        return own, children

    def _by_psutil(self) -> tuple[float, float]:
        times = self.process.cpu_times()
        self.resident_bytes = self.process.memory_info().rss
        return times.user + times.system, times.children_user + times.children_system

    def _by_stat(self, stat: int) -> tuple[float, float]:
        """Fields 14 to 17 and 24 of proc(5): user, system, the children's, resident pages."""
        line = os.pread(stat, 1024, 0)
        # The name in field 2 may hold anything, brackets and spaces too.
        fields = line[line.rindex(b")") + 2 :].split(maxsplit=22)
        user, system, child_user, child_system = map(int, fields[11:15])
        self.resident_bytes = int(fields[21]) * PAGE_BYTES
        return (user + system) / TICKS_PER_SECOND, (child_user + child_system) / TICKS_PER_SECOND
