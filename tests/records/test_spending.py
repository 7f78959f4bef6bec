import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball import Energy, Spend, Usage


def test_unknown_is_not_zero():
    assert Energy().joules is None
    assert Energy().joules_method is None
    assert (Energy() + Energy()).joules is None


def test_a_known_part_stays_known_when_an_unknown_one_is_added():
    assert (Energy(cpu_j=2.0) + Energy()).cpu_j == 2.0
    assert (Energy() + Energy(cpu_j=2.0)).cpu_j == 2.0


def test_a_difference_needs_both_readings():
    assert (Energy(cpu_j=2.0) - Energy()).cpu_j is None
    assert (Energy() - Energy(cpu_j=2.0)).cpu_j is None
    assert (Energy(cpu_j=2.0) - Energy(cpu_j=0.5)).cpu_j == 1.5


def test_the_parts_that_were_read_are_added_up():
    assert Energy(cpu_j=1.0, dram_j=0.25, gpu_j=4.0).joules == 5.25


def test_an_estimate_is_never_added_to_a_reading():
    total = Energy(gpu_j=3.0, method="counter") + Energy(estimated_j=4.0)
    assert (total.joules, total.estimated_j, total.joules_method) == (3.0, 4.0, "counter")


def test_an_estimate_alone_is_the_best_figure_there_is():
    total = Energy(estimated_j=3.0) + Energy(estimated_j=4.0)
    assert (total.joules, total.joules_method) == (7.0, "estimated")


@pytest.mark.parametrize(
    ("one", "other", "least_sure"),
    [
        ("counter", "counter", "counter"),
        ("counter", "integrated", "integrated"),
        ("modelled", "integrated", "modelled"),
        ("counter", None, "counter"),
    ],
)
def test_a_sum_is_as_sure_as_its_least_sure_part(one, other, least_sure):
    a, b = Energy(cpu_j=1.0, method=one), Energy(gpu_j=1.0, method=other)
    assert (a + b).joules_method == (b + a).joules_method == least_sure
    assert (a - b).method == least_sure


def test_usage_adds_up_field_by_field():
    one = Usage(
        requests=1,
        local_requests=2,
        input_tokens=3,
        cached_tokens=4,
        output_tokens=5,
        reasoning_tokens=2,
        cost_usd=Decimal("0.1"),
        unpriced_requests=6,
    )
    assert one + one == Usage(
        requests=2,
        local_requests=4,
        input_tokens=6,
        cached_tokens=8,
        output_tokens=10,
        reasoning_tokens=4,
        cost_usd=Decimal("0.2"),
        unpriced_requests=12,
    )
    assert one + Usage() == one


def test_money_is_exact():
    dime = Usage(cost_usd=Decimal("0.1"))
    assert (dime + dime + dime).cost_usd == Decimal("0.3")


def test_a_spend_adds_up_all_that_it_holds():
    one = Spend(seconds=0.5, usage=Usage(requests=1), energy=Energy(cpu_j=2.0))
    total = one + one
    assert (total.seconds, total.usage.requests, total.energy.cpu_j) == (1.0, 2, 4.0)


def test_a_counter_that_was_lost_makes_the_difference_unknown_and_says_so():
    taken = Energy(gpu_j=5.0, method="counter") - Energy(cpu_j=2.0, gpu_j=1.0, method="counter")
    assert (taken.joules, taken.at_least_j) == (None, 4.0)
    assert taken.unknown == ("cpu_j was not read any more",)


PARTS = ("cpu_j", "dram_j", "gpu_j", "estimated_j", "idle_j", "own_j", "battery_percent")


def some_energy(draw: random.Random) -> Energy:
    known = {part: draw.uniform(0, 1e6) for part in PARTS if draw.random() < 0.6}
    unknown = tuple(reason for reason in ("a", "b") if draw.random() < 0.2)
    return Energy(**known, unknown=unknown)


@pytest.mark.parametrize("seed", range(200))
def test_a_total_is_the_sum_of_its_parts_and_none_is_never_made_zero(seed):
    draw = random.Random(seed)
    energies = [some_energy(draw) for _ in range(draw.randint(1, 8))]
    total = sum(energies, Energy())
    for part in PARTS:
        known = [getattr(each, part) for each in energies if getattr(each, part) is not None]
        whole = getattr(total, part)
        assert (whole is None) == (not known)
        assert whole is None or whole == pytest.approx(sum(known))
    assert set(total.unknown) == {reason for each in energies for reason in each.unknown}
    assert (total.joules is None) == (bool(total.unknown) or total.at_least_j is None)
    assert sum(reversed(energies), Energy()).at_least_j == pytest.approx(total.at_least_j)


TOLD = ("reasoning_tokens", "prefill_seconds", "decode_seconds", "decode_bytes")
known = st.none() | st.integers(0, 10**9)
usages = st.builds(Usage, requests=st.integers(0, 2), **dict.fromkeys(TOLD, known)) | st.builds(
    Usage
)


@given(st.lists(usages, max_size=8))
def test_a_sum_of_usages_is_known_only_where_every_request_tells(several):
    total = sum(several, Usage())
    for part in TOLD:
        told = [getattr(each, part) for each in several]
        silent = any(
            each.requests and value is None for each, value in zip(several, told, strict=True)
        )
        counted = [value for value in told if value is not None]
        assert getattr(total, part) == (None if silent or not counted else sum(counted))
    assert sum(reversed(several), Usage()) == total


@given(st.lists(st.lists(usages, max_size=3), max_size=4))
def test_a_sum_of_sums_is_the_sum_of_all(groups):
    apart = sum((sum(group, Usage()) for group in groups), Usage())
    assert apart == sum((each for group in groups for each in group), Usage())
