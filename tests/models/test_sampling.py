import math

import numpy as np
import pytest

from flyball.models.sampling import Tally, draw, likeliest

SIZES = [5, 1024, 5121, 32_000, 152_064]


def row(size: int) -> np.ndarray:
    return (np.random.default_rng(size).normal(size=size) * 4).astype(np.float32)


@pytest.mark.parametrize("size", SIZES)
def test_the_likeliest_tokens_come_in_order(size):
    logits = row(size)
    assert likeliest(logits, 5).tolist() == np.argsort(-logits)[:5].tolist()


@pytest.mark.parametrize("size", SIZES)
def test_log_probabilities_and_entropies_are_those_of_the_definition(size):
    tally = Tally(size)
    rows = [row(size), row(size) * 2, np.roll(row(size), 3)]
    for logits, token in zip(rows, (0, 3, size - 1), strict=True):
        tally.add(logits, token)
    exact = np.stack(rows).astype(np.float64)
    exact -= np.logaddexp.reduce(exact, axis=1)[:, None]
    top = np.sort(np.exp(exact), axis=1)[:, -20:]
    top /= top.sum(axis=1, keepdims=True)
    assert tally.logprobs() == pytest.approx(exact[[0, 1, 2], [0, 3, size - 1]], abs=1e-5)
    assert tally.entropies() == pytest.approx(-(top * np.log(top)).sum(axis=1), abs=1e-5)


def test_more_tokens_than_are_worked_out_at_a_time_keep_their_order():
    tally = Tally(1024)
    rows = np.random.default_rng(0).normal(size=(150, 1024)).astype(np.float32)
    for index, logits in enumerate(rows):
        tally.add(logits, index)
    exact = rows - np.logaddexp.reduce(rows, axis=1)[:, None]
    assert len(tally) == 150
    assert tally.logprobs() == pytest.approx(exact[np.arange(150), np.arange(150)], abs=1e-4)
    assert len(tally.entropies()) == 150


def test_an_even_choice_among_four_has_the_entropy_of_four_and_a_sure_one_has_none():
    even = np.full(100, -300.0, dtype=np.float32)
    even[10:14] = 7.0
    sure = np.full(100, -300.0, dtype=np.float32)
    sure[42] = 7.0
    tally = Tally(100)
    tally.add(even, 10)
    tally.add(sure, 42)
    assert tally.entropies() == pytest.approx((math.log(4), 0.0), abs=1e-6)
    assert tally.logprobs() == pytest.approx((-math.log(4), 0.0), abs=1e-6)


def test_nothing_written_has_no_log_probabilities():
    tally = Tally(32_000)
    assert (len(tally), tally.logprobs(), tally.entropies()) == (0, (), ())


def test_draws_follow_the_probabilities():
    logits = np.log(np.array([0.1, 0.6, 0.3], dtype=np.float32))
    random = np.random.default_rng(0)
    drawn = np.bincount([draw(logits, 1.0, random) for _ in range(4000)], minlength=3) / 4000
    assert np.allclose(drawn, [0.1, 0.6, 0.3], atol=0.03)


def test_a_low_temperature_draws_the_likeliest():
    logits = np.array([0.0, 1.0, 0.5], dtype=np.float32)
    assert {draw(logits, 0.01, np.random.default_rng(seed)) for seed in range(50)} == {1}


def test_a_masked_token_is_never_drawn():
    logits = np.array([-np.inf, 0.0, -np.inf, 0.0, -np.inf], dtype=np.float32)
    drawn = {draw(logits, 2.0, np.random.default_rng(seed)) for seed in range(200)}
    assert drawn == {1, 3}
