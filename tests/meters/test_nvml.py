import sys

import pytest

from flyball import Energy
from flyball.meters import NvmlMeter
from flyball.testing import check_meter


class Driver:
    """A driver with the given counters, in mJ; `None` is a GPU from before Volta."""

    class NVMLError(Exception):
        """What the binding raises."""

    def __init__(self, *counters_mj: int | None) -> None:
        self.counters_mj = list(counters_mj)

    def nvmlInit(self) -> None:  # noqa: N802 - the binding's name, as are those below
        pass

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return len(self.counters_mj)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: int) -> int:  # noqa: N802
        total_mj = self.counters_mj[handle]
        if total_mj is None:
            raise self.NVMLError("Not Supported")
        return total_mj


class NoDriver(Driver):
    def nvmlInit(self) -> None:  # noqa: N802
        raise self.NVMLError("NVML Shared Library Not Found")


def test_nvml_keeps_its_promises():
    check_meter(NvmlMeter(Driver(5000)))


def test_all_gpus_are_added_up_in_joules():
    meter = NvmlMeter(Driver(1500, 2500))
    assert meter.read() == Energy(gpu_j=4.0, method="counter")
    assert meter.source.why == "reads 2 GPU(s)"


def test_chosen_gpus_only_are_counted():
    assert NvmlMeter(Driver(1500, None), devices=[0]).read().gpu_j == 1.5


def test_a_gpu_without_a_counter_makes_the_sum_unknown_and_is_named():
    meter = NvmlMeter(Driver(1500, None))
    assert meter.read() == Energy()
    assert meter.source.why == "GPU 1 has no energy counter: Not Supported"
    assert "devices=" in meter.source.remedy


@pytest.mark.parametrize(
    ("driver", "why"),
    [
        (NoDriver(), "no NVIDIA driver answers: NVML Shared Library Not Found"),
        (Driver(), "the NVIDIA driver sees no GPU"),
    ],
)
def test_a_machine_without_gpus_says_so(driver, why):
    meter = NvmlMeter(driver)
    assert meter.read() == Energy()
    assert meter.source.why == why


def test_a_gpu_that_falls_off_the_bus_makes_the_rest_unknown():
    driver = Driver(1500)
    meter = NvmlMeter(driver)
    driver.counters_mj[0] = None
    assert meter.read() == Energy()
    assert "stopped answering" in meter.source.why


def test_a_missing_binding_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    meter = NvmlMeter()
    assert meter.read() == Energy()
    assert meter.source.remedy == "pip install 'flyball[nvidia]'"
