"""From examples to padded batches of tokens, with the tokens that count marked."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.drills import Words, form, lookups
from training.examples import Example
from training.tokenizer import BOS, EOS, PAD
from training.wordings import varied

MULTIPLE = 16
"""Lengths are rounded up to it, so that few shapes occur: the CPU kernels are kept by shape."""


PADDING = 0.15
"""An optimizer's step costs the same for any batch, so that fuller ones are worth some padding."""
LEAST_NEED = 0.1
"""A task that is always got right is still drawn this often, beside 1 for a hopeless one."""


class Batch(NamedTuple):
    inputs: Tensor
    """Tokens (batch, length)."""
    targets: Tensor
    """The next tokens (batch, length)."""
    answers: Tensor
    """Where a target belongs to an answer (batch, length)."""
    tasks: tuple[str, ...]
    """What each sequence is of (batch)."""


class Encoded(NamedTuple):
    tokens: list[int]
    answers: list[int]
    """Positions of the tokens of answers."""
    task: str


@dataclass(frozen=True, kw_only=True)
class Source:
    """Draws the examples of a round: demonstrations, lookups and forms."""

    demonstrations: Sequence[Example]
    words: Words
    tokenizer: Tokenizer
    seed: int = 0
    size: int = 1024
    """Examples that are drawn and sorted by length together; a checkpoint follows a round."""

    @cached_property
    def by_task(self) -> Mapping[str, Sequence[Example]]:
        tasks: dict[str, list[Example]] = {}
        for each in self.demonstrations:
            tasks.setdefault(each.task, []).append(each)
        return dict(sorted(tasks.items()))

    def needs(self, errors: Mapping[str, float]) -> dict[str, float]:
        """How often each task is to be drawn: by the wrong steps that an episode of it has.

        `errors` is the share of wrong steps by task; a task that is not in it is new.
        """
        return {
            task: LEAST_NEED + min(1.0, errors.get(task, 1.0) * _steps(examples))
            for task, examples in self.by_task.items()
        }

    def round(
        self, number: int, *, drills: float, tokens: int, errors: Mapping[str, float] | None = None
    ) -> Iterator[Batch]:
        """Give the batches of round `number`; the same arguments give the same batches.

        `drills` is the share of made-up examples, `tokens` the size of a batch, and `errors`
        tells what is still got wrong (see `needs`).
        """
        rng = random.Random(f"{self.seed}-{number}")
        made = int(self.size * drills)
        sequences = [self.encode([each]) for each in self._draw(rng, self.size - made, errors)]
        sequences += [self.encode([form(rng, self.words)]) for _ in range(made // 2)]
        sequences += [self.encode(lookups(rng, self.words)) for _ in range(made // 4)]
        batches = [padded(group) for group in _groups(sequences, tokens)]
        rng.shuffle(batches)
        yield from batches

    def _draw(
        self, rng: random.Random, count: int, errors: Mapping[str, float] | None
    ) -> Iterator[Example]:
        if count:
            needs = self.needs(errors or {})
            for task in rng.choices(list(needs), weights=list(needs.values()), k=count):
                yield varied(rng.choice(self.by_task[task]), rng, self.words)

    def encode(self, examples: Sequence[Example]) -> Encoded:
        """Put examples of one page behind each other; the later ones do not repeat the page."""
        tokens, answers = [BOS], list[int]()
        for index, example in enumerate(examples):
            text = example.prompt if index == 0 else f"{example.goal}\nlast \n>"
            tokens += self.tokenizer.encode(text).ids
            begin = len(tokens)
            tokens += [*self.tokenizer.encode(example.answer).ids, EOS]
            answers += range(begin, len(tokens))
        return Encoded(tokens, answers, examples[0].task)


def _steps(examples: Sequence[Example]) -> float:
    """The mean length of an episode: each ends with one `finish`."""
    return len(examples) / max(1, sum(each.answer.startswith(" finish") for each in examples))


def padded(sequences: Sequence[Encoded]) -> Batch:
    length = _rounded(max(len(each.tokens) for each in sequences)) + 1
    tokens = torch.full((len(sequences), length), PAD)
    answers = torch.zeros(len(sequences), length - 1, dtype=torch.bool)
    for row, each in enumerate(sequences):
        tokens[row, : len(each.tokens)] = torch.tensor(each.tokens)
        answers[row, [position - 1 for position in each.answers]] = True
    tasks = tuple(each.task for each in sequences)
    return Batch(tokens[:, :-1], tokens[:, 1:], answers, tasks)


def _groups(sequences: Sequence[Encoded], tokens: int) -> Iterator[list[Encoded]]:
    """Put sequences of about one length together: at most `PADDING` of a batch is none."""
    group, shortest = list[Encoded](), 0
    for each in sorted(sequences, key=lambda each: len(each.tokens)):
        needed = _rounded(len(each.tokens))
        if group and (needed > shortest * (1 + PADDING) or needed * (len(group) + 1) > tokens):
            yield group
            group = []
        shortest = shortest if group else needed
        group.append(each)
    if group:
        yield group


def _rounded(length: int) -> int:
    return -(-length // MULTIPLE) * MULTIPLE
