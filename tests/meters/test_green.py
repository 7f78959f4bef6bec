"""Worked by hand from the published formula (doi:10.1002/advs.202100707, equations 1 to 3)."""

import pytest

from flyball.meters import grams_co2e, green_joules

HOUR = 3600


def test_twelve_hours_on_twelve_cores_of_a_server():
    # t = 12 h, 12 cores x 12 W x usage 1, 64 GB x 0.3725 W = 23.84 W, PUE 1.67:
    # 12 h x (144 W + 23.84 W) x 1.67 = 12 x 167.84 x 1.67 = 3363.5136 Wh
    # = 3.3635136 kWh; x 475 g = 1597.66896 g.
    joules = green_joules(
        core_seconds=12 * HOUR * 12 * 1.0,
        watts_per_core=12.0,
        gb_seconds=12 * HOUR * 64,
        pue=1.67,
    )
    assert joules / 3_600_000 == pytest.approx(3.3635136)
    assert grams_co2e(joules, 475) == pytest.approx(1597.66896)


def test_half_an_hour_on_a_laptop_that_is_half_used():
    # t = 0.5 h, 4 cores x 3.75 W x usage 0.5 = 7.5 W, 16 GB x 0.3725 W = 5.96 W, at home PUE 1:
    # 0.5 h x 13.46 W = 6.73 Wh = 24 228 J; x 51 g = 0.00673 x 51 = 0.34323 g.
    joules = green_joules(
        core_seconds=0.5 * HOUR * 4 * 0.5, watts_per_core=3.75, gb_seconds=0.5 * HOUR * 16
    )
    assert joules == pytest.approx(24_228)
    assert grams_co2e(joules, 51) == pytest.approx(0.34323)


def test_work_that_is_done_a_hundred_times_for_one_result():
    # t = 2 h, 1 core x 10 W x 1, 8 GB x 0.3725 W = 2.98 W, PUE 1.2, PSF 100:
    # 2 h x 12.98 W x 1.2 x 100 = 3115.2 Wh = 11 214 720 J.
    joules = green_joules(
        core_seconds=2 * HOUR, watts_per_core=10.0, gb_seconds=2 * HOUR * 8, pue=1.2, psf=100
    )
    assert joules == pytest.approx(11_214_720)
