"""Coding tasks that the user brings: QuixBugs and HumanEval, in the shape of our own.

Nothing of either is in flyball. Their tests are read, not imported: what they say becomes `Case`s,
and only `outcomes` runs it.
"""

from __future__ import annotations

import ast
import doctest
import gzip
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

from flyball.bench.code.exercise import Exercise
from flyball.bench.code.judging import Case
from flyball.errors import ConfigError

LONGEST_GOAL = 300
"""How many characters of a program's own description become its goal."""


def quixbugs(folder: Path) -> tuple[Exercise, ...]:
    """Read the programs of a QuixBugs checkout (Lin et al. 2017), in alphabetical order.

    They keep no tests back, so the hidden ones are the visible ones; the two that the benchmark
    itself skips as too slow are left out. Raises `ConfigError` where the folder is another.
    """
    if not (folder / "python_programs").is_dir() or not (folder / "python_testcases").is_dir():
        raise ConfigError(
            f"{folder} is no QuixBugs checkout; give the folder that has python_programs and"
            " python_testcases in it (github.com/jkoppel/QuixBugs)"
        )
    tests = sorted((folder / "python_testcases").glob("test_*.py"))
    return tuple(_quixbug(folder, path.stem.removeprefix("test_"), path) for path in tests)


def _quixbug(folder: Path, name: str, path: Path) -> Exercise:
    program = ast.parse(_read(folder / "python_programs" / f"{name}.py"))
    correct = ast.parse(_read(folder / "correct_python_programs" / f"{name}.py"))
    node = _read(folder / "python_testcases" / "node.py")
    cases = tuple(_quixbug_cases(ast.parse(_read(path)), folder, name, node))
    about = " ".join(" ".join(map(_text, program.body)).split())
    return Exercise(
        name=name,
        seed=0,
        goal=f"Mend {name}: {about}"[:LONGEST_GOAL].replace('"', "'"),
        source=_code(program),
        solution=_code(correct),
        visible=cases,
        hidden=cases,
        kind="given",
    )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read ({error}); fetch the checkout again") from error


def _text(statement: ast.stmt) -> str:
    """What a statement says that is only a string; nothing for others."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    return str(value.value) if isinstance(value, ast.Constant) else ""


def _code(tree: ast.Module) -> str:
    kept = [each for each in tree.body if not isinstance(each, ast.Expr)]
    return ast.unparse(ast.Module(kept, []))


def _quixbug_cases(tests: ast.Module, folder: Path, name: str, node: str) -> Iterator[Case]:
    plain = (ast.Assign, ast.Expr)
    functions = [each for each in tests.body if isinstance(each, ast.FunctionDef)]
    table = folder / "json_testcases" / f"{name}.json"
    if table.exists():
        rows = [json.loads(line) for line in _read(table).splitlines() if line.strip()]
        for drawn, expected in rows:
            if drawn not in _skipped(tests):
                yield _filled(functions[0], drawn, expected)
        return
    around = [each for each in tests.body if isinstance(each, plain)]
    setup = "\n".join([node, ast.unparse(ast.Module(cast("list[ast.stmt]", around), []))])
    for function in functions:
        yield from _asserted(function.body, setup)


def _skipped(tests: ast.Module) -> list[object]:
    """The inputs that a test skips."""
    compared = (
        node.comparators[0]
        for test in ast.walk(tests)
        if isinstance(test, ast.If)
        for node in ast.walk(test.test)
        if isinstance(node, ast.Compare)
    )
    return [ast.literal_eval(each) for each in compared if isinstance(each, ast.List)]


def _filled(test: ast.FunctionDef, drawn: list[object], expected: object) -> Case:
    """Make a case of a test over a table: `assert program(*input_data) == expected`."""
    check = next(each for each in ast.walk(test) if isinstance(each, ast.Assert)).test
    assert isinstance(check, ast.Compare)
    left, right = ast.unparse(check.left), check.comparators[0]
    call = left.replace("*input_data", ", ".join(map(repr, drawn)))
    if isinstance(right, ast.Call):  # `pytest.approx(expected, abs=...)`
        return Case(f"abs({call} - {expected!r}) <= {drawn[-1]!r}", "True")
    return Case(call, repr(expected))


def humaneval(file: Path) -> tuple[Exercise, ...]:
    """Read HumanEval (Chen et al. 2021), as `.jsonl` or `.jsonl.gz`, as writing tasks.

    The source is a signature with a docstring, whose examples are the visible tests (of some tasks
    there are none). Raises `ConfigError` where the file is another.
    """
    try:
        raw = file.read_bytes()
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode()
        return tuple(_writing(json.loads(line)) for line in text.splitlines() if line.strip())
    except (OSError, EOFError, ValueError, KeyError, SyntaxError, StopIteration) as error:
        raise ConfigError(
            f"{file} is no HumanEval file ({type(error).__name__}: {error}); give HumanEval.jsonl"
            " or HumanEval.jsonl.gz (github.com/openai/human-eval)"
        ) from error


def _writing(row: dict[str, str]) -> Exercise:
    tests, entry = ast.parse(row["test"]), row["entry_point"]
    functions = [each for each in tests.body if isinstance(each, ast.FunctionDef)]
    check = next(each for each in functions if each.name == "check")
    others = [each for each in tests.body if each is not check]
    setup = ast.unparse(ast.Module(others, []))
    body = [_Calling(entry).visit(each) for each in check.body]
    return Exercise(
        name=row["task_id"],
        seed=0,
        goal=f"Write {entry}, as its docstring says.",
        source=row["prompt"],
        solution=row["prompt"] + row["canonical_solution"],
        visible=tuple(_examples(row["prompt"], entry)),
        hidden=tuple(_asserted(body, setup)),
        kind="write",
    )


class _Calling(ast.NodeTransformer):
    """Puts the function's own name for `candidate`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self._name, node.ctx) if node.id == "candidate" else node


