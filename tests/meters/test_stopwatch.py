from decimal import Decimal

import pytest

from flyball import Energy, Usage
from flyball.meters import NoMeter, Stopwatch, electricity_usd
from flyball.testing import ScriptedMeter

LOCAL = Usage(requests=2, local_requests=2, output_tokens=10)
TARIFF = Decimal("0.30")


def test_a_stopwatch_takes_the_difference():
    with Stopwatch(ScriptedMeter([10.0, 17.5])) as watch:
        pass
    assert watch.spend().energy == Energy(gpu_j=7.5, method="counter")
    assert watch.spend().seconds > 0


def test_a_kilowatt_hour_costs_the_tariff():
    assert electricity_usd(3_600_000.0, usd_per_kwh=TARIFF) == TARIFF


def test_a_millijoule_still_has_a_price():
    assert electricity_usd(0.001, usd_per_kwh=TARIFF) == Decimal("0.000000000083")


def test_what_a_local_model_costs_is_its_electricity():
    with Stopwatch(ScriptedMeter([0.0, 7200.0]), usd_per_kwh=TARIFF) as watch:
        pass
    usage = watch.spend(LOCAL).usage
    assert usage.cost_usd == Decimal("0.0006")
    assert usage.unpriced_requests == 0


def test_electricity_comes_on_top_of_a_remote_price():
    remote = Usage(requests=1, cost_usd=Decimal("0.01"))
    with Stopwatch(ScriptedMeter([0.0, 3600.0]), usd_per_kwh=TARIFF) as watch:
        pass
    assert watch.spend(remote).usage.cost_usd == Decimal("0.0103")


@pytest.mark.parametrize(
    ("meter", "tariff"), [(ScriptedMeter([0.0, 1.0]), None), (NoMeter(), TARIFF)]
)
def test_without_tariff_or_energy_local_requests_are_unpriced_not_free(meter, tariff):
    with Stopwatch(meter, usd_per_kwh=tariff) as watch:
        pass
    assert watch.spend(LOCAL).usage.unpriced_requests == 2
    assert watch.spend(Usage(requests=1)).usage.unpriced_requests == 0
