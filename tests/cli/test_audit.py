"""`flyball audit` and `flyball audit diff`, as a user calls them."""

import csv
import io
import json
from dataclasses import replace

import pytest
from pyarrow import parquet

from flyball import Energy, Spend
from flyball.ledger import Ledger
from tests.audit.runs import a_run, looping, write
from tests.ledger.conftest import a_step, read


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.db") as ledger:
        for number in range(6):
            won = float(number != 0)
            write(ledger, a_run(f"a{number}", f"t{number}", score=won), 20.0)
            cheap = a_run(f"b{number}", f"t{number}", score=won, policy="tiny")
            write(ledger, cheap, 10.0)
        yield ledger


def test_energy_per_success_stands_first_in_every_format(call, ledger, tmp_path):
    text = call("audit", "--by", "model", "--parquet", tmp_path / "audit.parquet").out
    rows = json.loads(call("audit", "--by", "model", "--json").out)["rows"]
    table = list(csv.DictReader(io.StringIO(call("audit", "--by", "model", "--csv").out)))
    columns = parquet.read_table(tmp_path / "audit.parquet").to_pydict()
    assert "J/success" in text.splitlines()[0].split()[0]
    assert [row["joules_per_success"] for row in rows] == pytest.approx([74.4, 37.2])
    assert [float(row["joules_per_success"]) for row in table] == pytest.approx([74.4, 37.2])
    assert columns["joules_per_success"] == pytest.approx([74.4, 37.2])
    assert list(rows[0])[:2] == list(table[0])[:2] == list(columns)[:2]


def test_the_shares_of_policies_supervision_tools_and_failures_are_told(call, ledger):
    out = call("audit", "--by", "suite").out
    assert "policy small 21.5%, policy tiny 10.8%, supervision 3.2%, tools 64.5%" in out
    assert "into failures: 16.7%" in out


@pytest.mark.parametrize("by", ["task", "model", "agent", "suite", "tool", "attempt", "day"])
def test_every_grouping_has_a_table_a_page_and_json(call, ledger, tmp_path, by):
    page = tmp_path / "audit.html"
    result = call("audit", "--by", by, "--html", page, "--json")
    assert result.code == 0
    assert json.loads(result.out)["all"]["joules"] == pytest.approx(558)
    assert f"By {by}" in page.read_text()
    assert "http" not in page.read_text().replace("http://www.w3.org", "")


def test_only_the_runs_that_fit_are_audited(call, ledger):
    told = call("audit", "--where", "model=tiny", "--where", "task=t3", "--json").out
    assert json.loads(told)["runs"] == 1
    wrong = call("audit", "--where", "colour=red")
    assert wrong.code == 2
    assert "fields are: model, agent" in wrong.err


def test_what_stop_rules_would_have_saved_is_told_on_request(call, ledger):
    looping(ledger, a_run("loop", "loop", score=0.0), 12)
    out = call("audit", "--replay").out
    assert "stopping by openhands_stuck would have saved" in out
    assert "1 of 13 runs stopped, 0 of them successes" in out
    assert "would have saved" not in call("audit").out


def test_a_counter_that_was_lost_is_told_with_its_reason(call, ledger):
    ledger.save(a_run("lost", "t9", score=1.0))
    lost = Spend(seconds=1.0, energy=Energy(unknown=("rapl: it went backwards",)))
    ledger.append("lost", a_step(policy_spend=read(5.0), tool_spend=lost))
    out = call("audit").out
    assert "of 1 of 13 runs: rapl: it went backwards" in out
    assert "≥5" in out


def test_two_sets_are_compared_paired_by_task(call, ledger):
    told = json.loads(call("audit", "diff", "model=small", "model=tiny", "--json").out)
    energy = told["rows"][0]
    assert (told["tasks"], energy["what"]) == (6, "energy per success")
    assert (energy["a"], energy["b"]) == pytest.approx((74.4, 37.2))
    assert energy["share"] == pytest.approx(-0.5)
    assert energy["low"] <= energy["change"] <= energy["high"] < 0
    out = call("audit", "diff", "model=small", "model=tiny").out
    assert "-50.0%" in out
    assert "a difference" in out
    assert "over 6 tasks that both have" in out


def test_two_ledgers_can_be_compared(call, ledger, tmp_path):
    other = tmp_path / "other.db"
    with Ledger(other) as second:
        write(second, a_run("c", "t1", score=1.0), 80.0)
    told = json.loads(call("audit", "diff", tmp_path / "ledger.db", other, "--json").out)
    assert told["tasks"] == 1


@pytest.mark.parametrize(
    ("side", "why"),
    [("nonesuch.db", "neither a ledger file nor FIELD=VALUE"), ("model=nobody", "no task was run")],
)
def test_a_side_that_is_not_there_is_one_line(call, ledger, side, why):
    result = call("audit", "diff", "model=small", side)
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert why in result.err


def test_a_path_that_cannot_be_written_is_one_line(call, ledger, tmp_path):
    result = call("audit", "--parquet", tmp_path / "no" / "such" / "folder.parquet")
    assert result.code == 2
    assert "cannot write" in result.err


def test_a_run_tells_what_its_figures_rest_on(call, ledger):
    run = a_run("told", "t", score=1.0, total=read(9.0, 4.0), idle=read(1.0, 0.5))
    write(ledger, run, 1.0)
    out = call("show", "told", "--why").out
    assert "from its first look to its end:" in out
    assert "rapl: reads package-0" in out
    assert "grid: 360 g CO2e/kWh, Germany 2023" in out
    assert "grid:" not in call("show", "told").out


def test_what_each_attempt_at_a_task_took_is_a_row_of_its_own(call, tmp_path):
    with Ledger(tmp_path / "ledger.db") as ledger:
        for number, (score, joules) in enumerate([(0.0, 10.0), (1.0, 20.0)], start=1):
            run = a_run(f"r{number}", "mend", score=score)
            marks = {"attempts": "1f2e", "attempt": f"{number} of 3"}
            write(ledger, replace(run, task=replace(run.task, metadata=marks)), joules)
        write(ledger, a_run("r3", "other", score=1.0), 30.0)
    told = json.loads(call("audit", "--by", "attempt", "--json").out)
    assert [(row["key"], row["runs"], row["successes"], row["joules"]) for row in told["rows"]] == [
        ("mend 1f2e 1 of 3", 1, 0, pytest.approx(31.0)),
        ("mend 1f2e 2 of 3", 1, 1, pytest.approx(62.0)),
        ("other", 1, 1, pytest.approx(93.0)),
    ]
    assert [row["median_j"] for row in told["rows"]] == pytest.approx([31.0, 62.0, 93.0])
    assert told["all"]["joules_per_success"] == pytest.approx(93.0)
    assert "mend 1f2e 2 of 3" in call("audit", "--by", "attempt").out
