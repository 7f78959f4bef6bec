"""The code suite: its functions, its bugs, and what runs them."""

import ast
import random
import time
from dataclasses import asdict

import pytest

from flyball import Action
from flyball.bench.code.desk import Desk
from flyball.bench.code.exercise import HIDDEN, MOST_VISIBLE, exercise, is_bug
from flyball.bench.code.functions import FUNCTIONS, TRAINED, UNTRAINED
from flyball.bench.code.judging import LONGEST_TOLD, NO_END, TOO_DEEP, Case
from flyball.bench.code.mutations import KINDS, mutated, mutations
from flyball.bench.code.naming import renamed
from flyball.bench.code.running import guarded, outcomes
from flyball.tools.source import difference, replaced

CLAMP = FUNCTIONS["clamp"]


def cases_of(function, count, seed=0):
    drawn = function.inputs(random.Random(seed), count)
    return [
        Case(f"{function.name}({', '.join(map(repr, each))})", repr(function(*each)))
        for each in drawn
    ]


def test_there_are_enough_functions_and_the_split_is_whole():
    assert len(FUNCTIONS) >= 60
    assert len(UNTRAINED) >= 12
    assert set(TRAINED) | set(UNTRAINED) == set(FUNCTIONS)
    assert not set(TRAINED) & set(UNTRAINED)
    assert len({function.code for function in FUNCTIONS.values()}) == len(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_does_with_its_shown_code_what_its_reference_does(name):
    function = FUNCTIONS[name]
    cases = cases_of(function, MOST_VISIBLE + HIDDEN)
    assert all(outcome.passed for outcome in guarded(function.code, cases))
    assert '"' not in function.purpose  # what a goal quotes is varied in training
    arguments = ast.parse(function.code).body[0].args.args
    assert all(f"`{argument.arg}`" in function.purpose for argument in arguments)
    assert "->" not in function.code.splitlines()[0]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_bug_shows_in_both_kinds_of_tests_and_one_edit_mends_it(name):
    for seed in (3, 200_001):
        task = exercise(name, seed)
        assert is_bug(task.source, task.visible, task.hidden)
        assert all(each.passed for each in guarded(task.solution, task.visible + task.hidden))
        assert 3 <= len(task.visible) <= 5
        assert len(task.hidden) == HIDDEN
        assert not set(task.visible) & set(task.hidden)
        assert replaced(task.source, *difference(task.source, task.solution)) == task.solution
        assert task.kind in KINDS


def test_an_exercise_is_the_same_for_the_same_seed_and_seeds_differ():
    assert asdict(exercise("rotate", 5)) == asdict(exercise("rotate", 5))
    assert len({exercise("rotate", seed).source for seed in range(12)}) >= 10
    with pytest.raises(KeyError):
        exercise("no such function", 1)


def test_every_kind_of_mutation_is_made():
    kinds = {exercise(name, seed).kind for name in TRAINED[:12] for seed in range(6)}
    assert kinds == set(KINDS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_mutations_differ_from_the_source_and_leave_it_alone(name):
    tree = ast.parse(FUNCTIONS[name].code)
    before = ast.unparse(tree)
    made = [mutated(tree, each) for each in mutations(tree)]
    assert ast.unparse(tree) == before
    assert before not in made
    assert len(made) >= 5


def test_names_change_together_and_the_purpose_with_them():
    found = set()
    for seed in range(30):
        code, purpose = renamed(CLAMP.code, CLAMP.purpose, random.Random(seed))
        function = ast.parse(code).body[0]
        arguments = [argument.arg for argument in function.args.args]
        assert len(set(arguments)) == 3
        assert purpose == "Limit {} to the range from {} to {}.".format(*arguments)
        found.add((function.name, *arguments))
        calls = [Case(f"{function.name}(5, 1, 3)", "3"), Case(f"{function.name}(-1, 1, 3)", "1")]
        assert all(outcome.passed for outcome in guarded(code, calls))
    assert len(found) > 15
    assert ("clamp", "value", "low", "high") in found


@pytest.mark.parametrize(
    ("body", "got"),
    [
        ("while True: pass", NO_END),
        ("while True: x = x * x + 2", NO_END),
        ("return f(x)", TOO_DEEP),
        ("return 2 ** 10 ** x", NO_END),
        ("return 1 << 10 ** 9", NO_END),
        ("return 'a' * 10 ** 9 * x", NO_END),
        ("return 1 // 0", "ZeroDivisionError: integer division or modulo by zero"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("return list(range(900))", "[0, 1, 2, 3, 4, 5, 6, 7, 8, "),
        ("return y", "NameError: name 'y' is not defined"),
        ("return )", "SyntaxError: unmatched ')'"),
    ],
)
def test_under_the_guard_everything_ends(body, got):
    started = time.monotonic()
    outcome = guarded(f"def f(x):\n    {body}", [Case("f(9)", "1")])[0]
    assert time.monotonic() - started < 5
    assert not outcome.passed
    assert outcome.got.startswith(got)
    assert len(outcome.got) <= LONGEST_TOLD


async def test_a_process_of_its_own_agrees_with_the_guard():
    for name in ("clamp", "ranges", "by_length"):
        task = exercise(name, 1)
        cases = task.visible + task.hidden
        assert await outcomes(task.source, cases) == guarded(task.source, cases)
        assert all(each.passed for each in await outcomes(task.solution, cases))


async def test_a_process_of_its_own_outlives_what_does_not_end():
    source = (
        "import os, sys, time\n"
        "def spin():\n    while True: pass\n"
        "def leave(): os._exit(0)\n"
        "def grow(): return len(bytearray(2 ** 40))\n"
        "def shout():\n    print('[true, \"1\"]')\n    sys.stdout.flush()\n    return 1\n"
        "def sleep(): time.sleep(60)\n"
    )
    made = await outcomes(
        source,
        [Case("spin()", "1"), Case("grow()", "1"), Case("shout()", "1"), Case("leave()", "1")],
        seconds=0.2,
    )
    assert [each.got for each in made] == [NO_END, "MemoryError", "1", NO_END]
    assert [each.passed for each in made] == [False, False, True, False]
    asleep = [Case("shout()", "1"), Case("sleep()", "1")]
    assert [each.got for each in await outcomes(source, asleep, all_seconds=3)] == ["1", NO_END]


async def test_what_cannot_be_loaded_fails_every_case():
    made = await outcomes("def f(:", [Case("f()", "1")] * 2)
    assert [each.got.split(":")[0] for each in made] == ["SyntaxError"] * 2


def test_a_desk_shows_results_of_the_source_that_is_shown():
    task = exercise("rotate", 5)
    desk = Desk(task)
    untested = desk.lines
    assert untested[-1] == "tests not run"
    assert desk.act(Action(tool="test"))
    tested = desk.lines
    assert tested[len(untested) - 1].startswith("tests ")
    line, old, new = difference(task.source, task.solution)
    mending = Action(tool="replace", arguments={"line": line, "old": old, "new": new})
    assert desk.act(mending)
    assert desk.source == task.solution
    assert desk.lines[-1] == "tests not run"
    assert not desk.act(Action(tool="replace", arguments={"line": 99, "old": "a", "new": "b"}))
    assert desk.act(Action(tool="test"))
    assert desk.lines[-1] == f"tests {len(task.visible)} of {len(task.visible)}"
    assert desk.act(Action(tool="revert"))
    assert desk.lines == tested
    assert not desk.act(Action(tool="revert"))
    assert not desk.act(Action(tool="leap"))
