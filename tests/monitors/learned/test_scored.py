import pytest

from flyball.errors import ConfigError
from flyball.monitors.learned.scored import ScoredRun, read_scored, write_scored

RUN = ScoredRun(task="web/t", success=False, scores=(0.1, 0.9), joules=(1.0, 2.5), agent="small")


def test_scored_runs_are_read_back_as_they_were(tmp_path):
    path = tmp_path / "runs.jsonl"
    write_scored(path, [RUN, RUN])
    assert read_scored(path) == (RUN, RUN)


def test_a_run_needs_a_figure_for_every_step():
    with pytest.raises(ConfigError, match="1 scores and 2"):
        ScoredRun(task="t", success=True, scores=(0.1,), joules=(1.0, 2.0))


@pytest.mark.parametrize("line", ["{", "[]", '{"scores": [1]}', '{"scores": ["x"], "joules": []}'])
def test_a_line_that_is_no_scored_run_is_named(tmp_path, line):
    path = tmp_path / "runs.jsonl"
    write_scored(path, [RUN])
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(ConfigError, match=r"runs\.jsonl, line 2: not a scored run"):
        read_scored(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_scored(tmp_path / "none.jsonl")
