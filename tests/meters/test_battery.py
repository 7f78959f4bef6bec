from pathlib import Path

import pytest

from flyball import Energy
from flyball.meters import BatteryMeter
from flyball.meters.integral import Integral

KEYWORDS = dict(Integral.__init__.__kwdefaults__ or {})


def a_battery(root: Path, **files: object) -> Path:
    """Build a battery that gives 20 W and holds 40 of 50 Wh; `None` leaves a file out."""
    path = root / "BAT0"
    path.mkdir(parents=True)
    told = {
        "type": "Battery",
        "status": "Discharging",
        "power_now": 20_000_000,
        "energy_now": 40_000_000,
        "energy_full": 50_000_000,
        "capacity": 79,
    }
    for name, value in (told | files).items():
        if value is not None:
            (path / name).write_text(f"{value}\n")
    return path


@pytest.fixture
def seconds(monkeypatch):
    """Let two seconds pass between any two readings of power."""
    ticks = iter(range(0, 1000, 2))
    clock = lambda: float(next(ticks))  # noqa: E731
    monkeypatch.setattr(Integral.__init__, "__kwdefaults__", {**KEYWORDS, "clock": clock})


def test_microwatts_are_integrated_to_joules(tmp_path, seconds):
    battery = a_battery(tmp_path)
    meter = BatteryMeter(tmp_path)
    assert meter.read() == Energy(cpu_j=40.0, method="integrated", battery_percent=0.0)
    (battery / "power_now").write_text("40000000\n")
    assert meter.read().cpu_j == 40.0 + 60.0
    assert "BAT0 gives to the whole machine" in meter.source.why


def test_where_no_power_is_told_it_is_volts_times_amperes(tmp_path, seconds):
    a_battery(tmp_path, power_now=None, voltage_now=12_000_000, current_now=-1_500_000)
    assert BatteryMeter(tmp_path).read().cpu_j == 36.0


def test_microwatthours_tell_the_charge_that_was_lost(tmp_path):
    battery = a_battery(tmp_path)
    meter = BatteryMeter(tmp_path)
    (battery / "energy_now").write_text("39000000\n")
    assert meter.read().battery_percent == pytest.approx(2.0)


@pytest.mark.parametrize("unit", ["charge", "capacity"])
def test_a_battery_that_tells_charge_or_percent_only_will_do(tmp_path, unit):
    files = {"energy_now": None, "energy_full": None}
    if unit == "charge":
        files |= {"charge_now": 3_000_000, "charge_full": 4_000_000}
    battery = a_battery(tmp_path, **files)
    meter = BatteryMeter(tmp_path, joules=False)
    name = "charge_now" if unit == "charge" else "capacity"
    (battery / name).write_text("2000000\n" if unit == "charge" else "54\n")
    assert meter.read() == Energy(battery_percent=pytest.approx(25.0))


def test_on_mains_joules_are_unknown_and_it_says_why(tmp_path):
    a_battery(tmp_path, status="Charging")
    meter = BatteryMeter(tmp_path)
    assert meter.read() == Energy(battery_percent=0.0)
    assert meter.source.why == "BAT0 is not discharged: charging"


def test_a_charger_plugged_in_in_mid_run_makes_the_rest_unknown(tmp_path, seconds):
    battery = a_battery(tmp_path)
    meter = BatteryMeter(tmp_path)
    before = meter.read()
    (battery / "status").write_text("Charging\n")
    taken = meter.read() - before
    assert taken.joules is None
    assert taken.unknown == ("battery: BAT0 is not discharged: charging",)
    assert meter.read().battery_percent == 0.0


def test_a_mouse_is_no_battery_of_the_machine(tmp_path):
    a_battery(tmp_path, scope="Device")
    meter = BatteryMeter(tmp_path)
    assert (meter.read(), meter.charged) == (Energy(), False)
    assert meter.source.why == f"no battery under {tmp_path}"


def test_over_a_gap_in_which_the_machine_slept_joules_are_unknown(monkeypatch, tmp_path):
    ticks = iter([0.0, 1.0, 500.0, 501.0])
    clock = lambda: next(ticks)  # noqa: E731
    monkeypatch.setattr(Integral.__init__, "__kwdefaults__", {**KEYWORDS, "clock": clock})
    a_battery(tmp_path)
    meter = BatteryMeter(tmp_path)
    assert meter.read().cpu_j == 20.0
    assert meter.read().unknown == ("battery: power was not read for 499 s",)
