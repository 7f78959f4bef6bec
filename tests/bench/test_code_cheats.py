"""Programs that would rather pass their tests than be right, before the judge of the code suite."""

import pytest

from flyball.agents.coding import workplace_of
from flyball.bench.code.exam import PROGRAM, CaseExam, passes
from flyball.bench.code.exercise import called, exercise
from flyball.bench.code.judging import Answer, Case, verdicts
from flyball.bench.code.running import outcomes
from flyball.config import Config
from flyball.tools.code import open_workspace

FORGED = '[true, "right"]\\n'
CHEATS = {
    "puts another judge in place of the judge": """
import sys
judge = sys.modules["__main__"]
for name in ("judge", "answer", "_plain", "_unpacked", "packed", "told"):
    setattr(judge, name, lambda *_: (True, "right"))
""",
    "ends the process as if all were well": "raise SystemExit(0)",
    "ends the process without a word": "import os; os._exit(0)",
    "writes the verdicts itself, and leaves": f"""
import os
for descriptor in range(1, 20):
    try:
        os.write(descriptor, b'{FORGED}' * 40)
    except OSError:
        pass
os._exit(0)
""",
    "writes the verdicts from a thread": f"""
import os, threading, time
def forge():
    while True:
        for descriptor in range(1, 20):
            try:
                os.write(descriptor, b'{FORGED}')
            except OSError:
                pass
threading.Thread(target=forge, daemon=True).start()
time.sleep(0.05)
""",
    "gives what is equal to everything": """
class Right(dict):
    __eq__ = lambda *_: True
    __ne__ = lambda *_: False
    __hash__ = lambda *_: 0
    __repr__ = lambda *_: "right"
def NAME(*_): return Right()
""",
    "patches what tests are made with": """
import builtins, json, unittest
builtins.eval = builtins.exec = lambda *_: True
builtins.repr = lambda *_: "right"
json.dumps = lambda *_: '[true, "right"]'
unittest.TestCase.assertEqual = lambda *_: None
""",
    "looks up what is expected in the judge's memory": """
import gc, sys
def NAME(*_):
    frame = sys._getframe(1)
    while frame:
        for each in frame.f_locals.values():
            if hasattr(each, "expected"):
                return eval(each.expected)
        frame = frame.f_back
""",
}


@pytest.mark.parametrize("cheat", CHEATS)
async def test_a_cheat_passes_no_test(cheat, tmp_path):
    task = exercise("gcd", 200_000)
    name = called(task.solution)
    wrong = f"def {name}(*_): return 'wrong'\n"
    repo = tmp_path / "repo"
    repo.mkdir()
    (repo / PROGRAM).write_text(wrong + CHEATS[cheat].replace("NAME", name))
    with open_workspace(repo, workplace_of(Config())) as workspace:
        assert not await passes(workspace, task.hidden)
        assert not (await CaseExam(task.visible).run(workspace)).passed
        (workspace.tree / PROGRAM).write_text(task.solution)
        assert await passes(workspace, task.hidden), "the right program passes all the same"


def test_what_is_expected_is_not_told_unless_it_means_something_in_the_program_alone():
    assert Case("f(1)", "[2, 'two']", "x = 1").asked == ("f(1)", "x = 1", "")
    assert Case("f(one)", "two", "one, two = N(), N()").asked[2] == "two"


async def test_values_of_every_kind_are_compared_as_if_they_had_never_left():
    values = ["None", "1.5", "-3", "'é\\n'", "(1, [2])", "{1: (2,), 'a': {3}}", "b'\\x00z'"]
    values += ["set()", "{(1, 2)}", "2j", "1e999", "{}", "[[]]"]
    source = "def f(x): return x\ndef g(x): return [x, x]\n"
    right = [Case(f"f({each})", each) for each in values]
    assert [each.passed for each in await outcomes(source, right)] == [True] * len(values)
    wrong = [Case(f"g({each})", each) for each in values]
    assert [each.passed for each in await outcomes(source, wrong)] == [False] * len(values)
    assert (await outcomes(source, [Case("f((1, 2))", "[1, 2]")]))[0].passed
    assert not (await outcomes(source, [Case("f(iter([1]))", "[1]")]))[0].passed


async def test_a_value_too_long_to_be_right_costs_its_own_case_alone():
    source = "def f(x): return [0] * x"
    cases = [Case("f(1_000_000)", "[0]"), Case("f(2)", "[0, 0]")]
    made = await outcomes(source, cases)
    assert [each.passed for each in made] == [False, True]
    assert made[0].got.startswith("[0, 0, 0")


@pytest.mark.parametrize(
    "line",
    [
        '[{"bytes": 1000000000000}, ""]',
        '[{"set": [{"dict": []}]}, ""]',
        '[{"complex": ["a", "b"]}, ""]',
        '[{"nonesuch": []}, ""]',
        '[{"dict": 1, "set": 2}, ""]',
        f'[{"[" * 400}{"]" * 400}, ""]',
        f'[{"[" * 100_000}, ""]',
        '{"a": 1}',
        "[1]",
        "7",
        "",
    ],
)
def test_whatever_the_program_s_process_writes_is_judged(line):
    assert [each.passed for each in verdicts([Case("f()", "()")], [line])] == [False]
    assert not Case("f()", "other").verdict(Answer({"set": []}, "")).passed
