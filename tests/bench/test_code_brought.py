"""Reading QuixBugs and HumanEval, on small files in their form that are written here."""

import gzip
import json

import pytest

from flyball.bench.code.brought import humaneval, quixbugs
from flyball.bench.code.running import outcomes
from flyball.errors import ConfigError
from flyball.tools.source import difference

TABLED = """
import pytest
from load_testdata import load_json_testcases
testdata = load_json_testcases(half.__name__)

@pytest.mark.parametrize("input_data,expected", testdata)
def test_half(input_data, expected):
    if input_data == [[99]]:
        pytest.skip("Takes too long")
    assert list(half(*input_data)) == expected
"""
NEAR = """
def test_near(input_data, expected):
    assert near(*input_data) == pytest.approx(expected, abs=input_data[-1])
"""
LINKED = '''
import pytest
from node import Node
if pytest.use_correct:
    from correct_python_programs.linked import linked
one = Node(1)
two = Node(2, one)

def test1():
    """Case 1"""
    found = linked(two)
    assert found
    assert not linked(one)
    three = Node(3, two)
    result = linked(three)
    assert result == 2
'''
ROW = {
    "task_id": "HumanEval/0",
    "prompt": 'def add(a, b):\n    """ Add.\n    >>> add(1, 2)\n    3\n    >>> x = 1\n    """\n',
    "entry_point": "add",
    "canonical_solution": "    return a + b\n",
    "test": "METADATA = {}\ndef check(candidate):\n    assert True\n"
    "    assert candidate(2, 2) == 4, 'sum'\n    assert abs(candidate(0, 1) - 1) < 1e-6\n"
    "    for i in range(3):\n        assert candidate(i, 0) == i\n",
}


@pytest.fixture
def checkout(tmp_path):
    texts = {
        "python_programs/half.py": "def half(xs):\n    for x in xs:\n        yield x // 3\n"
        '\n"""\nHalve\n\nEach "number" by two.\n"""\n',
        "correct_python_programs/half.py": "def half(xs):\n    for x in xs:\n        yield x // 2",
        "json_testcases/half.json": "[[[4, 6]], [2, 3]]\n[[[99]], [49]]\n\n[[[]], []]\n",
        "python_testcases/test_half.py": TABLED,
        "python_programs/near.py": "def near(x, e):\n    return x\n",
        "correct_python_programs/near.py": "def near(x, e):\n    return x + 1\n",
        "json_testcases/near.json": "[[1.0, 0.1], 2.05]\n",
        "python_testcases/test_near.py": NEAR,
        "python_programs/linked.py": "def linked(n):\n    return 0\n",
        "correct_python_programs/linked.py": "def linked(n):\n    return n.next and n.value - 1",
        "python_testcases/test_linked.py": LINKED,
        "python_testcases/node.py": "class Node:\n    def __init__(self, value, next=None):\n"
        "        self.value, self.next = value, next\n",
    }
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


async def test_programs_of_quixbugs_fail_their_tests_until_they_are_mended(checkout):
    half, linked, near = quixbugs(checkout)
    assert half.goal == "Mend half: Halve Each 'number' by two."
    assert [case.call for case in half.visible] == ["list(half([4, 6]))", "list(half([]))"]
    assert [case.call for case in linked.visible] == [
        *("bool(linked(two))", "bool(linked(one))", "linked(three)")
    ]
    assert difference(half.source, half.solution) == (3, "3", "2")
    for task in (half, linked, near):
        assert task.hidden == task.visible
        assert not all(each.passed for each in await outcomes(task.source, task.visible))
        assert all(each.passed for each in await outcomes(task.solution, task.visible))


def test_a_folder_or_a_file_that_is_another_is_told_with_the_remedy(tmp_path, checkout):
    with pytest.raises(ConfigError, match="give the folder that has python_programs"):
        quixbugs(tmp_path / "nowhere")
    (checkout / "correct_python_programs" / "near.py").unlink()
    with pytest.raises(ConfigError, match=r"near\.py cannot be read.*fetch the checkout again"):
        quixbugs(checkout)
    for text in (b"", b"{}\n", b"\x1f\x8bno", b"\xff"):
        (tmp_path / "file").write_bytes(text)
        if text:
            with pytest.raises(ConfigError, match=r"give HumanEval\.jsonl"):
                humaneval(tmp_path / "file")
    with pytest.raises(ConfigError, match=r"give HumanEval\.jsonl"):
        humaneval(tmp_path / "nothing")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
async def test_humaneval_is_read_as_writing_tasks(tmp_path, pack):
    path = tmp_path / "h"
    path.write_bytes(pack(json.dumps(ROW).encode() + b"\n"))
    (task,) = humaneval(path)
    assert [case[:2] for case in task.visible] == [("add(1, 2)", "3")]
    assert [case.call for case in task.hidden] == [
        *("add(2, 2)", "bool(abs(add(0, 1) - 1) < 1e-06)", "True")
    ]
    assert all(each.passed for each in await outcomes(task.solution, task.visible + task.hidden))
    wrong = task.solution.replace("+", "-")
    assert not any(each.passed for each in (await outcomes(wrong, task.hidden))[:2])
    assert not any(each.passed for each in await outcomes(task.source, task.hidden))
