"""Read the energy counters of NVIDIA GPUs."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from flyball.meters.source import Source
from flyball.records import Energy

MILLIJOULES_PER_JOULE = 1000


class NvmlMeter:
    """All GPUs of this machine, or those whose indices are in `devices`.

    Reads the cumulative counter that GPUs since Volta have
    (`nvmlDeviceGetTotalEnergyConsumption`, in mJ since the driver was loaded; NVML API
    reference, Device Queries). `binding` is nvidia-ml-py's module `pynvml` unless another
    object with the same functions is given. Without a driver, or with a GPU that has no counter,
    every reading is unknown and `source` says why; so is it from the point where a counter fails.
    """

    def __init__(self, binding: Any = None, *, devices: Sequence[int] | None = None) -> None:
        self._handles: list[Any] = []
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

    @property
    def source(self) -> Source:
        if self._why:
            return Source(name="nvml", works=False, why=self._why, remedy=self._remedy)
        return Source(name="nvml", works=True, why=f"reads {len(self._handles)} GPU(s)")

    def read(self) -> Energy:
        if self._why:
            return Energy()
        try:
            total_mj = sum(map(self._nvml.nvmlDeviceGetTotalEnergyConsumption, self._handles))
        except self._nvml.NVMLError as error:
            self._why = f"a GPU's counter stopped answering: {error}"
            return Energy()
        return Energy(gpu_j=total_mj / MILLIJOULES_PER_JOULE, method="counter")

    def _open(self, devices: Sequence[int] | None) -> None:
        self._nvml.nvmlInit()
        wanted = range(self._nvml.nvmlDeviceGetCount()) if devices is None else devices
        if not wanted:
            self._why = "the NVIDIA driver sees no GPU"
        for index in wanted:
            handle = self._nvml.nvmlDeviceGetHandleByIndex(index)
            try:
                self._nvml.nvmlDeviceGetTotalEnergyConsumption(handle)
            except self._nvml.NVMLError as error:
                # A sum without this GPU would pass for the whole machine's.
                self._why = f"GPU {index} has no energy counter: {error}"
                self._remedy = "name the GPUs that have one: NvmlMeter(devices=[...])"
                return
            self._handles.append(handle)
