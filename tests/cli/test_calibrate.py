import json

import pytest

from flyball import Energy
from flyball.cli.doctor import _calibration


def test_calibrating_keeps_the_baseline_and_the_doctor_tells_it(call, tmp_path):
    result = call("doctor", "--calibrate", "--seconds", "1")
    assert result.code == 0
    assert "GB/s by all cores" in result.out
    kept = json.loads((tmp_path / "machine.json").read_text())
    assert kept["bandwidth_bytes_per_s"] > 1e8
    assert kept["busy_share"] >= 0
    # Without a counter the idle watts are unknown, and nothing else.
    assert kept["idle_watts"] is None or kept["idle_watts"] > 0


class Counting:
    """A processor that takes 20 J and a GPU that takes 60 J from one reading to the next."""

    def __init__(self):
        self.reads = 0

    def read(self):
        self.reads += 1
        return Energy(cpu_j=20.0 * self.reads, gpu_j=60.0 * self.reads, method="modelled")


def test_the_meter_that_the_configuration_names_is_the_one_calibrated(call, tmp_path, monkeypatch):
    monkeypatch.setattr("flyball.plugins.load", lambda group, name: {"mine": Counting}[name])
    (tmp_path / "flyball.toml").write_text('[energy]\nmeter = "mine"\n')
    (tmp_path / "machine.json").write_text("{")
    assert call("doctor", "--calibrate", "--seconds", "1").code == 0
    kept = json.loads((tmp_path / "machine.json").read_text())
    assert kept["method"] == "modelled"
    assert kept["processor_idle_watts"] > 0
    assert kept["processor_idle_watts"] * 4 == pytest.approx(kept["idle_watts"])


def test_an_estimate_has_no_baseline(call, tmp_path):
    (tmp_path / "flyball.toml").write_text('[energy]\nmeter = "estimate"\n')
    assert call("doctor", "--calibrate", "--seconds", "1").code == 0
    kept = json.loads((tmp_path / "machine.json").read_text())
    assert kept["idle_watts"] is kept["processor_idle_watts"] is None


def test_a_damaged_calibration_is_named_with_its_remedy(call, tmp_path):
    (tmp_path / "machine.json").write_text("{")

    found = _calibration()
    assert not found.ok
    assert "machine.json is damaged" in found.detail
    assert "--calibrate" in found.remedy
