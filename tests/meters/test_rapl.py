import os
from pathlib import Path

import pytest

from flyball import Energy
from flyball.meters import NoMeter, RaplMeter
from flyball.testing import check_meter

RANGE_UJ = 10_000_000


def zone(root: Path, directory: str, name: str, *, microjoules: int = 9_000_000) -> Path:
    """Build one powercap zone, and return its counter."""
    path = root / directory
    path.mkdir(parents=True)
    (path / "name").write_text(f"{name}\n")
    (path / "max_energy_range_uj").write_text(f"{RANGE_UJ}\n")
    (path / "energy_uj").write_text(f"{microjoules}\n")
    return path / "energy_uj"


def count(counter: Path, microjoules: int) -> None:
    counter.write_text(f"{microjoules}\n")


def test_rapl_keeps_its_promises(tmp_path):
    zone(tmp_path, "intel-rapl:0", "package-0")
    check_meter(RaplMeter(tmp_path))


def test_rapl_counts_past_the_end_of_the_counter(tmp_path):
    counter = zone(tmp_path, "intel-rapl:0", "package-0")
    meter = RaplMeter(tmp_path)
    count(counter, 1_000_000)
    assert meter.read() == Energy(cpu_j=2.0, method="counter")
    for microjoules, joules in ((8_000_000, 9.0), (0, 11.0)):
        count(counter, microjoules)
        assert meter.read() == Energy(cpu_j=joules, method="counter")


def test_several_sockets_and_their_memory_are_added_up(tmp_path):
    counters = [
        zone(tmp_path, "intel-rapl:0", "package-0"),
        zone(tmp_path, "intel-rapl:0:0", "dram"),
        zone(tmp_path, "intel-rapl:1", "package-1"),
        zone(tmp_path, "intel-rapl:1:0", "dram"),
    ]
    meter = RaplMeter(tmp_path)
    for counter, growth in zip(counters, (100_000, 10_000, 200_000, 20_000), strict=True):
        count(counter, 9_000_000 + growth)
    assert meter.read() == Energy(cpu_j=0.3, dram_j=0.03, method="counter")
    assert meter.source.why == "reads package-0, package-1, dram, dram"


def test_nested_and_mirrored_counters_are_not_counted_twice(tmp_path):
    package = zone(tmp_path, "intel-rapl:0", "package-0")
    inner = [
        zone(tmp_path, "intel-rapl:0:0", "core"),
        zone(tmp_path, "intel-rapl:0:1", "uncore"),
        zone(tmp_path, "intel-rapl-mmio:0", "package-0"),
    ]
    meter = RaplMeter(tmp_path)
    for counter in (package, *inner):
        count(counter, 9_500_000)
    assert meter.read() == Energy(cpu_j=0.5, method="counter")


def test_the_platform_counter_stands_for_all_that_it_contains(tmp_path):
    for directory, name in (("intel-rapl:0", "package-0"), ("intel-rapl:0:0", "dram")):
        zone(tmp_path, directory, name)
    platform = zone(tmp_path, "intel-rapl:1", "psys")
    meter = RaplMeter(tmp_path)
    count(platform, 9_700_000)
    assert meter.read() == Energy(cpu_j=0.7, method="counter")
    assert meter.source.why == "reads psys"


def test_a_platform_counter_that_stands_at_zero_is_passed_over(tmp_path):
    package = zone(tmp_path, "intel-rapl:0", "package-0")
    zone(tmp_path, "intel-rapl:1", "psys", microjoules=0)
    meter = RaplMeter(tmp_path)
    count(package, 9_200_000)
    assert meter.read() == Energy(cpu_j=0.2, method="counter")


def test_no_zones_means_unknown_not_zero(tmp_path):
    meter = RaplMeter(tmp_path)
    assert meter.read() == NoMeter().read() == Energy()
    assert not meter.source.works
    assert str(tmp_path) in meter.source.why


def deny(monkeypatch: pytest.MonkeyPatch, counter: Path) -> None:
    opened = os.open

    def denied(path: object, *args: int, **kwargs: int) -> int:
        if path == counter:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", denied)


def test_a_counter_that_is_denied_in_mid_run_makes_the_rest_unknown(tmp_path, monkeypatch):
    counter = zone(tmp_path, "intel-rapl:0", "package-0")
    meter = RaplMeter(tmp_path)
    deny(monkeypatch, counter)
    assert meter.read().joules is None
    assert meter.read().unknown == (f"rapl: only root may read {counter}",)
    assert "udev" in meter.source.remedy


def test_a_counter_that_only_root_may_read_says_how_to_open_it(tmp_path, monkeypatch):
    # Tests may run as root, who is never denied, so the system's answer is played.
    counter = zone(tmp_path, "intel-rapl:0", "package-0")
    deny(monkeypatch, counter)
    meter = RaplMeter(tmp_path)
    assert meter.read() == Energy()
    assert meter.source.why == f"only root may read {counter}"
    assert "chmod a+r" in meter.source.remedy


@pytest.mark.parametrize("garbage", ["", "many\n", "-5\n", f"{RANGE_UJ * 2}\n"])
def test_a_counter_that_talks_nonsense_makes_the_rest_unknown(tmp_path, garbage):
    counter = zone(tmp_path, "intel-rapl:0", "package-0")
    meter = RaplMeter(tmp_path)
    before = meter.read()
    counter.write_text(garbage)
    assert meter.read().joules is None
    assert (meter.read() - before).joules is None
    assert not meter.source.works
    assert meter.read().unknown == (f"rapl: {meter.source.why}",)


def test_a_counter_that_disappears_makes_the_rest_unknown(tmp_path):
    counter = zone(tmp_path, "intel-rapl:0", "package-0")
    meter = RaplMeter(tmp_path)
    counter.unlink()
    assert meter.read().measured_j is None
    assert meter.source.why == f"cannot read {counter}: No such file or directory"


def test_a_counter_that_goes_backwards_is_no_wrap_and_makes_the_rest_unknown(tmp_path):
    counter = zone(tmp_path, "intel-rapl:0", "package-0", microjoules=5_000_000)
    meter = RaplMeter(tmp_path)
    count(counter, 4_999_999)
    assert meter.read().joules is None
    assert meter.source.why == f"{counter} went backwards, from 5000000 to 4999999"


def test_once_lost_a_counter_stays_unknown_although_it_comes_back(tmp_path):
    counter = zone(tmp_path, "intel-rapl:0", "package-0")
    meter = RaplMeter(tmp_path)
    counter.unlink()
    meter.read()
    count(counter, 9_500_000)
    assert meter.read().joules is None


def test_one_socket_of_two_that_is_lost_leaves_no_half_figure(tmp_path):
    zone(tmp_path, "intel-rapl:0", "package-0")
    second = zone(tmp_path, "intel-rapl:1", "package-1")
    meter = RaplMeter(tmp_path)
    second.unlink()
    assert meter.read().at_least_j is None


def test_amds_zones_have_the_same_names(tmp_path):
    package = zone(tmp_path, "intel-rapl:0", "package-0")
    core = zone(tmp_path, "intel-rapl:0:0", "core")
    meter = RaplMeter(tmp_path)
    for counter in (package, core):
        count(counter, 9_250_000)
    assert meter.read() == Energy(cpu_j=0.25, method="counter")
