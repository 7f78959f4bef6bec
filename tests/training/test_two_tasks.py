"""The whole way to a policy, on two tasks: collect, train, export, and play live."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flyball.bench.runner import Plan, perform
from flyball.bench.suites import EVALUATION_SEEDS, load_suite, pairs_of
from flyball.config import Config
from flyball.config.tables import ModelTable, Tables
from flyball.ledger import MEMORY, Ledger
from tests.bench.stand_ins import Listener
from training.collect import collect
from training.examples import write

pytestmark = [pytest.mark.browser, pytest.mark.llama, pytest.mark.timeout(600)]

TASKS = ("click-test", "focus-text")
TOKENS = "200000"


def trained(work: Path) -> Path:
    """Train on what lies in `work`, as `make policies` does."""
    call = (sys.executable, "-m", "training.train", "tiny", "--tokens", TOKENS)
    call += ("--drills-only", "0", "--work", str(work))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run(call, check=True, capture_output=True, text=True, env=environment)
    return work / "tiny" / "tiny.gguf"


async def test_two_tasks_are_learned_from_nothing_in_two_minutes(tmp_path):
    shown = tmp_path / "demonstrations"
    shown.mkdir()
    for task in TASKS:
        examples, won, played = await collect(task, 60)
        assert won == played == 60
        assert examples[-1].answer == " finish"
        write(shown / f"{task}.jsonl", examples)
    table = ModelTable(gguf=str(trained(tmp_path)))
    config = Config(tables=Tables(models={"tiny": table}))
    pairs = pairs_of(TASKS, EVALUATION_SEEDS[:10])
    with Ledger(MEMORY) as ledger:
        plan = Plan(suite=load_suite("web"), policy="tiny", pairs=pairs)
        runs = await perform(plan, config, ledger, Listener())
    won = {task: sum(bool(run.success) for run in runs if run.task.id == task) for task in TASKS}
    assert won == {"click-test": 10, "focus-text": 10}
