"""A function of the code suite: its reference, and how its inputs are drawn."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
Draw = Callable[[Random], object]

MOST_DRAWS = 2_000


@dataclass(frozen=True)
class Function(Generic[P, R]):
    """A pure function over plain values. Its docstring names parameters in backquotes."""

    reference: Callable[P, R]
    draws: tuple[Draw, ...]
    fits: Callable[..., bool]
    """Which drawn inputs the function is for."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.reference(*args, **kwargs)

    @property
    def name(self) -> str:
        return self.reference.__name__

    @cached_property
    def purpose(self) -> str:
        """The docstring, on one line."""
        return " ".join((self.reference.__doc__ or "").split())

    @cached_property
    def code(self) -> str:
        """The function as a policy is shown it: no decorator, annotation, comment or docstring."""
        tree = ast.parse(textwrap.dedent(inspect.getsource(self.reference)))
        return ast.unparse(_Bare().visit(tree))

    def inputs(self, rng: Random, count: int) -> list[tuple[object, ...]]:
        """Draw `count` different inputs. Raises `ValueError` where there are not that many."""
        found: dict[str, tuple[object, ...]] = {}
        for _ in range(MOST_DRAWS):
            drawn = tuple(draw(rng) for draw in self.draws)
            if self.fits(*drawn):
                found.setdefault(repr(drawn), drawn)
            if len(found) == count:
                return list(found.values())
        raise ValueError(f"{self.name} has {len(found)} different inputs, not {count}")


class _Bare(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.decorator_list, node.returns = [], None
        if ast.get_docstring(node) is not None:
            del node.body[0]
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(node.arg)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        assert node.value is not None
        return ast.copy_location(ast.Assign([node.target], node.value), node)


def _any(*_: object) -> bool:
    return True


def given(
    *draws: Draw, fits: Callable[..., bool] = _any
) -> Callable[[Callable[P, R]], Function[P, R]]:
    """Make a `Function` of a reference whose arguments `draws` draw."""

    def made(reference: Callable[P, R]) -> Function[P, R]:
        return Function(reference, draws, fits)

    return made


def whole(low: int, high: int) -> Draw:
    """Draw a whole number from `low` to `high`, both included."""
    return lambda rng: rng.randint(low, high)


def one_of(values: Sequence[object]) -> Draw:
    return lambda rng: rng.choice(values)


def text(alphabet: str, least: int, most: int) -> Draw:
    return lambda rng: "".join(rng.choices(alphabet, k=rng.randint(least, most)))


def listed(draw: Draw, least: int, most: int) -> Draw:
    return lambda rng: [draw(rng) for _ in range(rng.randint(least, most))]


def ordered(low: int, high: int, least: int, most: int) -> Draw:
    """Draw a list of whole numbers that rises."""
    return lambda rng: sorted(rng.randint(low, high) for _ in range(rng.randint(least, most)))


def matrix(low: int, high: int, *, square: bool = False, most: int = 3) -> Draw:
    """Draw a list of rows of the same length, 2 to `most` each way."""

    def drawn(rng: Random) -> object:
        rows = rng.randint(2, most)
        columns = rows if square else rng.randint(2, most)
        return [[rng.randint(low, high) for _ in range(columns)] for _ in range(rows)]

    return drawn


def table(alphabet: str, low: int, high: int, most: int = 4) -> Draw:
    """Draw a dictionary from letters to whole numbers."""

    def drawn(rng: Random) -> object:
        keys = rng.sample(alphabet, k=rng.randint(1, most))
        return {key: rng.randint(low, high) for key in keys}

    return drawn
