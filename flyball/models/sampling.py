"""What a row of logits says: the likely tokens, their log-probabilities, the entropy."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Logits = npt.NDArray[np.float32]
"""One unnormalised score for each token of the vocabulary; shape (vocabulary,)."""
Tokens = npt.NDArray[np.intp]

TOP = 20
"""How many tokens the entropy looks at; also what OpenAI's servers give at most."""
ROOM = 1 << 16
"""How many scores wait to be worked out together; as much as a processor's cache holds."""


class Tally:
    """Log-probabilities and entropies of chosen tokens, worked out many rows at a time.

    A row at a time costs a small model a tenth of its speed, all of it in calls.
    """

    def __init__(self, vocabulary_size: int, k: int = TOP) -> None:
        """`k` is how many tokens the entropies look at."""
        self._k = min(k, vocabulary_size)
        self._rows = np.empty((max(1, ROOM // vocabulary_size), vocabulary_size), np.float32)
        self._waiting: list[int] = []
        self._logprobs: list[float] = []
        self._entropies: list[float] = []

    def __len__(self) -> int:
        return len(self._logprobs) + len(self._waiting)

    def add(self, logits: Logits, token: int) -> None:
        """Note that `token` was chosen where the scores were `logits`."""
        self._rows[len(self._waiting)] = logits
        self._waiting.append(token)
        if len(self._waiting) == len(self._rows):
            self._settle()

    def logprobs(self) -> tuple[float, ...]:
        """Natural log-probability of each token, in order; NaN where the scores are none."""
        self._settle()
        return tuple(self._logprobs)

    def entropies(self) -> tuple[float, ...]:
        """Entropy in nats of the renormalised top k at each token, in order."""
        self._settle()
        return tuple(self._entropies)

    def _settle(self) -> None:
        count = len(self._waiting)
        if count == 0:
            return
        rows = self._rows[:count]
        picked = rows[np.arange(count), self._waiting].astype(np.float64)
        top = _highest(rows, self._k).astype(np.float64)
        high = rows.max(axis=1, keepdims=True)
        np.subtract(rows, high, out=rows)
        np.exp(rows, out=rows)
        normalisers = high[:, 0] + np.log(rows.sum(axis=1).astype(np.float64))
        self._logprobs += np.minimum(picked - normalisers, 0.0).tolist()
        self._entropies += _entropies(top - high).tolist()
        self._waiting.clear()


def _entropies(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Entropy in nats of each row's softmax; shape (rows, k) to (rows,)."""
    weights = np.exp(scores)
    totals = weights.sum(axis=1)
    values: npt.NDArray[np.float64] = np.log(totals) - (weights * scores).sum(axis=1) / totals
    return np.maximum(values, 0.0)


def _highest(rows: Logits, k: int) -> Logits:
    """The `k` highest logits of each row, in no order.

    Each row is laid out as a sheet. The k highest can only stand in the k columns with the
    highest maxima, which leaves a hundredth of a large vocabulary to be looked through.
    """
    count, size = rows.shape
    height = 1 << round(math.log2(max(size / k, 1)) / 2)
    width = size // height
    if width <= k:
        return np.partition(rows, -k, axis=1)[:, -k:]
    sheets = rows[:, : height * width].reshape(count, height, width)
    columns = np.argpartition(sheets.max(axis=1), -k, axis=1)[:, None, -k:]
    found = np.take_along_axis(sheets, columns, axis=2).reshape(count, -1)
    left = rows[:, height * width :]
    return np.partition(np.concatenate([found, left], axis=1), -k, axis=1)[:, -k:]


def likeliest(logits: Logits, k: int) -> Tokens:
    """The `k` tokens with the highest logits, highest first."""
    best = np.argpartition(logits, -k)[-k:]
    ordered: Tokens = best[np.argsort(-logits[best], kind="stable")]
    return ordered


def draw(logits: Logits, temperature: float, random: np.random.Generator) -> int:
    """Draw a token from the softmax of `logits` over `temperature` (which is above 0).

    Where a logit is -inf, the token is never drawn.
    """
    weights = np.exp((logits - logits.max()) / temperature, dtype=np.float64)
    heights = np.cumsum(weights)
    return int(np.searchsorted(heights, random.random() * heights[-1], side="right"))
