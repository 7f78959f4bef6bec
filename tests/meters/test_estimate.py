import os
import platform
import subprocess
import sys
import time

import pytest

from flyball.meters import EstimateMeter
from flyball.meters.processors import (
    GENERIC,
    ORIGINS,
    TABLE,
    Processor,
    find_processor,
    processor_name,
)
from flyball.testing import check_meter

TEN_WATTS = Processor("test", 20, 2, "any")
BUSY = "import time\nwhile time.process_time() < {seconds}: pass\n"


def burn(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def read(meter: EstimateMeter) -> float:
    joules = meter.read().estimated_j
    assert joules is not None
    return joules


class Processing(EstimateMeter):
    """With what memory takes left out, which is much where tests have loaded much before."""

    def __init__(self) -> None:
        super().__init__(TEN_WATTS)
        self.memory = memory_only()

    def estimate(self) -> float:
        return read(self) - read(self.memory)


def memory_only() -> EstimateMeter:
    return EstimateMeter(Processor("no watts", 0, 1, "any"))


@pytest.fixture
def meter(monkeypatch):
    monkeypatch.setattr("flyball.meters.processes.REFRESH_SECONDS", 0.05)
    return Processing()


def test_the_estimate_keeps_its_promises(meter):
    check_meter(meter)


def test_joules_are_cpu_seconds_times_watts_per_core(meter):
    before, seconds = meter.estimate(), time.process_time()
    burn(0.2)
    joules, seconds = meter.estimate() - before, time.process_time() - seconds
    assert joules == pytest.approx(10 * seconds, rel=0.05)


def test_twice_the_work_is_twice_the_estimate(meter):
    marks = [meter.estimate()]
    for seconds in (0.15, 0.3):
        burn(seconds)
        marks.append(meter.estimate())
    assert (marks[2] - marks[1]) / (marks[1] - marks[0]) == pytest.approx(2, rel=0.1)


LOAD = """
import multiprocessing, time
def work():
    x = 0
    for i in range(2_500_000): x += i * i
processes = [multiprocessing.Process(target=work) for _ in range({processes})]
[each.start() for each in processes]
[each.join() for each in processes]
"""


def test_a_known_load_on_one_and_two_processes_is_estimated_as_its_cpu_seconds(meter):
    joules, seconds = [], []
    for processes in (1, 2):
        before, cpu = meter.estimate(), os.times()
        code = LOAD.format(processes=processes)
        subprocess.run([sys.executable, "-c", code], check=True)
        after = os.times()
        joules.append(meter.estimate() - before)
        children = after.children_user + after.children_system
        seconds.append(children - cpu.children_user - cpu.children_system)
    ratio = joules[1] / joules[0]
    assert ratio == pytest.approx(seconds[1] / seconds[0], rel=0.1)
    assert ratio > 1.3


def test_memory_that_is_held_is_estimated_as_well():
    meter = memory_only()

    def gigabytes() -> float:
        read(meter)
        before, began = read(meter), time.monotonic()
        time.sleep(0.2)
        return (read(meter) - before) / 0.3725 / (time.monotonic() - began)

    free = gigabytes()
    held = bytearray(200_000_000)
    for place in range(0, len(held), 4096):
        held[place] = 1
    assert gigabytes() - free == pytest.approx(0.2, abs=0.05)


def test_sleeping_costs_nearly_nothing(meter):
    before = meter.estimate()
    time.sleep(0.2)
    assert meter.estimate() - before < 0.2


def test_a_child_counts_once_while_it_lives_and_after_it_has_died(meter):
    before = meter.estimate()
    code = BUSY.format(seconds=0.4)
    child = subprocess.Popen([sys.executable, "-c", code])
    readings = []
    while child.poll() is None:
        time.sleep(0.1)
        readings.append(meter.estimate())
    own = meter.estimate() - before
    assert readings == sorted(readings)
    assert readings[1] > before
    assert own == pytest.approx(4.0, rel=0.35)
    time.sleep(0.1)
    assert meter.estimate() - before < own + 1


def test_a_child_between_two_listings_is_counted_when_it_is_waited_for():
    meter = Processing()
    before = meter.estimate()
    subprocess.run([sys.executable, "-c", BUSY.format(seconds=0.2)], check=True)
    assert meter.estimate() - before > 1.9


def test_grandchildren_count_too(meter):
    inner = BUSY.format(seconds=0.3)
    outer = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {inner!r}])"
    before = meter.estimate()
    subprocess.run([sys.executable, "-c", outer], check=True)
    assert meter.estimate() - before > 2.9


@pytest.mark.parametrize(
    ("name", "watts_per_core"),
    [
        ("Intel(R) Xeon(R) Platinum 8259CL CPU @ 2.50GHz", 210 / 24),
        ("Intel(R) Xeon(R) CPU E5-2686 v4 @ 2.30GHz", 145 / 18),
        ("Intel(R) Core(TM) i7-8550U CPU @ 1.80GHz", 15 / 4),
        ("13th Gen Intel(R) Core(TM) i9-13900K", 125 / 24),
        ("AMD EPYC 7763 64-Core Processor", 225 / 32),
        ("AMD EPYC", 280 / 64),
        ("AMD Ryzen 9 5950X 16-Core Processor", 105 / 16),
        ("AMD Ryzen 7 5800U with Radeon Graphics", 15 / 8),
        ("Apple M1", 20 / 8),
        ("Apple M2 Pro", 34 / 10),
        ("Arm part 0xd40", 110 / 64),
        ("Raspberry Pi 5 Model B Rev 1.0", 8 / 4),
        ("VIA Nano", 12.0),
        ("", 12.0),
    ],
)
def test_processors_are_known_by_their_names(name, watts_per_core):
    assert find_processor(name).watts_per_core == watts_per_core


def test_every_entry_says_where_it_comes_from_and_is_plausible():
    for entry in (*TABLE, GENERIC):
        assert entry.origin in ORIGINS
        assert 0.5 < entry.watts_per_core < 30


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        ("proc/cpuinfo", "processor\t: 0\nmodel name\t: AMD EPYC\n", "AMD EPYC"),
        ("proc/cpuinfo", "CPU implementer : 0x41\nCPU part\t: 0xd0c\n", "Arm part 0xd0c"),
        ("proc/device-tree/model", "Raspberry Pi 4 Model B\0", "Raspberry Pi 4 Model B"),
    ],
)
def test_the_processor_is_read_from_what_linux_says(tmp_path, monkeypatch, path, text, name):
    monkeypatch.setattr(sys, "platform", "linux")
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert processor_name(tmp_path) == name


def test_a_mac_is_asked_for_its_processor(tmp_path, monkeypatch):
    sysctl = tmp_path / "sysctl"
    sysctl.write_text("#!/bin/sh\necho Apple M4 Pro\n")
    sysctl.chmod(0o755)
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert find_processor(processor_name()).watts_per_core == 40 / 12
    sysctl.write_text("#!/bin/sh\nexit 1\n")
    assert processor_name() == ""


def test_a_machine_that_tells_nothing_is_the_generic_one(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "processor", lambda: "")
    assert find_processor(processor_name(tmp_path)) is GENERIC
