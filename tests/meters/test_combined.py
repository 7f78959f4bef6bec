import itertools
import sys
from pathlib import Path

import pytest

from flyball import Energy
from flyball.meters import (
    BatteryMeter,
    Combined,
    EstimateMeter,
    NvmlMeter,
    RaplMeter,
    Sampled,
    detect,
    sources,
    survey,
)
from flyball.testing import ScriptedMeter, check_meter
from tests.meters.test_battery import a_battery
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
    meter = detect(packages, NvmlMeter(Driver(4000)), no_battery())
    check_meter(meter)
    assert meter.read() == Energy(cpu_j=0.0, gpu_j=4.0, method="counter")


def test_one_counter_alone_is_not_wrapped(packages):
    assert detect(packages, NvmlMeter(NoDriver()), no_battery()) is packages


def test_a_cpu_without_counters_is_estimated_apart_from_the_gpus_reading(nothing):
    reading = detect(nothing, NvmlMeter(Driver(4000)), no_battery()).read()
    assert reading.measured_j == 4.0
    assert reading.estimated_j is not None


def test_a_machine_without_any_counter_is_estimated(nothing):
    meter = detect(nothing, NvmlMeter(NoDriver()), no_battery())
    assert isinstance(meter, EstimateMeter)


def test_a_battery_that_is_discharged_stands_in_for_a_closed_counter(nothing, tmp_path):
    battery = BatteryMeter(a_battery(tmp_path).parent)
    assert detect(nothing, NvmlMeter(Driver(4000)), battery) is battery


def test_beside_a_counter_a_battery_tells_its_charge_only(packages, tmp_path, monkeypatch):
    root = a_battery(tmp_path / "supplies").parent
    monkeypatch.setattr("flyball.meters.battery.SUPPLIES", root)
    monkeypatch.setattr(BatteryMeter.__init__, "__defaults__", (root,))
    reading = detect(packages, NvmlMeter(NoDriver()), BatteryMeter(root)).read()
    assert (reading.cpu_j, reading.battery_percent) == (0.0, 0.0)


def test_what_a_meter_reads_is_told_part_by_part(packages):
    meter = Sampled(Combined([packages, ScriptedMeter(itertools.count())]))
    assert sources(meter) == ("rapl: reads package-0", "ScriptedMeter")
    meter.close()


def test_windows_says_that_its_counters_are_left_to_a_plug_in(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    [windows] = [source for source in survey() if source.name == "windows"]
    assert not windows.works
    assert "flyball.meters" in windows.remedy


def no_battery() -> BatteryMeter:
    return BatteryMeter(Path("/nowhere"))


def test_the_survey_names_every_counter_and_why_it_is_closed():
    sources = survey()
    assert [source.name for source in sources] == [
        "rapl",
        "nvml",
        "amd",
        "apple",
        "jetson",
        "battery",
        "estimate",
    ]
    assert all(source.why for source in sources)
    assert sources[-1].works
