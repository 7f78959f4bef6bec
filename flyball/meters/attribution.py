"""Put a machine's joules down to what took them: its idling, this process, and others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import psutil

from flyball.meters.processes import ProcessTree
from flyball.records import Energy
from flyball.roles import Meter


class Attributed:
    """A meter's readings, with the idle baseline and this process's share beside them.

    `idle_watts` is what the machine takes when it does nothing (`flyball doctor --calibrate`); not
    known, it is not told. `processor_idle_watts` is the part of processor and memory: what these
    take beyond it falls to this process and its descendants by their share of the machine's busy
    CPU time, reading by reading: often read, a neighbour's burst is not theirs. GPUs are not shared
    out, as drivers tell no such time; beside one, the whole's watts alone leave it unknown.
    """

    def __init__(
        self,
        meter: Meter,
        *,
        idle_watts: float | None = None,
        processor_idle_watts: float | None = None,
        own_seconds: Callable[[], float] | None = None,
        busy_seconds: Callable[[], float] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.meter = meter
        self._idle_watts = idle_watts
        self._processor_watts = processor_idle_watts
        self._own_seconds = own_seconds or _own_seconds()
        self._busy_seconds = busy_seconds or machine_busy_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._began = clock()
        self._last = self._now()
        self._own_j = 0.0

    def read(self) -> Energy:
        with self._lock:
            before, now = self._last, self._now()
            self._last = now
            energy, at = now[0], now[1]
            if energy.measured_j is None or energy.unknown:
                return energy
            taken, baseline = processor_j(energy - before[0]), self._baseline(energy)
            if taken is not None and baseline is not None:
                over_idle = max(taken - baseline * (at - before[1]), 0.0)
                self._own_j += over_idle * _share(now[2] - before[2], now[3] - before[3])
            idle_j = None if self._idle_watts is None else self._idle_watts * (at - self._began)
            own_j = None if taken is None or baseline is None else self._own_j
            return replace(energy, idle_j=idle_j, own_j=own_j)

    def _baseline(self, energy: Energy) -> float | None:
        """Watts of processor and memory at idle, 0 where nothing was calibrated."""
        if self._processor_watts is not None or self._idle_watts is None:
            return self._processor_watts or 0.0
        # Without a GPU the whole is theirs; with one, nobody knows how much of it is.
        return self._idle_watts if energy.gpu_j is None else None

    def _now(self) -> tuple[Energy, float, float, float]:
        return self.meter.read(), self._clock(), self._own_seconds(), self._busy_seconds()


def machine_busy_seconds() -> float:
    """CPU seconds of the whole machine in which something ran, since it was started."""
    times = psutil.cpu_times()
    # Linux counts a guest's time as the host's user time too.
    idle = times.idle + getattr(times, "iowait", 0.0)
    guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    return float(sum(times) - idle - guests)


def _own_seconds() -> Callable[[], float]:
    tree = ProcessTree()
    return lambda: tree.used().cpu_seconds


def processor_j(taken: Energy) -> float | None:
    """What processor and memory took; `None` where neither was read."""
    parts = [part for part in (taken.cpu_j, taken.dram_j) if part is not None]
    return sum(parts) if parts else None


def _share(own: float, busy: float) -> float:
    """From 0 to 1; the clocks of both are coarser than a short window."""
    return min(max(own / busy, 0.0), 1.0) if busy > 0 else float(own > 0)
