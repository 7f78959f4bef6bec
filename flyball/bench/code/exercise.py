"""A coding task: a source to mend or to write, what it is for, and tests seen and unseen."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from flyball.bench.code.function import Function
from flyball.bench.code.functions import FUNCTIONS
from flyball.bench.code.judging import NO_END, Case, Outcome
from flyball.bench.code.mutations import Mutation, mutated, mutations
from flyball.bench.code.naming import renamed
from flyball.bench.code.running import guarded
from flyball.tools.source import difference

FEWEST_VISIBLE, MOST_VISIBLE = 3, 5
HIDDEN = 8
MOST_TRIES = 20
"""How often names and inputs are drawn anew where no mutation shows in them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exercise:
    """One coding task; the bundled ones are the same for the same name and seed."""

    name: str
    seed: int
    goal: str
    source: str
    """What is to be mended, or completed."""
    solution: str
    """The reference; for checks and demonstrations, never for a policy."""
    visible: tuple[Case, ...]
    hidden: tuple[Case, ...]
    """For the score alone."""
    kind: str
    """What was done to the solution: one of `mutations.KINDS`; `given` or `write` for others'."""


def exercise(name: str, seed: int) -> Exercise:
    """Make the bug of function `name` that `seed` picks. Raises `KeyError` for another name.

    It fails at least one visible and one hidden test, ends on all of them, and one `replaced`
    mends it.
    """
    function, rng = FUNCTIONS[name], Random(f"code {name} {seed}")
    for _ in range(MOST_TRIES):
        code, purpose = renamed(function.code, function.purpose, rng)
        visible, hidden = _cases(function, code, rng)
        tree = ast.parse(code)
        for mutation in _shuffled(mutations(tree), rng):
            source = mutated(tree, mutation)
            if difference(source, code) and is_bug(source, visible, hidden):
                return Exercise(
                    name=name,
                    seed=seed,
                    goal=f"Mend {called(code)}: {purpose}",
                    source=source,
                    solution=code,
                    visible=visible,
                    hidden=hidden,
                    kind=mutation.kind,
                )
    raise ValueError(f"no mutation of {name} shows in its tests with seed {seed}")


def called(code: str) -> str:
    """The name of the last function that `code` defines."""
    functions = [node.name for node in ast.parse(code).body if isinstance(node, ast.FunctionDef)]
    return functions[-1]


def is_bug(source: str, visible: Sequence[Case], hidden: Sequence[Case]) -> bool:
    """Tell whether `source` fails tests of both kinds, and ends on all of them."""
    seen = guarded(source, visible)
    if all(outcome.passed for outcome in seen) or not _ended(seen):
        return False
    unseen = guarded(source, hidden)
    return _ended(unseen) and not all(outcome.passed for outcome in unseen)


def _ended(outcomes: Sequence[Outcome]) -> bool:
    return all(outcome.got != NO_END for outcome in outcomes)


def _cases(
    function: Function[..., object], code: str, rng: Random
) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """Draw inputs, and let the reference say what is right."""
    visible = rng.randint(FEWEST_VISIBLE, MOST_VISIBLE)
    name = called(code)
    cases = tuple(
        Case(f"{name}({', '.join(map(repr, drawn))})", repr(function(*drawn)))
        for drawn in function.inputs(rng, visible + HIDDEN)
    )
    return cases[:visible], cases[visible:]


def _shuffled(found: list[Mutation], rng: Random) -> list[Mutation]:
    """Put mutations in an order in which every kind is as likely to come first."""
    by_kind: dict[str, list[Mutation]] = {}
    for each in rng.sample(found, k=len(found)):
        by_kind.setdefault(each.kind, []).append(each)
    order = list[Mutation]()
    while by_kind:
        kind = rng.choice(list(by_kind))
        order.append(by_kind[kind].pop())
        if not by_kind[kind]:
            del by_kind[kind]
    return order
