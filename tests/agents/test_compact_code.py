import random
from dataclasses import replace

import pytest

from flyball import Action, Observation
from flyball.agents.compact import HISTORY
from flyball.agents.compact_code import decode, encode, history, prompt
from flyball.testing import trajectory

LINES = ["1 def f(a):", "2 \treturn a", "tests 1 of 2", "fail f(1) is 1 not 2"]
ALPHABET = "ab \"'\\\n\t{}[]+=<é\u2028"


def replacing(line, old, new):
    return Action(tool="replace", arguments={"line": line, "old": old, "new": new})


def test_the_prompt_is_the_goal_the_source_its_tests_and_the_last_actions():
    told = [f"test {i} of 9" for i in range(HISTORY + 1)]
    lines = prompt("Mend f.", LINES, told).split("\n")
    assert lines[:5] == ["Mend f.", *LINES]
    assert lines[5].startswith("last test 1 of 9 ; ")
    assert lines[6] == ">"


def test_of_a_long_source_the_tests_are_still_told():
    source = [f"{n} \tx = {n}" for n in range(1, 900)]
    lines = prompt("Mend f.", [*source, *LINES[2:]], []).split("\n")
    assert lines[-4:-2] == LINES[2:]
    assert any(line.endswith("more lines") for line in lines)


@pytest.mark.parametrize(
    ("action", "line"),
    [
        (replacing(3, "<", "<="), 'replace 3 "<" "<="'),
        (replacing(12, 'a["x"]', ""), 'replace 12 "a[\\"x\\"]" ""'),
        (Action(tool="test"), "test"),
        (Action(tool="revert"), "revert"),
        (Action(tool="finish"), "finish"),
    ],
)
def test_what_is_encoded_is_decoded_again(action, line):
    assert encode(action).strip() == line
    decoded = decode(line)
    assert (decoded.tool, decoded.arguments) == (action.tool, action.arguments)


def test_any_strings_come_back_from_one_line():
    rng = random.Random(0)
    for _ in range(1_000):
        old, new = ("".join(rng.choices(ALPHABET, k=rng.randint(0, 6))) for _ in range(2))
        action = replacing(rng.randint(1, 999), f"x{old}", new)
        line = encode(action)
        assert "\n" not in line
        assert decode(line).arguments == action.arguments


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "replace",
        'replace "a" "b"',
        'replace 0 "a" "b"',
        'replace 1 "a"',
        'replace 1 "a" "a"',
        'replace 1 "" "b"',
        'replace 1 " " "b"',
        'replace 1 "a" "b" "c"',
        'replace 1 "a\\q" "b"',
        'replace 1 a "b"',
        "test 1",
        "finish now",
        "revert\nrevert",
    ],
)
def test_what_is_no_action_is_an_invalid_step(text):
    action = decode(text)
    assert action.tool == "invalid"
    assert action.arguments["why"]
    assert action.text == text


def test_ten_thousand_malformed_answers_are_steps():
    rng = random.Random(1)
    for _ in range(10_000):
        line = list(rng.choice(['replace 3 "a" "b"', "test", "revert", "finish"]))
        for _ in range(rng.randint(1, 4)):
            line[rng.randrange(len(line))] = rng.choice(ALPHABET + "01ux")
        assert decode("".join(line)).tool in ("replace", "test", "revert", "finish", "invalid")


def test_the_history_tells_edits_counts_and_what_was_refused():
    actions = [Action(tool="test"), replacing(2, "a", "b"), Action(tool="revert")]
    texts = ["tests not run", "tests 1 of 2", "tests not run"]
    steps = [
        replace(step, observation=Observation(source="x", text=text))
        for step, text in zip(trajectory(actions).steps, texts, strict=True)
    ]
    failed = Observation(source="revert", text="tests 1 of 2", ok=False)
    assert history(steps, failed) == ["test 1 of 2", 'replace 2 "a" "b"', "failed revert"]
    assert history([], failed) == []
