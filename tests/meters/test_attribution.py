import itertools
import multiprocessing
import threading
import time

import pytest

from flyball import Energy
from flyball.meters import Attributed, NoMeter, Sampled, measure_bandwidth, measure_idle
from flyball.testing import ScriptedMeter


class Script:
    """Readings in order: joules, seconds, own CPU seconds, the machine's."""

    def __init__(self, *rows: tuple[float | None, float, float, float]) -> None:
        self.rows = iter(rows)

    def read(self) -> Energy:
        self.row = next(self.rows)
        joules = self.row[0]
        if joules is None:
            return Energy(unknown=("gone",))
        return Energy(cpu_j=joules, dram_j=0.0, method="counter")

    def meter(self, idle_watts: float | None) -> Attributed:
        return Attributed(
            self,
            idle_watts=idle_watts,
            own_seconds=lambda: self.row[2],
            busy_seconds=lambda: self.row[3],
            clock=lambda: self.row[1] if hasattr(self, "row") else 0.0,
        )


def test_gross_over_idle_and_own_are_told_beside_each_other():
    # 100 J in 2 s, of which 10 W x 2 s are idling; half of the busy time was ours.
    meter = Script((0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0), (100.0, 2.0, 1.0, 2.0)).meter(10.0)
    taken = -1 * meter.read().cpu_j, meter.read()
    assert taken[1].joules == 100.0
    assert taken[1].idle_j == 20.0
    assert taken[1].net_j == 80.0
    assert taken[1].own_j == 40.0


def test_a_neighbours_burst_is_not_ours():
    rows = [(0.0, 0.0, 0.0, 0.0), (50.0, 1.0, 1.0, 1.0), (350.0, 2.0, 1.0, 5.0)]
    meter = Script(*rows).meter(0.0)
    assert [meter.read().own_j, meter.read().own_j] == [50.0, 50.0]


def test_without_a_calibration_the_idle_part_is_unknown_not_zero():
    meter = Script((0.0, 0.0, 0.0, 0.0), (100.0, 2.0, 2.0, 2.0)).meter(None)
    reading = meter.read()
    assert reading.idle_j is None
    assert reading.net_j is None
    assert reading.own_j == 100.0


def test_where_the_counter_fails_nothing_is_attributed():
    meter = Script((0.0, 0.0, 0.0, 0.0), (None, 1.0, 1.0, 1.0), (None, 2.0, 2.0, 2.0)).meter(1.0)
    assert meter.read().unknown == ("gone",)
    assert meter.read().own_j is None


def burn(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_on_a_shared_machine_only_the_part_of_this_process_is_its_own():
    class Wall:
        def read(self) -> Energy:
            return Energy(cpu_j=100 * time.monotonic(), method="counter")

    # A process of nobody's tree: its parent is not told of.
    meter = Attributed(Wall(), own_seconds=time.process_time, idle_watts=0.0)
    other = multiprocessing.get_context("spawn").Process(target=burn, args=(0.6,))
    before = meter.read()
    other.start()
    burn(0.3)
    other.join()
    taken = meter.read() - before
    assert taken.own_j is not None
    assert 0 < taken.own_j < 0.8 * (taken.joules or 0.0)


def test_idling_is_measured_over_a_while():
    now = itertools.count(start=0.0, step=5.0)
    idle = measure_idle(
        ScriptedMeter([100.0, 150.0]), 5.0, sleep=lambda _: None, clock=now.__next__
    )
    assert (idle.watts, idle.method, idle.seconds) == (10.0, "counter", 5.0)


def test_idling_of_processor_and_memory_is_told_apart_from_a_gpus():
    class Both:
        readings = iter((Energy(), Energy(cpu_j=150.0, dram_j=50.0, gpu_j=600.0)))

        def read(self) -> Energy:
            zero = Energy(cpu_j=0.0, dram_j=0.0, gpu_j=0.0, method="counter")
            return zero + next(self.readings)

    now = itertools.count(start=0.0, step=10.0)
    idle = measure_idle(Both(), 10.0, sleep=lambda _: None, clock=now.__next__)
    assert (idle.watts, idle.processor_watts) == (80.0, 20.0)


class BesideGpu:
    """A processor at 50 W and a GPU at 60 W, for 10 s, in which only this process runs."""

    def __init__(self) -> None:
        self.reads = -1

    def read(self) -> Energy:
        self.reads += 1
        seconds = self.seconds()
        return Energy(cpu_j=50.0 * seconds, gpu_j=60.0 * seconds, method="counter")

    def seconds(self) -> float:
        return 10.0 * max(self.reads, 0)

    def meter(self, **watts: float) -> Attributed:
        return Attributed(
            self,
            own_seconds=self.seconds,
            busy_seconds=self.seconds,
            clock=self.seconds,
            **watts,
        )


def test_only_the_idling_of_processor_and_memory_is_taken_from_their_joules():
    reading = BesideGpu().meter(idle_watts=80.0, processor_idle_watts=20.0).read()
    assert reading.own_j == pytest.approx(300.0)
    assert reading.idle_j == 800.0


def test_beside_a_gpu_a_baseline_of_the_whole_leaves_the_share_unknown():
    reading = BesideGpu().meter(idle_watts=80.0).read()
    assert reading.own_j is None
    assert (reading.idle_j, reading.net_j) == (800.0, 300.0)


def test_a_machine_without_counters_has_no_baseline():
    idle = measure_idle(NoMeter(), 0.01)
    assert idle.watts is idle.processor_watts is None


def test_memory_moves_more_than_a_hundred_megabytes_a_second():
    assert 1e8 < measure_bandwidth(rounds=1, size_bytes=16 * 1024 * 1024) < 1e13


class Counting:
    def __init__(self) -> None:
        self.reads, self.broken = 0, False
        self.threads: set[str] = set()

    def read(self) -> Energy:
        self.threads.add(threading.current_thread().name)
        self.reads += 1
        if self.broken:
            raise OSError("the counter burnt")
        return Energy(cpu_j=float(self.reads), method="counter")


def test_a_thread_of_its_own_reads_in_the_background_until_it_is_closed():
    meter = Counting()
    with Sampled(meter, seconds=0.01):
        deadline = time.monotonic() + 5
        while meter.reads < 5 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert "flyball-meter" in meter.threads
    reads = meter.reads
    time.sleep(0.05)
    assert meter.reads == reads >= 5


def test_a_failing_counter_ends_neither_the_thread_nor_the_run():
    meter = Counting()
    with Sampled(meter, seconds=0.01) as sampled:
        before = sampled.read()
        meter.broken = True
        time.sleep(0.05)
        taken = sampled.read() - before
        assert taken.joules is None
        assert "the counter burnt" in taken.unknown[0]
        assert any(thread.name == "flyball-meter" for thread in threading.enumerate())


def test_the_thread_ends_with_the_last_use_of_its_meter():
    before = threading.active_count()
    sampled = Sampled(Counting(), seconds=0.01)
    assert threading.active_count() == before + 1
    thread = sampled._thread
    del sampled
    thread.join(timeout=5)
    assert not thread.is_alive()


@pytest.mark.parametrize("share", [(5.0, 1.0), (-1.0, 1.0), (1.0, 0.0)])
def test_a_share_is_between_nothing_and_all(share):
    own, busy = share
    meter = Script((0.0, 0.0, 0.0, 0.0), (10.0, 1.0, own, busy)).meter(0.0)
    assert 0.0 <= (meter.read().own_j or 0.0) <= 10.0
