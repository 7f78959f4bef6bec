"""Read the energy counters of AMD GPUs."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from flyball.meters.source import Source
from flyball.records import Energy

DRIVER = Path("/sys/module/amdgpu")
MICROJOULES_PER_JOULE = 1_000_000


class AmdMeter:
    """All AMD GPUs of this machine, through AMD's own binding `amdsmi`.

    Reads `amdsmi_get_energy_count`: an accumulator and its resolution in uJ (AMD SMI, Power
    Queries). Without a driver, or with a GPU whose counter stands at zero, every reading is unknown
    and `source` says why; so is it from the point where a counter fails or goes backwards.
    """

    def __init__(self, binding: Any = None, *, driver: Path = DRIVER) -> None:
        self._handles: list[Any] = []
        self._last_j = 0.0
        self._opened = False
        self._why = self._remedy = ""
        try:
            self._smi = importlib.import_module("amdsmi") if binding is None else binding
        except (ImportError, OSError, KeyError) as error:
            # The binding looks its library up as it is imported.
            self._why = "no AMD GPU: its driver is not loaded"
            if driver.exists():
                self._why = f"amdsmi does not load: {error}"
                self._remedy = "install it in the version of your ROCm: pip install amdsmi==VERSION"
            return
        try:
            self._smi.amdsmi_init()
            self._handles = list(self._smi.amdsmi_get_processor_handles())
            self._last_j = self._joules()
        except (self._smi.AmdSmiException, KeyError) as error:
            self._why = f"no AMD driver answers: {error}"
            return
        if not self._handles:
            self._why = "the AMD driver sees no GPU"
        self._opened = not self._why

    @property
    def source(self) -> Source:
        if self._why:
            return Source(name="amd", works=False, why=self._why, remedy=self._remedy)
        return Source(name="amd", works=True, why=f"reads {len(self._handles)} GPU(s)")

    def read(self) -> Energy:
        if not self._opened:
            return Energy()
        if self._why:
            return Energy(unknown=(f"amd: {self._why}",))
        try:
            total_j = self._joules()
            if total_j < self._last_j:
                raise ValueError(f"it went backwards, from {self._last_j} to {total_j} J")
        except (self._smi.AmdSmiException, KeyError, ValueError) as error:
            self._why = f"a GPU's counter stopped answering: {error}"
            return Energy(unknown=(f"amd: {self._why}",))
        self._last_j = total_j
        return Energy(gpu_j=total_j, method="counter")

    def _joules(self) -> float:
        return sum(map(self._joules_of, self._handles))

    def _joules_of(self, handle: Any) -> float:
        told = self._smi.amdsmi_get_energy_count(handle)
        # Called `power` before amdsmi 6.2.1.
        name = "energy_accumulator" if "energy_accumulator" in told else "power"
        steps = float(told[name])
        if steps <= 0:
            raise KeyError("an energy counter that stands at zero")
        return steps * float(told["counter_resolution"]) / MICROJOULES_PER_JOULE
