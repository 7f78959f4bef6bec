import sys

import pytest

from flyball import Energy
from flyball.meters import AmdMeter
from flyball.testing import check_meter

STEP_UJ = 15.3


class Smi:
    """AMD's binding, over these counters in steps of 15.3 uJ."""

    class AmdSmiException(Exception):  # noqa: N818 - the binding's name
        """What the binding raises."""

    name = "energy_accumulator"

    def __init__(self, *steps: int | None) -> None:
        self.steps = list(steps)

    def amdsmi_init(self) -> None:
        pass

    def amdsmi_get_processor_handles(self) -> list[int]:
        return list(range(len(self.steps)))

    def amdsmi_get_energy_count(self, handle: int) -> dict[str, float | None]:
        if self.steps[handle] is None:
            raise self.AmdSmiException("AMDSMI_STATUS_NOT_SUPPORTED")
        return {self.name: self.steps[handle], "counter_resolution": STEP_UJ, "timestamp": 1}


def test_amd_keeps_its_promises():
    check_meter(AmdMeter(Smi(1_000_000)))


@pytest.mark.parametrize("name", ["energy_accumulator", "power"])
def test_steps_times_resolution_in_microjoules_are_joules(name):
    smi = Smi(1_000_000, 3_000_000)
    smi.name = name
    assert AmdMeter(smi).read() == Energy(gpu_j=pytest.approx(61.2), method="counter")


@pytest.mark.parametrize(
    ("smi", "why"),
    [
        (Smi(), "the AMD driver sees no GPU"),
        (Smi(1, None), "no AMD driver answers: AMDSMI_STATUS_NOT_SUPPORTED"),
        (Smi(0), "no AMD driver answers: 'an energy counter that stands at zero'"),
    ],
)
def test_a_machine_without_a_counter_says_so(smi, why):
    meter = AmdMeter(smi)
    assert meter.read() == Energy()
    assert meter.source.why == why


@pytest.mark.parametrize("later", [None, 999_999])
def test_a_counter_that_fails_or_goes_backwards_makes_the_rest_unknown(later):
    smi = Smi(1_000_000)
    meter = AmdMeter(smi)
    smi.steps[0] = later
    assert meter.read().joules is None
    assert meter.read().unknown[0].startswith("amd: a GPU's counter stopped answering")


def test_a_missing_binding_says_what_to_install_where_there_is_such_a_gpu(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "amdsmi", None)
    meter = AmdMeter(driver=tmp_path)
    assert meter.read() == Energy()
    assert "pip install amdsmi" in meter.source.remedy
    elsewhere = AmdMeter(driver=tmp_path / "nowhere").source
    assert (elsewhere.why, elsewhere.remedy) == ("no AMD GPU: its driver is not loaded", "")
