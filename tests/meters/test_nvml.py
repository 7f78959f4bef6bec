import sys

import pytest

from flyball import Energy
from flyball.meters import NvmlMeter
from flyball.meters.integral import Integral
from flyball.testing import check_meter

KEYWORDS = dict(Integral.__init__.__kwdefaults__ or {})


class Driver:
    """A driver with the given counters, in mJ; `None` is a GPU from before Volta."""

    class NVMLError(Exception):
        """What the binding raises."""

    power_mw: int | None = None
    mig = 0

    def __init__(self, *counters_mj: int | None) -> None:
        self.counters_mj = list(counters_mj)

    def nvmlDeviceGetPowerUsage(self, handle: int) -> int:  # noqa: N802
        if self.power_mw is None:
            raise self.NVMLError("Not Supported")
        return self.power_mw

    def nvmlDeviceGetMigMode(self, handle: int) -> list[int]:  # noqa: N802
        return [self.mig, self.mig]

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
    assert meter.source.why == "GPU 1 tells neither energy nor power: Not Supported"
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
    assert meter.read().joules is None
    assert "stopped answering" in meter.source.why
    assert meter.read().unknown == (f"nvml: {meter.source.why}",)


def test_a_counter_that_goes_backwards_makes_the_rest_unknown():
    driver = Driver(1500)
    meter = NvmlMeter(driver)
    driver.counters_mj[0] = 1499
    assert meter.read().joules is None
    assert "backwards, from 1500 to 1499 mJ" in meter.source.why


def test_a_gpu_from_before_volta_is_integrated_from_its_power_and_labelled(monkeypatch):
    now = iter([100.0, 100.5, 102.0])
    monkeypatch.setattr(Integral.__init__, "__kwdefaults__", {**KEYWORDS, "clock": now.__next__})
    driver = Driver(None)
    driver.power_mw = 50_000
    meter = NvmlMeter(driver)
    assert meter.read() == Energy(gpu_j=25.0, method="integrated")
    driver.power_mw = 150_000
    assert meter.read() == Energy(gpu_j=25.0 + 150.0, method="integrated")
    assert meter.source.why == "reads 1 GPU(s), 1 of them by power"


def test_a_gpu_cut_into_instances_is_read_whole_and_says_so():
    driver = Driver(1500)
    driver.mig = 1
    meter = NvmlMeter(driver)
    assert meter.read().gpu_j == 1.5
    assert "whole although cut into MIG instances" in meter.source.why


def test_a_missing_binding_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    meter = NvmlMeter()
    assert meter.read() == Energy()
    assert meter.source.remedy == "pip install 'flyball[nvidia]'"
