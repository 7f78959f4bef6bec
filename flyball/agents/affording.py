"""What comes before a request: whether it can fit into the budget, and whether to wait for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from flyball.monitors import OverBudget
from flyball.records import Action, Decision, Observation, Ruling, Step, Trajectory
from flyball.roles import Meter, Monitor

NOT_ASKED = "not_asked"
LOOK_SECONDS = 0.05
LONGEST_SECONDS = 60.0
"""A machine that takes more than the ceiling when it idles would keep a run for ever."""


def not_asked(
    trajectory: Trajectory, seen: Observation, policy: str, monitors: Sequence[Monitor]
) -> Step | None:
    """The step that ends a run whose next request would not fit; `None` where it fits."""
    for monitor in monitors:
        why = monitor.before(trajectory, policy) if isinstance(monitor, OverBudget) else ""
        if why:
            return Step(
                index=len(trajectory.steps),
                policy=policy,
                observation=seen,
                action=Action(tool=NOT_ASKED),
                decision=Decision(ruling=Ruling.STOP, reason=why, by=monitor.name),
            )
    return None


def make_throttle(meter: Meter, watts_ceiling: float | None) -> Throttle | None:
    return None if watts_ceiling is None else Throttle(meter, watts_ceiling)


class Throttle:
    """Pauses a run before each request, for as long as it took more than `watts` on average.

    The average is from one request to the next, the pause included. Where energy is unknown, and
    after `longest` seconds, the run goes on.
    """

    def __init__(
        self,
        meter: Meter,
        watts: float,
        *,
        longest: float = LONGEST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._meter, self._watts, self._longest = meter, watts, longest
        self._clock, self._sleep = clock, sleep
        self._since = meter.read(), clock()

    async def wait(self) -> float:
        """Give the seconds that were waited."""
        began = self._clock()
        while self._too_much() and self._clock() - began < self._longest:
            await self._sleep(LOOK_SECONDS)
        now = self._clock()
        self._since = self._meter.read(), now
        waited = now - began
        return waited if waited >= LOOK_SECONDS else 0.0

    def _too_much(self) -> bool:
        energy, at = self._since
        joules = (self._meter.read() - energy).joules
        return joules is not None and joules > self._watts * (self._clock() - at)
