"""`flyball bench collect`, and what `flyball monitors train` makes of it."""

import json
import sqlite3

import pytest

from flyball.bench.collecting import calibration_seeds
from flyball.errors import ConfigError
from flyball.learning.samples import write_samples
from flyball.ledger import Ledger
from flyball.monitors.learned.scored import read_scored
from flyball.monitors.learned.trees import load_trees
from tests.learning.test_training import a_sample

COLLECT = ("bench", "collect")


@pytest.mark.browser
def test_runs_are_collected_on_calibration_seeds_without_monitors_and_taken_up_again(
    call, tmp_path
):
    (tmp_path / "flyball.toml").write_text('[run]\nmonitors = ["repeats"]\n')
    path = tmp_path / "runs.db"
    words = (*COLLECT, "office", "--policy", "oracle", "--tasks", "ship-orders", "--ledger", path)
    result = call(*words, "--episodes", "1")
    assert result.code == 0, result.err
    assert "1 runs of 1 tasks, 1 won" in result.out
    assert "1 episodes are in the ledger already" in call(*words, "--episodes", "1").err
    with Ledger(path) as ledger:
        (run,) = ledger.runs()
        assert (run.seed, run.monitors) == (100_000, ("over_budget()",))
        told = ledger.milestones(run.id)
        assert len(told) == len(ledger.steps(run.id))
        assert sum(map(bool, told)) >= 2


@pytest.mark.browser
@pytest.mark.llama
def test_a_policy_that_draws_is_another_batch_with_log_probabilities(call, tmp_path):
    path = tmp_path / "runs.db"
    words = (*COLLECT, "web", "--tasks", "click-test", "--episodes", "1", "--ledger", path)
    assert call(*words).code == call(*words, "--temperature", "1.5").code == 0
    with Ledger(path) as ledger:
        greedy, drawn = ledger.runs()
        assert greedy.task.metadata["batch"] != drawn.task.metadata["batch"]
        assert all(step.action.logprobs for step in ledger.steps(greedy.id))
        assert ledger.milestones(greedy.id) is not None


@pytest.mark.parametrize("episodes", [0, 100_001])
def test_there_are_only_so_many_seeds(episodes):
    with pytest.raises(ConfigError, match="--episodes is from 1 to 100,000"):
        calibration_seeds(episodes)


def test_monitors_are_trained_into_files_that_monitors_load(call, tmp_path):
    path, out, scores = tmp_path / "s.jsonl", tmp_path / "weights", tmp_path / "scores"
    write_samples(path, [a_sample(seed) for seed in range(60)])
    words = ("monitors", "train", "--from", path, "--out", out, "--monitors", "stuck")
    result = call(*words, "--scores", scores, "--samples", tmp_path / "kept" / "s.jsonl")
    assert result.code == 0, result.err
    assert "stuck: fold 5 of 5" in result.err
    assert load_trees("stuck", out / "stuck.json").about["runs"] == 60
    assert (out / "stuck.md").read_text().startswith("# stuck")
    assert len(read_scored(scores / "stuck.jsonl")) == 60
    assert (tmp_path / "kept" / "s.jsonl").read_text() == path.read_text()
    rows = json.loads(call(*words, "--json").out)
    assert {row["metric"] for row in rows} == {"auc", "precision", "recall", "f1", "false_alarms"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--from", "none.db"), "none.db does not exist"),
        (("--from", "s.jsonl", "--monitors", "stuk"), "no monitor called 'stuk' is trained"),
        (("--from", "s.jsonl"), "s.jsonl: no format that is known"),
        (("--from", "rows.jsonl"), "rows.jsonl, line 1: no sample"),
        (("--from", "other.db"), "another program's file"),
    ],
)
def test_what_nothing_can_be_learned_from_is_one_line(call, tmp_path, words, told):
    (tmp_path / "s.jsonl").write_text("{}\n")
    (tmp_path / "rows.jsonl").write_text('{"rows": []}\n')
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("create table t (x)")
    other.close()
    result = call("monitors", "train", "--out", tmp_path / "out", *words)
    assert result.code in (2, 3)
    assert told in result.err
    assert result.err.strip().count("\n") <= 1


def test_a_place_that_cannot_be_written_is_one_line(call, tmp_path):
    (tmp_path / "file").write_text("")
    write_samples(tmp_path / "s.jsonl", [a_sample(seed) for seed in range(24)])
    words = ("monitors", "train", "--from", tmp_path / "s.jsonl", "--monitors", "stuck")
    result = call(*words, "--out", tmp_path / "file" / "weights")
    assert (result.code, "name another" in result.err) == (2, True)
