"""Quick draws come to what plain ones do."""

import random
from itertools import chain
from math import comb
from statistics import median

import pytest

from flyball.bench.drawing import Draws, at_least, median_interval, ratio_interval
from flyball.bench.intervals import bootstrap


def amounts(count, seed=0):
    draw = random.Random(seed)
    return [draw.lognormvariate(1, 0.7) for _ in range(count)]


def over(drawn):
    return sum(above for above, _ in drawn) / sum(below for _, below in drawn)


@pytest.mark.parametrize("count", [2, 3, 40, 255, 256, 257, 1000])
def test_each_unit_is_drawn_as_often_as_any_other(count):
    draws = Draws(count)
    totals = [sum(column) for column in (draws.sums([at == unit for at in range(count)])
                                         for unit in (0, count - 1))]  # fmt: skip
    expected = draws.resamples
    assert totals == pytest.approx([expected] * 2, abs=6 * expected**0.5)
    assert draws.sums([1] * count) == [count] * draws.resamples


@pytest.mark.parametrize("count", [5, 60, 400])
def test_a_ratio_lies_between_what_plain_draws_say(count):
    parts = [(joules, 1 + at % 2) for at, joules in enumerate(amounts(count))]
    assert ratio_interval(parts) == pytest.approx(bootstrap(parts, over), rel=0.04)


def test_joules_of_all_sizes_are_drawn_exactly_and_below_zero_too():
    assert ratio_interval([(3.5e9, 2)] * 4) == pytest.approx((1.75e9, 1.75e9))
    assert ratio_interval([(2e-9, 1)] * 4) == pytest.approx((2e-9, 2e-9))
    assert ratio_interval([(-1.25, 1)] * 4) == pytest.approx((-1.25, -1.25))
    assert ratio_interval([(0.0, 1)] * 4) == (0.0, 0.0)


def test_a_ratio_that_some_draws_cannot_form_has_no_interval():
    assert ratio_interval([(1.0, 1), (2.0, 0), (1.0, 0)]) is None
    assert ratio_interval([(1.0, 1)]) is None


@pytest.mark.parametrize("count", [3, 51, 301])
def test_the_median_of_single_figures_lies_between_what_plain_draws_say(count):
    groups = [[each] for each in amounts(count)]
    plain = bootstrap(groups, lambda drawn: median(chain.from_iterable(drawn)))
    ranks = sorted(each for [each] in groups)
    # A thousand plain draws end within a rank or two of where endless ones do.
    for mine, theirs in zip(median_interval(groups), plain, strict=True):
        assert abs(ranks.index(mine) - ranks.index(theirs)) <= 2


def test_the_median_of_grouped_figures_lies_between_what_plain_draws_say():
    draw = amounts(300)
    groups = [[level + each for each in draw[at : at + 5]]
              for at, level in zip(range(0, 300, 5), amounts(60, 2), strict=True)]  # fmt: skip
    plain = bootstrap(groups, lambda drawn: median(chain.from_iterable(drawn)))
    assert median_interval(groups) == pytest.approx(plain, rel=0.03)


def test_chances_are_those_of_the_binomial_formula():
    for least in range(8):
        for chance in (0.1, 0.5, 0.9):
            terms = [comb(7, n) * chance**n * (1 - chance) ** (7 - n) for n in range(least, 8)]
            assert at_least(least, trials=7, chance=chance) == pytest.approx(sum(terms))
    assert at_least(3, trials=3, chance=1.0) == 1.0
