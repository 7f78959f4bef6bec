from pathlib import Path

import pytest

from flyball import Energy
from flyball.meters import Combined, EstimateMeter, NvmlMeter, RaplMeter, detect, survey
from flyball.testing import ScriptedMeter, check_meter
from tests.meters.test_nvml import Driver, NoDriver
from tests.meters.test_rapl import zone


@pytest.fixture
def packages(tmp_path: Path) -> RaplMeter:
    zone(tmp_path, "intel-rapl:0", "package-0")
    return RaplMeter(tmp_path)


@pytest.fixture
def nothing(tmp_path: Path) -> RaplMeter:
    return RaplMeter(tmp_path / "nowhere")


def test_what_distinct_counters_read_is_added_up(packages):
    meter = Combined([packages, ScriptedMeter([3.0])])
    assert meter.read() == Energy(cpu_j=0.0, gpu_j=3.0, method="counter")


def test_counters_that_work_are_chosen_and_no_estimate_is_made(packages):
    meter = detect(packages, NvmlMeter(Driver(4000)))
    check_meter(meter)
    assert meter.read() == Energy(cpu_j=0.0, gpu_j=4.0, method="counter")


def test_one_counter_alone_is_not_wrapped(packages):
    assert detect(packages, NvmlMeter(NoDriver())) is packages


def test_a_cpu_without_counters_is_estimated_apart_from_the_gpus_reading(nothing):
    reading = detect(nothing, NvmlMeter(Driver(4000))).read()
    assert reading.measured_j == 4.0
    assert reading.estimated_j is not None


def test_a_machine_without_any_counter_is_estimated(nothing):
    assert isinstance(detect(nothing, NvmlMeter(NoDriver())), EstimateMeter)


def test_the_survey_names_every_counter_and_why_it_is_closed():
    sources = survey()
    assert [source.name for source in sources] == ["rapl", "nvml", "estimate"]
    assert all(source.why for source in sources)
    assert sources[-1].works
