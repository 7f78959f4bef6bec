"""Estimate energy from CPU time, for machines whose counters are missing or closed."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
import weakref

import psutil

from flyball.meters.processors import ORIGINS, Processor, this_processor
from flyball.meters.source import Source
from flyball.records import Energy

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
REFRESH_SECONDS = 1.0
"""How often the descendants are listed anew: the list takes a walk over all processes."""


class EstimateMeter:
    """CPU seconds of this process and its descendants, times the processor's watts per core.

    The usage term of Green Algorithms (Lannelongue et al. 2020, doi:10.1002/advs.202100707,
    eq. 1), without memory and overheads. A busy hardware thread counts as a whole core, which
    is too much by up to half where both threads of a core are busy. What a process used before
    it ended is kept. Not seen is a process that starts and ends between two listings, unless
    its parent waits for it (the kernel then adds its time to the parent's).
    """

    def __init__(self, processor: Processor | None = None) -> None:
        self.processor = processor or this_processor()
        self._lock = threading.Lock()
        self._root = psutil.Process()
        self._tree: dict[int, _Member] = {}
        self._listed_at = 0.0
        self._refresh()
        self._used = self._readings()
        self._seconds = 0.0

    @property
    def source(self) -> Source:
        watts, origin = self.processor.watts_per_core, ORIGINS[self.processor.origin]
        why = f"CPU seconds x {watts:.3g} W per core ({self.processor.pattern}: {origin})"
        return Source(name="estimate", works=True, why=why)

    def read(self) -> Energy:
        with self._lock:
            if time.monotonic() - self._listed_at >= REFRESH_SECONDS:
                self._refresh()
            self._seconds += self._since_last()
            return Energy(estimated_j=self._seconds * self.processor.watts_per_core)

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
        self._stat: int | None = None
        if sys.platform == "linux":
            with contextlib.suppress(OSError):
                self._stat = os.open(f"/proc/{process.pid}/stat", os.O_RDONLY)
                weakref.finalize(self, os.close, self._stat)

    def used(self) -> tuple[float, float] | None:
        """CPU seconds of the process, and of the children it has waited for; `None` once gone.

        The second is always 0 on macOS and Windows, where no such counter exists.
        """
        if self.process.pid == os.getpid():
            # The kernel's table of processes counts in steps of 10 ms, this clock in nanoseconds.
            ours = os.times()
            return time.process_time(), ours.children_user + ours.children_system
        try:
            return self._by_psutil() if self._stat is None else _ticks(self._stat)
        except (psutil.Error, OSError):
            return None

    def _by_psutil(self) -> tuple[float, float]:
        times = self.process.cpu_times()
        return times.user + times.system, times.children_user + times.children_system


def _ticks(stat: int) -> tuple[float, float]:
    """Fields 14 to 17 of proc(5): user, system, children's user, children's system."""
    line = os.pread(stat, 1024, 0)
    # The name in field 2 may hold anything, brackets and spaces too.
    fields = line[line.rindex(b")") + 2 :].split(maxsplit=15)
    user, system, child_user, child_system = map(int, fields[11:15])
    return (user + system) / TICKS_PER_SECOND, (child_user + child_system) / TICKS_PER_SECOND
