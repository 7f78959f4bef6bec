"""Read the energy of NVIDIA GPUs."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from flyball.meters.integral import Integral
from flyball.meters.source import Source
from flyball.records import Energy

MILLIJOULES_PER_JOULE = 1000
MILLIWATTS_PER_WATT = 1000


class NvmlMeter:
    """All GPUs of this machine, or those whose indices are in `devices`.

    Reads the cumulative counter that GPUs since Volta have
    (`nvmlDeviceGetTotalEnergyConsumption`, in mJ since the driver was loaded; NVML API
    reference, Device Queries), and integrates `nvmlDeviceGetPowerUsage` (mW) for older ones; the
    sum is then `integrated`. A GPU that is cut into MIG instances is read as a whole, since they
    have no counters of their own. `binding` is nvidia-ml-py's module `pynvml` unless another
    object with the same functions is given. Without a driver, or with a GPU that tells neither,
    every reading is unknown and `source` says why; so is it from the point where a counter fails.
    """

    def __init__(self, binding: Any = None, *, devices: Sequence[int] | None = None) -> None:
        self._gpus: list[Callable[[], float]] = []
        self._integrated = self._shared = 0
        self._opened = False
        self._why = self._remedy = ""
        try:
            self._nvml = importlib.import_module("pynvml") if binding is None else binding
        except ImportError:
            self._why = "nvidia-ml-py is not installed"
            self._remedy = "pip install 'flyball[nvidia]'"
            return
        try:
            self._open(devices)
        except self._nvml.NVMLError as error:
            self._why = f"no NVIDIA driver answers: {error}"
        self._opened = not self._why

    @property
    def source(self) -> Source:
        if self._why:
            return Source(name="nvml", works=False, why=self._why, remedy=self._remedy)
        how = f", {self._integrated} of them by power" if self._integrated else ""
        cut = f", {self._shared} of them whole although cut into MIG instances"
        why = f"reads {len(self._gpus)} GPU(s){how}{cut if self._shared else ''}"
        return Source(name="nvml", works=True, why=why)

    def read(self) -> Energy:
        if not self._opened:
            return Energy()
        if self._why:
            return Energy(unknown=(f"nvml: {self._why}",))
        try:
            total_j = sum(joules() for joules in self._gpus)
        except (self._nvml.NVMLError, ValueError) as error:
            self._why = f"a GPU's counter stopped answering: {error}"
            return Energy(unknown=(f"nvml: {self._why}",))
        return Energy(gpu_j=total_j, method="integrated" if self._integrated else "counter")

    def _open(self, devices: Sequence[int] | None) -> None:
        self._nvml.nvmlInit()
        wanted = range(self._nvml.nvmlDeviceGetCount()) if devices is None else devices
        if not wanted:
            self._why = "the NVIDIA driver sees no GPU"
        for index in wanted:
            handle = self._nvml.nvmlDeviceGetHandleByIndex(index)
            try:
                self._gpus.append(self._counted(handle))
            except self._nvml.NVMLError as error:
                # A sum without this GPU would pass for the whole machine's.
                self._why = f"GPU {index} tells neither energy nor power: {error}"
                self._remedy = "name the GPUs that do: NvmlMeter(devices=[...])"
                return
            self._shared += self._is_cut(handle)

    def _counted(self, handle: Any) -> Callable[[], float]:
        """Joules of one GPU. Raises `NVMLError`."""
        try:
            return _Counter(partial(self._nvml.nvmlDeviceGetTotalEnergyConsumption, handle)).joules
        except self._nvml.NVMLError:
            integral = Integral(partial(self._watts, handle))
            self._integrated += 1
            return integral.joules

    def _watts(self, handle: Any) -> float:
        return float(self._nvml.nvmlDeviceGetPowerUsage(handle)) / MILLIWATTS_PER_WATT

    def _is_cut(self, handle: Any) -> bool:
        try:
            return bool(self._nvml.nvmlDeviceGetMigMode(handle)[0])
        except (self._nvml.NVMLError, AttributeError):
            return False


class _Counter:
    """A counter in mJ that may only grow."""

    def __init__(self, read_mj: Callable[[], int]) -> None:
        self._read_mj = read_mj
        self._last_mj = read_mj()

    def joules(self) -> float:
        total_mj = self._read_mj()
        if total_mj < self._last_mj:
            raise ValueError(f"it went backwards, from {self._last_mj} to {total_mj} mJ")
        self._last_mj = total_mj
        return total_mj / MILLIJOULES_PER_JOULE
