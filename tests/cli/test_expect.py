from flyball.ledger import Ledger
from flyball.monitors import Priced, load_expectations
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
