"""Measure what a machine takes when it does nothing, and how fast its memory is."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from flyball.meters.attribution import machine_busy_seconds, processor_j
from flyball.records import EnergyMethod
from flyball.roles import Meter

BUFFER_BYTES = 256 * 1024 * 1024
"""Far more than any cache holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """A machine that was left alone for a while."""

    watts: float | None
    """Of all that is read, GPUs included; `None` where no counter told."""
    processor_watts: float | None
    """The part of processor and memory; `None` where no counter told it apart."""
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
    part = None if taken.unknown else processor_j(taken)
    return Idle(
        watts=_watts(known, passed),
        processor_watts=_watts(part, passed),
        method=taken.method if known is not None else None,
        seconds=passed,
        busy_share=(machine_busy_seconds() - busy) / (passed * (os.cpu_count() or 1)),
    )


def _watts(joules: float | None, seconds: float) -> float | None:
    return None if joules is None or seconds <= 0 else joules / seconds


def measure_bandwidth(
    *, rounds: int = 5, size_bytes: int = BUFFER_BYTES, threads: int | None = None
) -> float:
    """Bytes a second that all cores move between memory and themselves, at their best of `rounds`.

    A copy reads each byte and writes it, so that it counts twice. `threads` is one for each core
    that this process may use, unless given.
    """
    count = threads or _cores()
    each = size_bytes // count
    blocks = [
        (ctypes.create_string_buffer(each), ctypes.create_string_buffer(each)) for _ in range(count)
    ]
    best = float("inf")
    with ThreadPoolExecutor(max_workers=count) as pool:
        for _ in range(rounds + 1):  # the first one only touches the pages
            began = time.perf_counter()
            # `memmove` lets go of the interpreter's lock.
            list(pool.map(lambda block: ctypes.memmove(block[0], block[1], each), blocks))
            best = min(best, time.perf_counter() - began)
    return 2 * each * count / best


def _cores() -> int:
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1
