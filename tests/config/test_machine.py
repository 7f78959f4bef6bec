"""What a calibration keeps, and files that earlier versions wrote."""

import json
from datetime import UTC, datetime

import pytest

from flyball.config.machine import Machine, find_machine, machine_name, machine_path, save_machine


@pytest.fixture(autouse=True)
def _machine(tmp_path, monkeypatch):
    monkeypatch.setenv("FLYBALL_MACHINE", str(tmp_path / "machine.json"))


def calibrated() -> Machine:
    return Machine(
        name=machine_name(),
        measured_at=datetime(2026, 11, 24, 12, tzinfo=UTC),
        seconds=10.0,
        busy_share=0.01,
        idle_watts=80.0,
        processor_idle_watts=20.0,
        method="counter",
        bandwidth_bytes_per_s=2e10,
    )


def test_what_was_calibrated_is_found_again():
    save_machine(calibrated())
    assert find_machine() == calibrated()


def test_a_file_of_before_has_the_whole_only_and_is_read_all_the_same():
    save_machine(calibrated())
    kept = json.loads(machine_path().read_text())
    del kept["processor_idle_watts"]
    machine_path().write_text(json.dumps(kept))
    machine = find_machine()
    assert (machine.idle_watts, machine.processor_idle_watts) == (80.0, None)
