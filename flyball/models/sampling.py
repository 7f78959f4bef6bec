"""What a row of logits says: the likely tokens, their log-probabilities, the entropy."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Logits = npt.NDArray[np.float32]
"""One unnormalised score for each token of the vocabulary; shape (vocabulary,)."""
Tokens = npt.NDArray[np.intp]

TOP = 20
"""How many tokens the entropy looks at; also what OpenAI's servers give at most."""
BLOCK = 256


class Reading(NamedTuple):
    """A row of logits, read once."""

    top: Tokens
    """The likeliest tokens, likeliest first."""
    normaliser: float
    """Log of the sum of the exponentiated logits: a logit less this is a log-probability."""
    entropy: float
    """Entropy in nats of the renormalised `top`."""


def read(logits: Logits, k: int = TOP) -> Reading:
    """Look through `logits` for the `k` likeliest tokens, the normaliser and the entropy."""
    top = likeliest(logits, k)
    high = logits[top[0]]
    normaliser = float(high) + math.log(float(np.exp(logits - high).sum()))
    scores = (logits[top] - high).astype(np.float64)
    weights = np.exp(scores)
    total = float(weights.sum())
    entropy = math.log(total) - float(weights @ scores) / total
    return Reading(top, normaliser, max(entropy, 0.0))


def likeliest(logits: Logits, k: int) -> Tokens:
    """The `k` tokens with the highest logits, highest first.

    A large vocabulary is searched by blocks: the k best tokens can only lie in the k
    blocks with the best maxima, which leaves a few thousand of 150,000 to be sorted.
    """
    among: Tokens = np.arange(len(logits)) if len(logits) <= k * BLOCK else _blocks(logits, k)
    scores = logits[among]
    if k < len(among):
        best = np.argpartition(scores, -k)[-k:]
        among, scores = among[best], scores[best]
    order: Tokens = among[np.argsort(-scores, kind="stable")]
    return order


def _blocks(logits: Logits, k: int) -> Tokens:
    whole = len(logits) // BLOCK * BLOCK
    peaks = logits[:whole].reshape(-1, BLOCK).max(axis=1)
    best = np.argpartition(peaks, -k)[-k:] if k < len(peaks) else np.arange(len(peaks))
    inside = (best[:, None] * BLOCK + np.arange(BLOCK)).ravel()
    return np.concatenate([inside, np.arange(whole, len(logits))])


def draw(logits: Logits, temperature: float, random: np.random.Generator) -> int:
    """Draw a token from the softmax of `logits` over `temperature` (which is above 0).

    Where a logit is -inf, the token is never drawn.
    """
    weights = np.exp((logits - logits.max()) / temperature, dtype=np.float64)
    heights = np.cumsum(weights)
    return int(np.searchsorted(heights, random.random() * heights[-1], side="right"))
