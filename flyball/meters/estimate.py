"""Estimate energy from CPU time and memory, for machines whose counters are missing or closed."""

from __future__ import annotations

from flyball.meters.green import green_joules
from flyball.meters.processes import ProcessTree
from flyball.meters.processors import ORIGINS, Processor, this_processor
from flyball.meters.source import Source
from flyball.records import Energy


class EstimateMeter:
    """CPU seconds of this process and its descendants times watts per core, and their memory.

    The model of Green Algorithms (`green`). Memory is what is resident, and not the whole machine's
    as there, since only this process is accounted for. A busy hardware thread counts as a whole
    core, which is too much by up to half where both threads of a core are busy.
    """

    def __init__(
        self, processor: Processor | None = None, *, pue: float = 1.0, psf: float = 1.0
    ) -> None:
        self.processor = processor or this_processor()
        self.pue, self.psf = pue, psf
        self._tree = ProcessTree()

    @property
    def source(self) -> Source:
        watts, origin = self.processor.watts_per_core, ORIGINS[self.processor.origin]
        over = f", x PUE {self.pue:g} x PSF {self.psf:g}" if (self.pue, self.psf) != (1, 1) else ""
        why = (
            f"CPU seconds x {watts:.3g} W per core ({self.processor.pattern}: {origin})"
            f" + resident GB x 0.3725 W{over}"
        )
        return Source(name="estimate", works=True, why=why)

    def read(self) -> Energy:
        used = self._tree.used()
        joules = green_joules(
            core_seconds=used.cpu_seconds,
            gb_seconds=used.gb_seconds,
            watts_per_core=self.processor.watts_per_core,
            pue=self.pue,
            psf=self.psf,
        )
        return Energy(estimated_j=joules)
