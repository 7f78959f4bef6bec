import sys
from types import SimpleNamespace

import pytest

from flyball import Energy
from flyball.meters import AppleMeter
from flyball.testing import check_meter


class Silicon:
    """The binding, with one monitor that tells these parts in mJ."""

    def __init__(self, **parts_mj: int | None) -> None:
        self.parts_mj = parts_mj
        self.broken = False

    def AppleEnergyMonitor(self) -> "Silicon":  # noqa: N802 - the binding's name
        return self

    def get_cumulative_energy(self) -> SimpleNamespace:
        if self.broken:
            raise RuntimeError("IOReport is gone")
        return SimpleNamespace(**self.parts_mj)


def test_apple_keeps_its_promises():
    check_meter(AppleMeter(Silicon(cpu_total_mj=5000, gpu_mj=100)))


def test_millijoules_of_all_parts_are_joules():
    meter = AppleMeter(
        Silicon(cpu_total_mj=5000, dram_mj=1500, gpu_mj=700, gpu_sram_mj=200, ane_mj=100)
    )
    assert meter.read() == Energy(cpu_j=5.0, dram_j=1.5, gpu_j=1.0, method="counter")
    assert meter.source.why == "reads processor, memory, GPU and neural engine"


def test_a_part_that_a_chip_does_not_tell_is_unknown_not_zero():
    assert AppleMeter(Silicon(cpu_total_mj=5000, dram_mj=None)).read().dram_j is None


@pytest.mark.parametrize("later", [{"cpu_total_mj": 4999}, {"cpu_total_mj": None}])
def test_a_counter_that_goes_backwards_or_vanishes_makes_the_rest_unknown(later):
    silicon = Silicon(cpu_total_mj=5000, gpu_mj=100)
    meter = AppleMeter(silicon)
    silicon.parts_mj |= later
    assert meter.read().joules is None
    assert meter.source.why == "a counter went backwards, or is gone"
    assert meter.read().unknown


def test_a_binding_that_breaks_makes_the_rest_unknown():
    silicon = Silicon(cpu_total_mj=5000)
    meter = AppleMeter(silicon)
    silicon.broken = True
    assert meter.read().unknown == ("apple: the counters stopped answering: IOReport is gone",)


def test_a_missing_binding_says_what_to_install_on_a_mac(monkeypatch):
    monkeypatch.setitem(sys.modules, "zeus_apple_silicon", None)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert AppleMeter().read() == Energy()
    assert "pip install zeus-apple-silicon" in AppleMeter().source.remedy
    monkeypatch.setattr(sys, "platform", "linux")
    assert AppleMeter().source.remedy == ""
