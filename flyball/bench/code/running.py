"""Running what is to be tested: in a Python of its own, or here under a guard."""

from __future__ import annotations

import ast
import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from flyball.bench.code import judging
from flyball.bench.code.judging import (
    Case,
    NoEndError,
    Outcome,
    judge,
    told,
    told_to,
    verdicts,
)

STEPS = 1_000
"""How many turns of loops and calls of functions a test may take under the guard."""
LARGEST = 10_000
"""Bits of a number, or items of a sequence, that a guarded operation may work on."""
CASE_SECONDS = 5.0
ALL_SECONDS = 60.0

_GUARDED: dict[type[ast.operator], str] = {
    ast.Add: "__add",
    ast.Mult: "__mul",
    ast.Pow: "__pow",
    ast.LShift: "__shift",
}


async def outcomes(
    source: str,
    cases: Sequence[Case],
    *,
    seconds: float = CASE_SECONDS,
    all_seconds: float = ALL_SECONDS,
) -> list[Outcome]:
    """Test `source` in a Python of its own, with limits on time, memory and files.

    For the code that flyball makes and for suites that the user brings, which mean no harm: it
    keeps an accident away, not an attack. The coding agent's sandbox replaces it for everything
    that a model wrote. `seconds` are of processor time, for a case; `all_seconds` are of the wall's
    clock, for all of them. A case that does not end, or that ends the process, is `NO_END`.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", str(Path(judging.__file__))),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    lines = list[str]()
    try:
        async with asyncio.timeout(all_seconds):
            process.stdin.write(told_to(source, cases, seconds, all_seconds))
            process.stdin.write_eof()
            async for line in process.stdout:
                lines.append(line.decode(errors="replace"))
            await process.wait()
    except TimeoutError:
        pass  # The cases that are left are told as such.
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return verdicts(cases, lines)


def guarded(source: str, cases: Sequence[Case]) -> list[Outcome]:
    """Test `source` in this process, some hundred times faster; for our own functions only.

    Loops and calls count their turns, and what makes things larger looks at their size, so that
    a wrong edit ends. Nothing is kept from files or the network.
    """
    guard = _Guard()
    try:
        namespace = guard.load(source)
    except (SyntaxError, NameError) as error:
        return [Outcome(False, told(f"{type(error).__name__}: {error}"))] * len(cases)
    return [guard.judge(namespace, case) for case in cases]


class _Guard:
    """Counts the turns of one test."""

    def __init__(self) -> None:
        self._left = STEPS

    def load(self, source: str) -> dict[str, Any]:
        tree = _Guarding().visit(ast.parse(source))
        namespace: dict[str, Any] = {"__name__": "candidate", "__tick": self._tick, **_OPERATIONS}
        exec(compile(ast.fix_missing_locations(tree), "candidate", "exec"), namespace)
        return namespace

    def judge(self, namespace: dict[str, Any], case: Case) -> Outcome:
        self._left = STEPS
        return judge(namespace, case)

    def _tick(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise NoEndError


class _Guarding(ast.NodeTransformer):
    """Puts `__tick()` at the head of loops and functions, and calls for operations that grow."""

    def _ticking(self, node: ast.For | ast.While | ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.body.insert(0, ast.Expr(_call("__tick")))
        return node

    visit_For = visit_While = visit_FunctionDef = _ticking  # noqa: N815

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        name = _GUARDED.get(type(node.op))
        return _call(name, node.left, node.right) if name else node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        name = _GUARDED.get(type(node.op))
        if name is None or not isinstance(node.target, ast.Name):
            return node
        value = _call(name, ast.Name(node.target.id, ast.Load()), node.value)
        return ast.Assign([node.target], value)


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def _size(value: Any) -> int:
    if isinstance(value, int):
        return value.bit_length()
    return len(value) if isinstance(value, str | list | tuple) else 0


def _small(result_size: float) -> None:
    if result_size > LARGEST:
        raise NoEndError


def _add(a: Any, b: Any) -> Any:
    _small(_size(a) + _size(b))
    return a + b


def _mul(a: Any, b: Any) -> Any:
    if isinstance(a, int) and isinstance(b, int):
        _small(a.bit_length() + b.bit_length())
    else:
        _small(max(_size(a), 1) * abs(b) if isinstance(b, int) else _repeats(a, b))
    return a * b


def _repeats(a: Any, b: Any) -> float:
    return abs(a) * _size(b) if isinstance(a, int) else 0


def _pow(a: Any, b: Any) -> Any:
    if isinstance(a, int) and isinstance(b, int):
        _small(a.bit_length() * abs(b))
    return a**b


def _shift(a: Any, b: Any) -> Any:
    _small(_size(a) + b if isinstance(b, int) else 0)
    return a << b


_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "__add": _add,
    "__mul": _mul,
    "__pow": _pow,
    "__shift": _shift,
}
