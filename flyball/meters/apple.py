"""Read the energy counters of Apple silicon, without sudo."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from flyball.meters.source import Source
from flyball.records import Energy

MILLIJOULES_PER_JOULE = 1000


class AppleMeter:
    """The processor, its memory, its GPU and its neural engine, through zeus-apple-silicon.

    Reads `get_cumulative_energy()` in mJ (https://pypi.org/project/zeus-apple-silicon). The neural
    engine counts as GPU, as do the GPU's SRAM. `binding` is the module unless another object with
    the same names is given.
    """

    def __init__(self, binding: Any = None) -> None:
        self._why = self._remedy = ""
        self._opened = False
        self._last = Energy()
        try:
            binding = binding or importlib.import_module("zeus_apple_silicon")
        except ImportError:
            self._why = "no Apple silicon"
            if sys.platform == "darwin":
                self._why = "zeus-apple-silicon is not installed"
                self._remedy = "pip install zeus-apple-silicon"
            return
        try:
            self._monitor = binding.AppleEnergyMonitor()
            self._last = self._energy()
        except Exception as error:  # noqa: BLE001 - the binding raises what its C++ side throws
            self._why = f"the counters do not answer: {error}"
            return
        if self._last.measured_j is None:
            self._why = "this chip tells no energy"
        self._opened = not self._why

    @property
    def source(self) -> Source:
        if self._why:
            return Source(name="apple", works=False, why=self._why, remedy=self._remedy)
        parts = {"cpu_j": "processor", "dram_j": "memory", "gpu_j": "GPU and neural engine"}
        read = [name for part, name in parts.items() if getattr(self._last, part) is not None]
        return Source(name="apple", works=True, why=f"reads {', '.join(read)}")

    def read(self) -> Energy:
        if not self._opened:
            return Energy()
        if self._why:
            return Energy(unknown=(f"apple: {self._why}",))
        try:
            now = self._energy()
        except Exception as error:  # noqa: BLE001 - see above
            self._why = f"the counters stopped answering: {error}"
            return Energy(unknown=(f"apple: {self._why}",))
        grown = now - self._last
        if grown.unknown or min(_known(grown), default=0.0) < 0:
            self._why = "a counter went backwards, or is gone"
            return Energy(unknown=(f"apple: {self._why}",))
        self._last = now
        return now

    def _energy(self) -> Energy:
        told = self._monitor.get_cumulative_energy()
        return Energy(
            cpu_j=_sum(told, "cpu_total_mj"),
            dram_j=_sum(told, "dram_mj"),
            gpu_j=_sum(told, "gpu_mj", "gpu_sram_mj", "ane_mj"),
            method="counter",
        )


def _sum(told: Any, *names: str) -> float | None:
    """Joules of the parts that this chip tells of."""
    parts_mj = [getattr(told, name, None) for name in names]
    known_mj = [float(part_mj) for part_mj in parts_mj if part_mj is not None]
    return sum(known_mj) / MILLIJOULES_PER_JOULE if known_mj else None


def _known(energy: Energy) -> list[float]:
    parts = (energy.cpu_j, energy.dram_j, energy.gpu_j)
    return [part for part in parts if part is not None]
