"""Shares a machine's joules among the requests that it answers at one time."""

from __future__ import annotations

from flyball.records import Energy
from flyball.roles import Meter


class Shares:
    """What a meter reads between two events, in equal parts to all that was going on then.

    The parts add up to what was read, however many requests overlap.
    """

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._read = meter.read()
        self._going: dict[object, Energy] = {}

    def begin(self, request: object) -> None:
        self._share()
        self._going[request] = Energy()

    def end(self, request: object) -> Energy:
        """The part of a request that is over."""
        self._share()
        return self._going.pop(request, Energy())

    def _share(self) -> None:
        now = self._meter.read()
        passed, self._read = now - self._read, now
        if self._going:
            part = _divided(passed, len(self._going))
            self._going = {request: had + part for request, had in self._going.items()}


def _divided(energy: Energy, among: int) -> Energy:
    def _part(joules: float | None) -> float | None:
        return None if joules is None else joules / among

    return Energy(
        cpu_j=_part(energy.cpu_j),
        dram_j=_part(energy.dram_j),
        gpu_j=_part(energy.gpu_j),
        method=energy.method,
        estimated_j=_part(energy.estimated_j),
    )
