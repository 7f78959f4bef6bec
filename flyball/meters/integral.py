"""Readings of power, integrated into energy, where hardware keeps no energy counter."""

from __future__ import annotations

import time
from collections.abc import Callable


class Integral:
    """Joules since it was made: watts between two readings are taken to change evenly.

    As good as it is read often; whoever reads it seldom should let `Sampled` do so. `longest` is
    the gap in seconds, a machine asleep for example, over which nothing is known.
    """

    def __init__(
        self,
        watts: Callable[[], float],
        *,
        clock: Callable[[], float] = time.monotonic,
        longest: float = 60.0,
    ) -> None:
        self._read, self._clock, self._longest = watts, clock, longest
        self._watts, self._at, self._joules = watts(), clock(), 0.0

    def joules(self) -> float:
        """Raises what `watts` raises, and `ValueError` after too long a gap."""
        watts, now = self._read(), self._clock()
        passed = now - self._at
        if passed > self._longest:
            raise ValueError(f"power was not read for {passed:.0f} s")
        self._joules += (self._watts + watts) / 2 * passed
        self._watts, self._at = watts, now
        return self._joules
