import math

import numpy as np
import pytest

from flyball.models.sampling import draw, likeliest, read

SIZES = [5, 1024, 5121, 32_000, 152_064]


def row(size: int) -> np.ndarray:
    return (np.random.default_rng(size).normal(size=size) * 4).astype(np.float32)


@pytest.mark.parametrize("size", SIZES)
def test_the_likeliest_tokens_come_in_order(size):
    logits = row(size)
    assert likeliest(logits, 20).tolist() == np.argsort(-logits)[:20].tolist()


@pytest.mark.parametrize("size", SIZES)
def test_log_probabilities_sum_to_one_over_the_vocabulary(size):
    logits = row(size)
    logprobs = logits.astype(np.float64) - read(logits).normaliser
    assert math.isclose(np.exp(logprobs).sum(), 1.0, rel_tol=1e-5)


def test_an_even_choice_among_k_has_the_entropy_of_k():
    logits = np.full(100, -30.0, dtype=np.float32)
    logits[10:14] = 7.0
    assert math.isclose(read(logits, k=4).entropy, math.log(4), rel_tol=1e-6)


def test_a_sure_choice_has_no_entropy():
    logits = np.full(100, -100.0, dtype=np.float32)
    logits[42] = 100.0
    reading = read(logits)
    assert reading.top[0] == 42
    assert math.isclose(reading.entropy, 0.0, abs_tol=1e-12)


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
