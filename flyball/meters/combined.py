"""Several counters of one machine as one meter, and the choice of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from flyball.meters.amd import AmdMeter
from flyball.meters.apple import AppleMeter
from flyball.meters.battery import BatteryMeter
from flyball.meters.estimate import EstimateMeter
from flyball.meters.jetson import JetsonMeter
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
    battery: BatteryMeter | None = None,
    *,
    estimate: EstimateMeter | None = None,
) -> Meter:
    """Choose for this machine: the counters that work, and an estimate where the CPU has none.

    A battery that is discharged stands in where no processor's counter is open, with no GPU
    beside it, since it feeds that too. `estimate` goes before the one for this processor, and
    stays in `Energy.estimated_j`, so that it is never added to a GPU's reading.
    """
    cpu, battery = cpu or _processor(), battery or BatteryMeter()
    if not cpu.source.works and battery.source.works:
        return battery
    gpus: tuple[Counter, ...] = (gpu,) if gpu else (NvmlMeter(), AmdMeter())
    meters: list[Meter] = [counter for counter in (cpu, *gpus) if counter.source.works]
    if not cpu.source.works:
        meters.append(estimate or EstimateMeter())
    if battery.charged:
        meters.append(BatteryMeter(joules=False))
    return meters[0] if len(meters) == 1 else Combined(meters)


def make_estimate(
    watts_per_core: float | None = None, *, pue: float = 1.0, psf: float = 1.0
) -> EstimateMeter:
    """The estimate for this processor, or at so many watts for each busy core."""
    given = watts_per_core is not None
    processor = Processor("[energy] watts_per_core", watts_per_core or 0, 1, "config")
    return EstimateMeter(processor if given else None, pue=pue, psf=psf)


def survey() -> list[Source]:
    """What each known counter says of itself on this machine, surest first."""
    known: tuple[Counter, ...] = (
        RaplMeter(),
        NvmlMeter(),
        AmdMeter(),
        AppleMeter(),
        JetsonMeter(),
        BatteryMeter(),
    )
    windows = [_windows()] if sys.platform == "win32" else []
    return [*(counter.source for counter in known), *windows, EstimateMeter().source]


def sources(meter: Meter) -> tuple[str, ...]:
    """What a meter reads, in words, part by part."""
    inner = getattr(meter, "meter", None)
    if inner is not None:
        return sources(inner)
    if isinstance(meter, Combined):
        return tuple(each for part in meter.meters for each in sources(part))
    told = getattr(meter, "source", None)
    return (f"{told.name}: {told.why}",) if isinstance(told, Source) else (type(meter).__name__,)


def _processor() -> Counter:
    """The counter that sees the processor; several never see the same one."""
    counters: tuple[Counter, ...] = (RaplMeter(), AppleMeter(), JetsonMeter())
    return next((each for each in counters if each.source.works), counters[0])


def _windows() -> Source:
    why = "flyball reads no counter of Windows; an estimate stands in"
    remedy = "bring a meter as a plug-in: entry point group flyball.meters"
    return Source(name="windows", works=False, why=why, remedy=remedy)