def _examples(prompt: str, entry: str) -> Iterator[Case]:
    """Give the examples of the docstring whose result is an expression."""
    for node in ast.parse(prompt).body:
        if isinstance(node, ast.FunctionDef) and node.name == entry:
            for example in _doctests(ast.get_docstring(node) or ""):
                if _is_expression(example.source) and _is_expression(example.want):
                    yield Case(example.source.strip(), example.want.strip())


def _doctests(text: str) -> list[doctest.Example]:
    try:
        return doctest.DocTestParser().get_examples(re.sub(r">>>(?! )", ">>> ", text))
    except ValueError:  # examples that are set out in another way
        return []


def _is_expression(text: str) -> bool:
    try:
        ast.parse(text.strip(), mode="eval")
    except SyntaxError:
        return False
    return True


def _asserted(body: Sequence[ast.stmt], setup: str) -> Iterator[Case]:
    """Make a case of each assertion; what stands before it sets it up."""
    before = list[ast.stmt]()
    for statement in body:
        if isinstance(statement, ast.Assert):
            if not isinstance(statement.test, ast.Constant):
                yield _assertion(statement.test, before, setup)
        elif not _text(statement):
            before.append(statement)
            if any(isinstance(node, ast.Assert) for node in ast.walk(statement)):
                yield Case("True", "True", _joined(setup, before))


def _assertion(test: ast.expr, before: list[ast.stmt], setup: str) -> Case:
    call, form, expected = test, "bool({})", "True"
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        call, expected = test.operand, "False"
    elif isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq):
        call, form, expected = test.left, "{}", ast.unparse(test.comparators[0])
    last = before[-1] if before else None
    if isinstance(last, ast.Assign) and ast.unparse(last.targets[0]) == ast.unparse(call):
        call, before = last.value, before[:-1]  # `result = call` tells less than the call
    return Case(form.format(ast.unparse(call)), expected, _joined(setup, before))


def _joined(setup: str, before: Sequence[ast.stmt]) -> str:
    own = ast.unparse(ast.Module(list(before), []))
    return "\n".join(part for part in (setup, own) if part)
