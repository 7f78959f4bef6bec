"""Keeps an answer to the lines that were offered: which tokens of a model may come next.

A GBNF grammar could say the same, but llama.cpp would walk a whole vocabulary through it at each
token, which takes longer than a small model's decision. Here only what the lines and the
vocabulary have in common is looked at.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from flyball.models.sampling import Logits, Tokens
from flyball.records import Lines

NEWLINE, QUOTE = b"\n", b'"'
AFTER = b"\xff"
"""Sorts behind every byte of UTF-8."""


class Vocabulary:
    """A model's tokens by the bytes that they write."""

    def __init__(self, pieces: Sequence[bytes], ends: Iterable[int]) -> None:
        """`pieces` are the bytes of each token, none for a control token; `ends` end an answer."""
        self.pieces = pieces
        spelt = defaultdict[bytes, list[int]](list)
        for token, piece in enumerate(pieces):
            if piece and NEWLINE not in piece:
                spelt[piece].append(token)
        self._spelt = dict(spelt)
        self._sorted = sorted(spelt)
        self._beginnings = {piece[:size] for piece in spelt for size in range(1, len(piece) + 1)}
        self.text = np.array([token for tokens in spelt.values() for token in tokens], np.intp)
        """What may stand within a line."""
        newlines = (token for token, piece in enumerate(pieces) if piece.startswith(NEWLINE))
        self.ends = np.array([*ends, *newlines], np.intp)
        """What ends a line."""

    def spelling(self, piece: bytes) -> Sequence[int]:
        """The tokens that write just `piece`."""
        return self._spelt.get(piece, ())

    def begins(self, piece: bytes) -> bool:
        """Whether a token writes `piece`, or more that begins with it."""
        return piece in self._beginnings

    def beyond(self, piece: bytes) -> Iterator[int]:
        """The tokens that write `piece` and more."""
        first = bisect_left(self._sorted, piece)
        for longer in self._sorted[first : bisect_left(self._sorted, piece + AFTER)]:
            if longer != piece:
                yield from self._spelt[longer]


class LineChoice:
    """A place in the lines that are offered: knows which tokens may come next."""

    def __init__(self, lines: Lines, vocabulary: Vocabulary) -> None:
        self._whole = frozenset(line.encode() for line in lines.whole)
        self._begun = frozenset(line.encode() for line in lines.begun)
        self._lines = sorted(self._whole | self._begun)
        self._vocabulary = vocabulary
        self._written = b""
        self._free = 0
        """Where the free text begins; 0 while it has not."""

    def allowed(self) -> Tokens:
        """The tokens that may come next."""
        words = self._vocabulary
        if self._free:
            closed = len(self._written) > self._free and self._written.endswith(QUOTE)
            return np.concatenate([words.text, words.ends]) if closed else words.text
        tokens = list(self._tokens(b"", 0, len(self._lines)))
        inside = np.array(tokens, np.intp)
        return np.concatenate([inside, words.ends]) if self._written in self._whole else inside

    def ends(self, token: int) -> bool:
        """Whether `token` ends the line, as a new line does."""
        return token in self._vocabulary.ends

    def accept(self, token: int) -> None:
        """Go on by `token`, which must be allowed."""
        before = len(self._written)
        self._written += self._vocabulary.pieces[token]
        for size in range(before + 1, len(self._written) + 1):
            if not self._free and self._written[:size] in self._begun:
                self._free = size

    def _tokens(self, piece: bytes, first: int, last: int) -> Iterator[int]:
        """Give the tokens that go on by `piece` and more, along the lines from first to last."""
        so_far = self._written + piece
        first = bisect_left(self._lines, so_far, first, last)
        last = bisect_left(self._lines, so_far + AFTER, first, last)
        if first == last or not (piece == b"" or self._vocabulary.begins(piece)):
            return
        yield from self._vocabulary.spelling(piece)
        if so_far in self._begun:
            yield from self._vocabulary.beyond(piece)
            return
        while first < last:
            if (line := self._lines[first]) == so_far:
                first += 1
                continue
            following = line[len(so_far) : len(so_far) + 1]
            end = bisect_left(self._lines, so_far + following + AFTER, first, last)
            yield from self._tokens(piece + following, first, end)
            first = end


def log_share(logits: Logits, allowed: Tokens) -> float:
    """Log of the probability, under the softmax of `logits`, of the tokens that are `allowed`."""
    high = float(logits.max())
    weights = np.exp(logits - high, dtype=np.float64)
    share = float(weights[allowed].sum() / weights.sum())
    return float(np.log(min(share, 1.0))) if share > 0 else -np.inf
