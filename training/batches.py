"""From examples to padded batches of tokens, with the tokens that count marked."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.drills import Words, form, lookups
from training.examples import Example
from training.tokenizer import BOS, EOS, PAD

MULTIPLE = 16
"""Lengths are rounded up to it, so that few shapes occur: the CPU kernels are kept by shape."""


class Batch(NamedTuple):
    inputs: Tensor
    """Tokens (batch, length)."""
    targets: Tensor
    """The next tokens (batch, length)."""
    answers: Tensor
    """Where a target belongs to an answer (batch, length)."""


class Encoded(NamedTuple):
    tokens: list[int]
    answers: list[int]
    """Positions of the tokens of answers."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Draws the examples of a round: demonstrations, lookups and forms."""

    demonstrations: Sequence[Example]
    words: Words
    tokenizer: Tokenizer
    seed: int = 0
    size: int = 1024
    """Examples that are drawn and sorted by length together; a checkpoint follows a round."""

    def round(self, number: int, *, drills: float, tokens: int) -> Iterator[Batch]:
        """Give the batches of round `number`; the same number gives the same batches.

        `drills` is the share of made-up examples, `tokens` the size of a batch.
        """
        rng = random.Random(f"{self.seed}-{number}")
        made = int(self.size * drills)
        chosen = rng.sample(range(len(self.demonstrations)), k=self.size - made)
        picked = [varied(self.demonstrations[i], rng, self.words) for i in chosen]
        sequences = [self.encode([each]) for each in picked]
        sequences += [self.encode([form(rng, self.words)]) for _ in range(made // 2)]
        sequences += [self.encode(lookups(rng, self.words)) for _ in range(made // 4)]
        batches = [padded(group) for group in _groups(sequences, tokens)]
        rng.shuffle(batches)
        yield from batches

    def encode(self, examples: Sequence[Example]) -> Encoded:
        """Put examples of one page behind each other; the later ones do not repeat the page."""
        tokens, answers = [BOS], list[int]()
        for index, example in enumerate(examples):
            text = example.prompt if index == 0 else f"{example.goal}\nlast \n>"
            tokens += self.tokenizer.encode(text).ids
            begin = len(tokens)
            tokens += [*self.tokenizer.encode(example.answer).ids, EOS]
            answers += range(begin, len(tokens))
        return Encoded(tokens, answers)


def varied(example: Example, rng: random.Random, words: Words) -> Example:
    """Put other strings in place of what the goal quotes, in a share of the examples."""
    if rng.random() > 0.4 or example.task.startswith(("click-dialog", "click-tab-2")):
        return example
    goal, lines, answer = example.goal, list(example.lines), example.answer
    told = list(example.told)
    for old in set(re.findall(r'"([^"]{2,})"', goal)):
        new = words.one(rng)
        goal, answer = goal.replace(f'"{old}"', f'"{new}"'), answer.replace(f'"{old}"', f'"{new}"')
        dots, fresh = f'"{"•" * len(old)}"', f'"{"•" * len(new)}"'
        lines = [x.replace(f'"{old}"', f'"{new}"').replace(dots, fresh) for x in lines]
        told = [x.replace(f'"{old}"', f'"{new}"') for x in told]
    return replace(example, goal=goal, lines=tuple(lines), told=tuple(told), answer=answer)


def padded(sequences: Sequence[Encoded]) -> Batch:
    length = _rounded(max(len(each.tokens) for each in sequences)) + 1
    tokens = torch.full((len(sequences), length), PAD)
    answers = torch.zeros(len(sequences), length - 1, dtype=torch.bool)
    for row, each in enumerate(sequences):
        tokens[row, : len(each.tokens)] = torch.tensor(each.tokens)
        answers[row, [position - 1 for position in each.answers]] = True
    return Batch(tokens[:, :-1], tokens[:, 1:], answers)


def _groups(sequences: Sequence[Encoded], tokens: int) -> Iterator[list[Encoded]]:
    group, length = list[Encoded](), 0
    for each in sorted(sequences, key=lambda each: len(each.tokens)):
        needed = _rounded(len(each.tokens))
        if group and (needed != length or needed * (len(group) + 1) > tokens):
            yield group
            group = []
        group.append(each)
        length = needed
    if group:
        yield group


def _rounded(length: int) -> int:
    return -(-length // MULTIPLE) * MULTIPLE
