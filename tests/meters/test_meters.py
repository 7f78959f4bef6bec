import pytest

from flyball import Energy
from flyball.meters import NoMeter, RaplMeter, Stopwatch
from flyball.testing import ScriptedMeter


@pytest.fixture
def counter(tmp_path):
    zone = tmp_path / "intel-rapl:0"
    zone.mkdir()
    (zone / "max_energy_range_uj").write_text("10000000\n")
    energy = zone / "energy_uj"
    energy.write_text("9000000\n")
    return energy


def test_rapl_counts_past_the_end_of_the_counter(counter, tmp_path):
    meter = RaplMeter(tmp_path)
    counter.write_text("1000000\n")
    assert meter.read() == Energy(cpu_j=2.0)


def test_no_zones_means_unknown_not_zero(tmp_path):
    assert RaplMeter(tmp_path).read() == NoMeter().read() == Energy()
    assert Energy().joules is None


def test_a_stopwatch_takes_the_difference():
    with Stopwatch(ScriptedMeter([10.0, 17.5])) as watch:
        pass
    assert watch.spend().energy == Energy(gpu_j=7.5)
    assert watch.spend().seconds > 0


def test_estimates_are_kept_apart_from_readings():
    total = Energy(gpu_j=3.0) + Energy(estimated_j=4.0)
    assert (total.gpu_j, total.estimated_j, total.joules) == (3.0, 4.0, 3.0)
    assert total.joules_method == "counter"
    assert Energy(estimated_j=4.0).joules_method == "estimated"
