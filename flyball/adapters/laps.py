"""What passes from one call to the next, in a loop that is not ours."""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from flyball.records import Spend, Usage

if TYPE_CHECKING:
    from flyball.roles import Meter


class Laps:
    """Seconds, and joules where there is a meter, from one call to the next."""

    def __init__(self, meter: Meter | None, usd_per_kwh: Decimal | None) -> None:
        self._meter, self._usd_per_kwh = meter, usd_per_kwh
        self._began = time.perf_counter()
        self._energy = None if meter is None else meter.read()

    def lap(self, usage: Usage | None) -> Spend:
        """What passed since the last call, along with the model usage that was reported."""
        now, used = time.perf_counter(), usage or Usage()
        seconds, self._began = now - self._began, now
        if self._meter is None or self._energy is None:
            return Spend(seconds=seconds, usage=_unpriced(used))
        from flyball.meters.stopwatch import with_electricity  # noqa: PLC0415 - it brings psutil

        read = self._meter.read()
        energy, self._energy = read - self._energy, read
        return Spend(
            seconds=seconds,
            usage=with_electricity(used, energy, self._usd_per_kwh),
            energy=energy,
        )


def _unpriced(usage: Usage) -> Usage:
    """What this machine answered is paid by its electricity, which nothing here measures."""
    return replace(usage, unpriced_requests=usage.unpriced_requests + usage.local_requests)
