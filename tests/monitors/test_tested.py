"""When the tests are asked."""

from dataclasses import replace

import pytest

from flyball.monitors import tested
from flyball.records import Action, Observation, Ruling
from flyball.testing import check_monitor, trajectory

EDIT = Action(tool="edit")
DONE = Action(tool="finish", arguments={"answer": "done", "success": True})
GAVE_UP = Action(tool="finish", arguments={"answer": "no", "success": False})


def after(action, source, text, *, ok=True):
    made = trajectory([action])
    seen = Observation(source=source, text=text, ok=ok)
    return made.amend(replace(made.last, observation=seen))


@pytest.mark.parametrize(
    ("run", "asked"),
    [
        (trajectory([EDIT]), False),
        (trajectory([DONE]), True),
        (trajectory([GAVE_UP]), False),
        (after(EDIT, "run_tests", "OK"), True),
        (after(EDIT, "run_tests", "1 failed", ok=False), False),
        (after(EDIT, "test", "1 x\ntests 3 of 3"), True),
        (after(EDIT, "test", "1 x\ntests 2 of 3"), False),
        (after(EDIT, "read", "tests 3 of 3"), False),
    ],
)
def test_an_answer_and_passing_tests_are_verified(run, asked):
    assert (tested.Tested().judge(run).ruling is Ruling.VERIFY) is asked


def test_the_contract_is_kept():
    check_monitor(tested.Tested(), [trajectory([EDIT, DONE])])
