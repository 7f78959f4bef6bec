"""Cascades played live: who takes which step, and who is written down for it."""

import json

import pytest

from flyball.bench.cascades import contender_of, duo_of
from flyball.bench.runner import Plan, perform
from flyball.bench.suites import pairs_of
from flyball.config import Config
from flyball.config.tables import Tables
from flyball.ledger import MEMORY, Ledger
from tests.bench.stand_ins import PageSuite
from tests.models.stand_ins import serve

pytestmark = pytest.mark.browser

PRESS = {"choices": [{"index": 0, "text": ' click button "Go" 1', "finish_reason": "stop"}]}


def always_press(method, path, headers):
    return 200, {"Content-Type": "application/json"}, json.dumps(PRESS).encode()


@pytest.fixture(scope="module")
def config():
    with serve(always_press) as server:
        table = {"server": f"{server}/v1", "format": "compact"}
        run = {"policy": "little", "strong": "big", "monitors": ["over_budget"]}
        told = {"models": {"little": table, "big": table}, "run": run}
        yield Config(tables=Tables.model_validate(told))


@pytest.fixture
def ledger():
    with Ledger(MEMORY) as ledger:
        yield ledger


async def play(config, ledger, name, *, seeds=(1,), workers=1):
    contender = contender_of(config, name, duo_of(config))
    plan = Plan(
        suite=PageSuite(),
        policy=contender.driver,
        contender=contender,
        pairs=pairs_of(("press",), seeds),
        workers=workers,
    )
    runs = await perform(plan, config, ledger)
    return runs, [[step.policy for step in ledger.steps(run.id)] for run in runs]


@pytest.mark.parametrize(
    ("name", "drivers"),
    [
        ("small", ["little"] * 6),
        ("strong", ["big"] * 6),
        ("every:2", ["little", "big"] * 3),
        ("every:1", ["big"] * 6),
        ("random:1", ["big"] * 6),
        ("random:0", ["little"] * 6),
        ("litellm", ["little"] * 3 + ["big"] * 3),
        ("cascade/burst=2/cooldown=0", ["little"] * 3 + ["big"] * 2 + ["little"]),
        ("cascade/monitors=none", ["little"] * 6),
    ],
)
async def test_each_step_is_the_right_policys(config, ledger, name, drivers):
    [run], [steps] = await play(config, ledger, name)
    assert steps == drivers
    assert run.task.metadata["contender"] == name
    alone = name in ("small", "strong")
    assert run.policy == ("big" if name == "strong" else "little")
    assert run.strong == (None if alone else "big")


async def test_random_steps_are_the_same_when_they_are_played_again(config, ledger):
    seeds = range(4)
    _, first = await play(config, ledger, "random:0.5", seeds=seeds)
    assert len({tuple(steps) for steps in first}) > 1
    with Ledger(MEMORY) as another:
        runs, again = await play(config, another, "random:0.5", seeds=seeds, workers=2)
        by_seed = dict(zip((run.seed for run in runs), again, strict=True))
    assert [by_seed[seed] for seed in seeds] == first


async def test_a_batch_of_a_cascade_goes_on_where_it_was(config, ledger):
    await play(config, ledger, "every:2", seeds=(1,))
    runs, _ = await play(config, ledger, "every:2", seeds=(1, 2))
    assert len(runs) == len(ledger.runs()) == 2
    await play(config, ledger, "every:3", seeds=(1, 2))
    assert len(ledger.runs()) == 4
