from pathlib import Path

import pytest

from flyball import Energy
from flyball.meters import JetsonMeter
from flyball.meters.integral import Integral

KEYWORDS = dict(Integral.__init__.__kwdefaults__ or {})


def monitor(root: Path, rails: dict[str, tuple[int, int]], *, name: str = "ina3221") -> Path:
    """Build a power monitor with these rails, each in mV and mA."""
    path = root / "hwmon3"
    path.mkdir(parents=True)
    (path / "name").write_text(f"{name}\n")
    for number, (rail, (millivolts, milliamperes)) in enumerate(rails.items(), 1):
        (path / f"in{number}_label").write_text(f"{rail}\n")
        (path / f"in{number}_input").write_text(f"{millivolts}\n")
        (path / f"curr{number}_input").write_text(f"{milliamperes}\n")
    return path


@pytest.fixture(autouse=True)
def seconds(monkeypatch):
    """Let a second pass between any two readings of power."""
    ticks = iter(range(1000))
    clock = lambda: float(next(ticks))  # noqa: E731
    monkeypatch.setattr(Integral.__init__, "__kwdefaults__", {**KEYWORDS, "clock": clock})


def test_the_input_rail_stands_for_all_that_it_feeds(tmp_path):
    monitor(tmp_path, {"VDD_IN": (5000, 2000), "VDD_CPU_CV": (5000, 400), "VDD_SOC": (5000, 300)})
    meter = JetsonMeter(tmp_path)
    assert meter.read() == Energy(cpu_j=10.0, method="integrated")
    assert meter.source.why == "integrates the power of VDD_IN"


def test_without_one_all_rails_are_added_up(tmp_path):
    monitor(tmp_path, {"VDD_CPU_CV": (5000, 400), "VDD_SOC": (5000, 300)})
    assert JetsonMeter(tmp_path).read().cpu_j == pytest.approx(3.5)


@pytest.mark.parametrize("garbage", ["", "volts\n", "-3\n"])
def test_a_rail_that_talks_nonsense_makes_the_rest_unknown(tmp_path, garbage):
    path = monitor(tmp_path, {"VDD_IN": (5000, 2000)})
    meter = JetsonMeter(tmp_path)
    (path / "in1_input").write_text(garbage)
    assert meter.read().joules is None
    assert meter.read().unknown[0].startswith("jetson: ")


def test_a_rail_that_disappears_makes_the_rest_unknown(tmp_path):
    path = monitor(tmp_path, {"VDD_IN": (5000, 2000)})
    meter = JetsonMeter(tmp_path)
    (path / "curr1_input").unlink()
    assert meter.read().joules is None
    assert "No such file" in meter.source.why


def test_another_boards_monitors_are_none_of_ours(tmp_path):
    monitor(tmp_path, {"Vcore": (1000, 2000)}, name="nct6775")
    assert JetsonMeter(tmp_path).read() == Energy()
    assert "no ina3221" in JetsonMeter(tmp_path).source.why


def test_the_six_rails_of_an_agx_xavier_are_added_up(tmp_path):
    first = {"GPU": (19000, 100), "CPU": (19000, 200), "SOC": (19000, 300)}
    second = {"CV": (19000, 0), "VDDRQ": (19000, 100), "SYS5V": (19000, 300)}
    monitor(tmp_path / "a", first).rename(tmp_path / "hwmon3")
    monitor(tmp_path / "b", second).rename(tmp_path / "hwmon4")
    meter = JetsonMeter(tmp_path)
    assert meter.read().cpu_j == pytest.approx(19.0)
    assert meter.source.why == "integrates the power of GPU, CPU, SOC, CV, VDDRQ, SYS5V"
