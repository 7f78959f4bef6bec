"""The code suites, played through the real tools and the sandbox."""

import pytest

from flyball.agents.coding import workplace_of
from flyball.bench.code.exam import PROGRAM
from flyball.bench.code.exercise import exercise
from flyball.bench.code.suite import CodeEpisode, CodeSuite, moves_of
from flyball.bench.runner import Plan, perform
from flyball.bench.suites import load_suite, pairs_of, seeds_for
from flyball.config import Config
from flyball.config.tables import Tables
from flyball.errors import ConfigError
from flyball.ledger import Ledger
from flyball.records import Budget
from tests.scripted import Scripted, served

HALF = "def half(xs):\n    for x in xs:\n        yield x / {}\n"
LOOP = (
    "def count(n):\n    total = 0\n    while n:\n        total += 1\n        {}\n    return total\n"
)
TEST = """
import pytest
from load_testdata import load_json_testcases
from {0} import {0}

@pytest.mark.parametrize("input_data,expected", load_json_testcases({0}.__name__))
def test_{0}(input_data, expected):
    assert {1} == expected
"""
TABLES = {"half": "[[[4, 6]], [2.0, 3.0]]\n[[[]], []]\n", "count": "[[3], 3]\n[[0], 0]\n"}


@pytest.fixture
def checkout(tmp_path):
    """A QuixBugs checkout of two programs that we made up, one of which never ends."""
    texts = {}
    for name, text, wrong, right in (
        ("half", HALF, "3", "2"),
        ("count", LOOP, "n -= 0", "n -= 1"),
    ):
        call = f"list({name}(*input_data))" if name == "half" else f"{name}(*input_data)"
        texts |= {
            f"python_programs/{name}.py": text.format(wrong) + f'\n"""\n{name} it.\n"""\n',
            f"correct_python_programs/{name}.py": text.format(right),
            f"python_testcases/test_{name}.py": TEST.format(name, call),
            f"json_testcases/{name}.json": TABLES[name],
        }
    texts["python_testcases/node.py"] = "class Node:\n    pass\n"
    for name, text in texts.items():
        path = tmp_path / "quixbugs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "quixbugs"


async def play(
    suite, tmp_path, policy="oracle", seeds=range(200_000, 200_030), tasks=None, config=None
):
    chosen = tasks or (*suite.trained, *suite.untrained)
    plan = Plan(suite=suite, policy=policy, pairs=pairs_of(chosen, seeds_for(suite, seeds)))
    with Ledger(tmp_path / "ledger.db") as ledger:
        runs = await perform(plan, config or Config(), ledger)
        return runs, {run.task.id: ledger.trajectory(run.id) for run in runs}


async def test_programs_that_the_user_brings_are_mended_end_to_end(checkout, tmp_path):
    runs, told = await play(load_suite(f"quixbugs:{checkout}"), tmp_path)
    assert {run.task.id: run.score for run in runs} == {"count": 1.0, "half": 1.0}
    for trajectory in told.values():
        tools = [step.action.tool for step in trajectory.steps]
        assert tools == ["list", "read", "run_tests", "write", "run_tests", "finish"]
        seen = [step.observation for step in trajectory.steps]
        assert (seen[3].note, seen[5].note) == ("the tests fail", "the tests pass")
        assert trajectory.last.verified
    assert "is no end not" in told["count"].steps[3].observation.text
    assert {run.agent for run in runs} == {"code"}


@pytest.mark.parametrize("style", ["tools", "json", "text"])
async def test_a_strong_model_behind_a_server_mends_them(checkout, tmp_path, style):
    """Its answers come over HTTP, are read, watched, and carried out in the real sandbox."""
    suite = load_suite(f"quixbugs:{checkout}")
    with served(Knowing(suite, style)) as server:
        runs, told = await play(suite, tmp_path, "m", config=model_at(server.server_port))
    assert {run.task.id: run.score for run in runs} == {"count": 1.0, "half": 1.0}
    assert len(server.asked) == 12
    for trajectory in told.values():
        assert [step.action.tool for step in trajectory.steps][-2:] == ["run_tests", "finish"]
        assert all(step.policy_spend.usage.input_tokens == 100 for step in trajectory.steps)
        assert trajectory.last.verified


class Knowing(Scripted):
    """Makes the moves of somebody who knows the right program of the task that it is asked."""

    def __init__(self, suite, style):
        super().__init__([], style)
        self.left = {
            name: list(moves_of(suite.exercise(name, 0)))
            for name in (*suite.trained, *suite.untrained)
        }

    def move(self, asked):
        told = "\n".join(str(message["content"]) for message in asked["messages"])
        [name] = [name for name in self.left if f"Mend {name}:" in told]
        action = self.left[name].pop(0)
        return action.tool, dict(action.arguments)


def model_at(port):
    server = {"server": f"http://127.0.0.1:{port}/v1", "model": "m", "local": True}
    return Config(tables=Tables.model_validate({"models": {"m": server}}))


async def test_generated_bugs_are_played_as_for_the_web(tmp_path):
    runs, _ = await play(CodeSuite(), tmp_path, tasks=("gcd",), seeds=range(200_000, 200_002))
    assert [run.score for run in runs] == [1.0, 1.0]
    assert all(run.task.prompt.startswith("Mend ") for run in runs)
    assert [run.task.metadata["split"] for run in runs] == ["untrained"] * 2


async def test_what_is_not_mended_scores_nothing_and_hidden_tests_stay_hidden():
    task = exercise("gcd", 200_000)
    episode = CodeEpisode(workplace_of(Config()), "code", task)
    visible = {case.call for case in task.visible}
    hidden = [case.call for case in task.hidden if case.call not in visible]
    assert hidden
    try:
        _, first = await episode.start(Budget())
        assert await episode.score(None) == 0.0
        everything = first.text
        for name in ("list", "run_tests", "test"):
            everything += (await episode.tools[name].call({})).text
        found = await episode.tools["run"].call({"command": "cat * .* 2>/dev/null; env; ps aux"})
        assert not any(call in everything + found.text for call in hidden)
        assert await episode.tools["run"].call({"command": f"rm {PROGRAM}"})
        assert await episode.score(None) == 0.0
    finally:
        episode.close()


async def test_the_tests_in_the_repository_are_those_that_count():
    task = exercise("gcd", 200_001)
    episode = CodeEpisode(workplace_of(Config()), "code", task)
    try:
        await episode.start(Budget())
        command = {"command": "python -m unittest -q"}
        assert not (await episode.tools["run"].call(command)).ok
        write = {"path": PROGRAM, "content": task.solution}
        assert (await episode.tools["write"].call(write)).ok
        assert (await episode.tools["run"].call(command)).ok
        assert await episode.score(None) == 1.0
    finally:
        episode.close()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("quixbugs", "name where it is, as in quixbugs:PATH"),
        ("quixbugs:/no/where", "is no QuixBugs checkout"),
        ("humaneval:/no/where", "is no HumanEval file"),
        ("nonesuch:/x", r"there are: web, office, code, quixbugs:PATH, humaneval:PATH"),
    ],
)
def test_a_suite_that_cannot_be_brought_is_told(name, why):
    with pytest.raises(ConfigError, match=why):
        load_suite(name)
