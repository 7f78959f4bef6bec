"""Measure what a machine takes when it does nothing, and how fast its memory is."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from flyball.meters.attribution import machine_busy_seconds
from flyball.records import EnergyMethod
from flyball.roles import Meter

BUFFER_BYTES = 256 * 1024 * 1024
"""Far more than any cache holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """A machine that was left alone for a while."""

    watts: float | None
    """`None` where no counter told."""
    method: EnergyMethod | None
    seconds: float
    busy_share: float
    """How busy it was all the same, over all its cores, from 0 to 1."""


def measure_idle(
    meter: Meter,
    seconds: float,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Idle:
    """Leave the machine alone for `seconds`, and read `meter` before and after."""
    began, busy, before = clock(), machine_busy_seconds(), meter.read()
    sleep(seconds)
    taken, passed = meter.read() - before, clock() - began
    known = None if taken.unknown else taken.measured_j
    return Idle(
        watts=None if known is None or passed <= 0 else known / passed,
        method=taken.method if known is not None else None,
        seconds=passed,
        busy_share=(machine_busy_seconds() - busy) / (passed * (os.cpu_count() or 1)),
    )


def measure_bandwidth(*, rounds: int = 5, size_bytes: int = BUFFER_BYTES) -> float:
    """Bytes a second that one core moves between memory and itself, at its best of `rounds`.

    A copy reads each byte and writes it, so that it counts twice.
    """
    source, target = bytearray(size_bytes), bytearray(size_bytes)
    view = memoryview(target)
    best = float("inf")
    for _ in range(rounds + 1):  # the first one only touches the pages
        began = time.perf_counter()
        view[:] = source
        best = min(best, time.perf_counter() - began)
    return 2 * size_bytes / best
