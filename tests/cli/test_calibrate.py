import json

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


def test_a_damaged_calibration_is_named_with_its_remedy(call, tmp_path):
    (tmp_path / "machine.json").write_text("{")

    found = _calibration()
    assert not found.ok
    assert "machine.json is damaged" in found.detail
    assert "--calibrate" in found.remedy
