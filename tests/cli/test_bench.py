"""`flyball bench`: listed, played, interrupted, and taken up again."""

import json
import os
import signal
import subprocess
import sys

import pytest

from flyball.ledger import Ledger
from tests.processes import process

pytestmark = pytest.mark.browser

FEW = ("--tasks", "click-test,click-test-2")
ORACLE = ("bench", "run", "web", "--policy", "oracle")


def values(rows, metric):
    return {(row["split"], row["task"]): row["value"] for row in rows if row["metric"] == metric}


def test_the_suites_are_listed_with_their_tasks(call):
    rows = json.loads(call("bench", "list", "--json").out)
    assert {frozenset(row) for row in rows} == {
        frozenset(("suite", "task", "split", "max_steps")),
    }
    assert {row["suite"] for row in rows} >= {"web"}
    assert {row["split"] for row in rows} == {"trained", "untrained"}
    assert "login-user" in call("bench", "list").out
    left_out = json.loads(call("bench", "list", "--unsuited", "--json").out)
    assert {
        "suite": "web",
        "task": "click-color",
        "reason": "the colours can only be seen",
    } in left_out
    assert not {row["task"] for row in left_out} & {row["task"] for row in rows}


def test_a_batch_is_reported_three_ways_and_not_played_twice(call, tmp_path):
    page = tmp_path / "report.html"
    words = (*ORACLE, *FEW, "--seeds", "200002..200003", "--html", page)
    first = call(*words, "--json")
    assert first.code == 0
    rows = json.loads(first.out)
    assert values(rows, "success") == {
        ("trained", "all"): 1.0,
        ("trained", "click-test"): 1.0,
        ("untrained", "all"): 1.0,
        ("untrained", "click-test-2"): 1.0,
    }
    assert "click-test-2" in page.read_text()
    second = call(*words)
    assert "4 episodes are in the ledger already" in second.err
    assert "click-test-2" in second.out
    assert len(json.loads(call("runs", "--suite", "web", "--json").out)) == 4
    assert call(*words, "--fresh").code == 0
    assert len(json.loads(call("runs", "--suite", "web", "--json").out)) == 8


@pytest.mark.llama
def test_two_workers_play_the_bundled_model_and_say_that_energy_is_unknown(call):
    words = ("bench", "run", "web", "--policy", "small", *FEW, "--seeds", "200000..200001")
    result = call(*words, "--workers", "2")
    assert result.code == 0
    assert "--workers 1 --fresh" in result.out
    rows = json.loads(call(*words, "--json").out)
    assert {row["policy"] for row in rows} == {"bundled/small"}
    assert set(values(rows, "joules").values()) == {None}
    assert all(ms > 0 for ms in values(rows, "decision_ms").values())


@pytest.mark.parametrize(
    "words",
    [
        ("bench", "run", "nonesuch"),
        ("bench", "run", "web", "--policy", "nonesuch"),
        ("bench", "run", "web", "--tasks", "login-usr"),
        ("bench", "run", "web", "--seeds", "200029..200000"),
        ("bench", "run", "web", "--seeds", "900000..900001"),
        ("bench", "run", "web", "--seeds", "many"),
    ],
)
def test_what_cannot_be_played_is_one_line(call, words):
    result = call(*words)
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert not call("runs", "--json").out.strip("[]\n")


def test_a_page_that_cannot_be_written_is_one_line(call, tmp_path):
    words = (*ORACLE, "--tasks", "click-test", "--seeds", "1..1")
    result = call(*words, "--html", tmp_path / "none" / "report.html")
    assert result.code == 2
    assert "--html" in result.err
    assert "Traceback" not in result.err


def test_a_batch_that_is_interrupted_says_how_to_go_on(tmp_path):
    path = tmp_path / "interrupted.db"
    command = [sys.executable, "-m", "flyball.cli", *ORACLE, "--tasks", "click-test"]
    command += ["--seeds", "200000..200999", "--ledger", str(path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    # A terminal interrupts the browser's processes too: they are of the same group.
    options = {"cwd": tmp_path, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    going = process(command, env=environment, start_new_session=True, **options)
    with Ledger(path) as ledger, going as batch:
        while sum(run.score is not None for run in ledger.runs()) < 3:
            assert batch.poll() is None, batch.communicate()
        os.killpg(batch.pid, signal.SIGINT)
        _, said = batch.communicate(timeout=60)
        assert batch.returncode == 1
        assert "the same command goes on" in said
        assert "Traceback" not in said
        assert {run.status for run in ledger.runs()} <= {"finished", "stopped"}
