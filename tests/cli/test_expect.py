from dataclasses import replace

from flyball.cli.expect import unseen_risk
from flyball.ledger import Ledger
from flyball.monitors import Priced, load_expectations
from flyball.monitors.learned.scored import ScoredRun, write_scored
from tests.learning.test_expecting import played


def test_the_command_writes_a_table_that_the_governor_reads(call, tmp_path):
    runs = [
        played("a", ["small"] * 2, won=False, seed=1),
        played("b", ["large"] * 3, won=True, seed=1, joules=5.0),
    ]
    with Ledger(tmp_path / "runs.db") as ledger:
        ledger.add((run, told.steps) for run, told in runs)
    words = ("monitors", "expect", "--from", tmp_path / "runs.db", "--out", tmp_path / "e.json")
    assert call(*words, "--small", "small").code == 2
    result = call(*words, "--small", "small", "--strong", "large")
    assert result.code == 0, result.err
    assert "[governor] expectations =" in result.out
    table = load_expectations(tmp_path / "e.json")
    assert (table.small, table.strong, table.overall("call").runs) == ("small", "large", 1)
    assert table.overall("small").runs == 1
    assert Priced(expectations=table, strong="large").prefer == "balanced"
    assert call(*words[:3], tmp_path / "none.db", *words[4:], "--strong", "x").code == 2


def test_scores_of_unseen_tasks_tell_the_risk_of_the_runs_that_monitors_were_trained_on(tmp_path):
    scored = ScoredRun(
        task="web/login", success=True, scores=(0.2, 0.4), joules=(1.0, 2.0), agent="small", seed=7
    )
    write_scored(tmp_path / "will_fail.jsonl", [scored])
    write_scored(tmp_path / "stuck.jsonl", [replace(scored, scores=(0.3, 0.1))])
    risk = unseen_risk(tmp_path)

    def at(steps, policy="small", seed="7"):
        run, told = played("a", [policy] * steps, won=True)
        run = replace(run, policy=policy, seed=int(seed))
        return risk(run, told)

    assert (at(1), at(2)) == (0.3, 0.4)
    assert at(3) is at(1, seed="8") is at(1, policy="large") is None
    write_scored(tmp_path / "will_fail.jsonl", [scored, scored])
    write_scored(tmp_path / "stuck.jsonl", [scored, scored])
    risk = unseen_risk(tmp_path)
    assert at(1) is None, "two runs are alike, and nothing tells which scores are whose"
    named = [replace(scored, run="a"), replace(scored, run="b", scores=(0.8, 0.9))]
    write_scored(tmp_path / "will_fail.jsonl", named)
    write_scored(tmp_path / "stuck.jsonl", named)
    risk = unseen_risk(tmp_path)
    assert (at(1), at(2)) == (0.2, 0.4)
