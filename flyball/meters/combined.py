"""Several counters of one machine as one meter, and the choice of them."""

from __future__ import annotations

from collections.abc import Sequence

from flyball.meters.estimate import EstimateMeter
from flyball.meters.nvml import NvmlMeter
from flyball.meters.processors import Processor
from flyball.meters.rapl import RaplMeter
from flyball.meters.source import Counter, Source
from flyball.records import Energy
from flyball.roles import Meter


class Combined:
    """Adds up what distinct counters read: no two of them may see the same part."""

    def __init__(self, meters: Sequence[Meter]) -> None:
        self.meters = tuple(meters)

    def read(self) -> Energy:
        return sum((meter.read() for meter in self.meters), Energy())


def detect(
    cpu: Counter | None = None,
    gpu: Counter | None = None,
    *,
    watts_per_core: float | None = None,
) -> Meter:
    """Choose for this machine: the counters that work, and an estimate where the CPU has none.

    `watts_per_core` goes before the table of processors.

    The estimate stays in `Energy.estimated_j`, so that it is never added to a GPU's reading.
    """
    cpu, gpu = cpu or RaplMeter(), gpu or NvmlMeter()
    meters: list[Meter] = [counter for counter in (cpu, gpu) if counter.source.works]
    if not cpu.source.works:
        meters.append(estimate_meter(watts_per_core))
    return meters[0] if len(meters) == 1 else Combined(meters)


def estimate_meter(watts_per_core: float | None = None) -> EstimateMeter:
    """The estimate for this processor, or at so many watts for each busy core."""
    if watts_per_core is None:
        return EstimateMeter()
    return EstimateMeter(Processor("[energy] watts_per_core", watts_per_core, 1, "config"))


def survey() -> list[Source]:
    """What each known counter says of itself on this machine, surest first."""
    return [RaplMeter().source, NvmlMeter().source, EstimateMeter().source]
