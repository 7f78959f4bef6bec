"""From examples to padded batches of tokens, with the tokens that count marked."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.drills import Words, form, lookups
from training.examples import Example
from training.facts import facts
from training.searches import SEARCHES
from training.skills import skills
from training.thoughts import thoughtful
from training.tokenizer import BOS, EOS, PAD
from training.wordings import varied

MULTIPLE = 16
"""Lengths are rounded up to it, so that few shapes occur: the CPU kernels are kept by shape."""


PADDING = 0.15
"""An optimizer's step costs the same for any batch, so that fuller ones are worth some padding."""
LEAST_NEED = 0.1
"""A task that is always got right is still drawn this often, beside `MOST_NEED`."""
MOST_NEED = 1.5
"""How often a task is drawn at most: one with this many wrong steps an episode, or more."""
COMMON = 0.04
"""Answers that make up less of a task than this are of one kind with others like them."""


class Batch(NamedTuple):
    inputs: Tensor
    """Tokens (batch, length)."""
    targets: Tensor
    """The next tokens (batch, length)."""
    answers: Tensor
    """Where a target belongs to an answer (batch, length)."""
    kinds: tuple[str, ...]
    """What kind of step each sequence shows (batch)."""


class Encoded(NamedTuple):
    tokens: list[int]
    answers: list[int]
    """Positions of the tokens of answers."""
    kind: str


@dataclass(frozen=True, kw_only=True)
class Source:
    """Draws the examples of a round: demonstrations, lookups and forms."""

    demonstrations: Sequence[Example]
    words: Words
    tokenizer: Tokenizer
    seed: int = 0
    thinks: bool = False
    """Whether a thought is put before what is done."""
    size: int = 1024
    """Examples that are drawn and sorted by length together; a checkpoint follows a round."""

    @cached_property
    def by_kind(self) -> Mapping[str, Mapping[str, Sequence[Example]]]:
        """The demonstrated steps by task, and by what is done (see `kinds`)."""
        tasks: dict[str, list[Example]] = {}
        for each in self.demonstrations:
            tasks.setdefault(each.task, []).append(each)
        return {task: kinds(examples) for task, examples in sorted(tasks.items())}

    def needs(self, errors: Mapping[str, float]) -> dict[tuple[str, str], float]:
        """How often each kind of step is to be drawn, by (task, kind).

        `errors` is the share of wrong steps by kind; a kind that is not in it is new. A kind's
        need is how many steps of an episode go wrong in it. Whole tasks hide that: where a number
        must be understood in one step of three, most draws would go to the two that are learned.
        """
        found = dict[tuple[str, str], float]()
        for task, by_kind in self.by_kind.items():
            steps = sum(map(len, by_kind.values()))
            episodes = sum(e.answer.startswith(" finish") for k in by_kind.values() for e in k)
            wrong = {k: errors.get(k, 1.0) * len(e) / max(1, episodes) for k, e in by_kind.items()}
            held = min(1.0, MOST_NEED / max(1e-9, sum(wrong.values())))
            for kind, examples in by_kind.items():
                found[task, kind] = LEAST_NEED * len(examples) / steps + held * wrong[kind]
        return found

    def round(
        self,
        number: int,
        *,
        drills: float,
        tokens: int,
        errors: Mapping[str, float] | None = None,
        known: float = 0.0,
    ) -> list[Batch]:
        """Give the batches of round `number`; the same arguments give the same batches.

        `drills` is the share of made-up examples, `tokens` the size of a batch, `errors` tells
        what is still got wrong (see `needs`), and `known` is the share of lines of facts.
        """
        rng = random.Random(f"{self.seed}-{number}")
        made = int(self.size * drills)
        drawn = self._draw(rng, self.size - made, errors)
        sequences = [self.encode(each, kind) for kind, each in drawn]
        sequences += [self.encode(form(rng, self.words)) for _ in range(made // 2)]
        sequences += [self.encode(rng.choice(lookups(rng, self.words))) for _ in range(made // 2)]
        sequences += [self.encode(rng.choice(skills(rng, self.words))) for _ in range(made // 2)]
        if self.thinks:
            sequences += [
                self.encode(rng.choice(SEARCHES)(rng, self.words)) for _ in range(made // 2)
            ]
        lines = int(self.size * known)
        sequences += [self.encode(facts(rng, self.words)) for _ in range(lines)]
        batches = [padded(group) for group in _groups(sequences, tokens)]
        rng.shuffle(batches)
        return batches

    def _draw(
        self, rng: random.Random, count: int, errors: Mapping[str, float] | None
    ) -> Iterator[tuple[str, Example]]:
        if count:
            needs = self.needs(errors or {})
            for task, kind in rng.choices(list(needs), weights=list(needs.values()), k=count):
                yield kind, varied(rng.choice(self.by_kind[task][kind]), rng, self.words)

    def encode(self, example: Example, kind: str = "") -> Encoded:
        example = thoughtful(example) if self.thinks else example
        tokens = [BOS, *self.tokenizer.encode(example.prompt).ids]
        begin = len(tokens)
        tokens += [*self._answer(example), EOS]
        return Encoded(tokens, list(range(begin, len(tokens))), kind or example.task)

    def _answer(self, example: Example) -> list[int]:
        typed = re.search(r'(?<=")[^"]+(?="$)', example.answer) if example.letters else None
        if typed is None:
            return self.tokenizer.encode(example.answer).ids
        parts = [example.answer[: typed.start()], *typed[0], '"']
        return [token for part in parts for token in self.tokenizer.encode(part).ids]


def kinds(examples: Sequence[Example]) -> dict[str, list[Example]]:
    """Sort the steps of one task by what is done.

    That is the whole answer but for the element's number, where it is common; else its tool, role
    and name; else its tool and role.
    """
    ways = [_ways(e) for e in examples]
    often = Counter(way for each in ways for way in set(each))
    found: dict[str, list[Example]] = {}
    for each, (*longer, last) in zip(examples, ways, strict=True):
        way = next((w for w in longer if often[w] >= COMMON * len(examples)), last)
        found.setdefault(f"{each.task}: {way}", []).append(each)
    return dict(sorted(found.items()))


def _ways(example: Example) -> tuple[str, str, str]:
    """Tell what an example does, ever more shortly; first all of it but the number."""
    answer = example.answer.strip()
    number = re.search(r'" (\d+)', answer)
    line = rf'(\w+) ".*" {number[1]}\b' if number else r"(?!)"
    role = next((m[1] for each in example.lines if (m := re.match(line, each))), "")
    tool, _, rest = re.sub(r'(?<=") \d+', "", answer).partition(" ")
    does = f"{tool} {role}".strip()
    named = re.match(r'"[^"]*"', rest)
    return f"{does} {rest}", f"{does} {named[0]}" if named else does, does


def padded(sequences: Sequence[Encoded]) -> Batch:
    length = _rounded(max(len(each.tokens) for each in sequences)) + 1
    tokens = torch.full((len(sequences), length), PAD)
    answers = torch.zeros(len(sequences), length - 1, dtype=torch.bool)
    for row, each in enumerate(sequences):
        tokens[row, : len(each.tokens)] = torch.tensor(each.tokens)
        answers[row, [position - 1 for position in each.answers]] = True
    names = tuple(each.kind for each in sequences)
    return Batch(tokens[:, :-1], tokens[:, 1:], answers, names)


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
