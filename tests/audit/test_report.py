from dataclasses import replace

import pytest
from pyarrow import parquet

from flyball import Energy, Spend, Task, Usage
from flyball.audit import diff, figures, flat_rows, replay, report, where_it_went, write_parquet
from flyball.ledger import MEMORY, Ledger
from flyball.monitors import OpenHandsStuck, Repeats
from tests.audit.runs import GERMANY, a_run, looping, write
from tests.ledger.conftest import a_step, estimated, read


@pytest.fixture
def ledger():
    with Ledger(MEMORY) as ledger:
        yield ledger


def told(ledger, by="task"):
    return report(ledger, ledger.runs(), by)


def test_energy_per_success_counts_the_failures_on_the_way(ledger):
    write(ledger, a_run("a", "t", score=1.0), 10.0)
    write(ledger, a_run("b", "t", score=0.0), 20.0)
    whole = told(ledger).whole
    assert whole.row.joules_per_success == whole.row.joules == pytest.approx(31 * 3)
    assert whole.row.joules_failed == pytest.approx(31 * 2)
    assert whole.median_j == pytest.approx(31 * 1.5)


def test_the_first_columns_are_energy_per_success_and_its_interval(ledger):
    for number in range(6):
        write(ledger, a_run(f"r{number}", f"t{number}", score=1.0), 10.0 + number)
    [row] = flat_rows(told(ledger, "suite"))
    low, high = row["joules_per_success_low"], row["joules_per_success_high"]
    assert list(row)[1:4] == [
        "joules_per_success",
        "joules_per_success_low",
        "joules_per_success_high",
    ]
    assert low < row["joules_per_success"] < high
    assert row["median_j_low"] <= row["median_j"] <= row["median_j_high"]


def test_what_went_into_each_policy_supervision_and_tools_adds_up(ledger):
    write(ledger, a_run("a", "t", score=1.0), 10.0)
    write(ledger, a_run("b", "t", score=1.0, policy="large"), 100.0)
    shares = told(ledger)
    assert dict(shares.policies) == {"large": 100.0, "small": 10.0}
    parts = sum(shares.policies.values()) + shares.supervision_j + shares.tools_j
    assert parts == pytest.approx(shares.known_j) == pytest.approx(shares.whole.row.joules)


def test_grams_are_joules_times_the_grid_that_was_written_down(ledger):
    write(ledger, a_run("a", "t", score=1.0), 1_000_000 / 3.1)
    assert told(ledger).whole.grams == pytest.approx(1_000_000 / 3_600_000 * 360)


def test_without_a_grid_grams_are_unknown_and_the_audit_says_so(ledger):
    write(ledger, a_run("a", "t", score=1.0), 10.0)
    write(ledger, a_run("b", "t", score=1.0, metering=None), 10.0)
    assert told(ledger).whole.grams is None
    assert any("carbon is unknown" in note for note in told(ledger).notes)


def test_a_counter_lost_in_mid_run_is_told_in_the_notes(ledger):
    write(ledger, a_run("a", "t", score=1.0), 10.0)
    ledger.save(a_run("b", "t", score=1.0))
    lost = Spend(seconds=1.0, energy=Energy(unknown=("rapl: it went backwards",)))
    ledger.append("b", a_step(policy_spend=read(5.0), tool_spend=lost))
    audited = told(ledger)
    assert audited.whole.row.joules is audited.whole.row.joules_per_success is None
    assert audited.whole.per_success is audited.whole.median_j is None
    assert audited.notes[0] == (
        "energy is unknown, or known in part only, of 1 of 2 runs: rapl: it went backwards"
    )


def test_readings_and_estimates_have_no_median_together(ledger):
    write(ledger, a_run("a", "t", score=1.0), 10.0)
    ledger.save(a_run("b", "t", score=1.0))
    ledger.append("b", a_step(policy_spend=Spend(seconds=1.0, energy=Energy(estimated_j=3.0))))
    audited = told(ledger)
    assert audited.whole.median_j is None
    assert any(
        "some were read and some estimated" in note or "no sum" in note for note in audited.notes
    )


def test_an_empty_ledger_has_an_empty_report(ledger):
    audited = told(ledger)
    assert (audited.rows, audited.whole.row.runs, audited.whole.row.joules) == ((), 0, None)


def test_a_replayed_stop_rule_saves_what_came_after_its_first_stop(ledger):
    looping(ledger, a_run("a", "t", score=0.0), 10)
    write(ledger, a_run("b", "u", score=1.0), 1.0)
    [saving] = replay(ledger, ledger.runs(), [OpenHandsStuck()])
    assert (saving.runs, saving.stopped, saving.stopped_successes) == (2, 1, 0)
    assert saving.joules == pytest.approx(103.1)
    # It stops at the step after the fourth sameness; that step's own answer is paid for.
    assert saving.saved_j % 10 == pytest.approx(2.0)
    assert 0 < saving.saved_j < 100
    assert saving.share == pytest.approx(saving.saved_j / 103.1)


def test_without_a_rule_no_run_is_read_as_a_whole(ledger, monkeypatch):
    looping(ledger, a_run("a", "t", score=0.0), 3)
    monkeypatch.delattr(Ledger, "steps")
    assert replay(ledger, ledger.runs(), []) == []


def test_a_rule_that_only_hands_back_saves_nothing_by_stopping(ledger):
    looping(ledger, a_run("a", "t", score=0.0), 5)
    [saving] = replay(ledger, ledger.runs(), [Repeats(limit=9)])
    assert (saving.stopped, saving.saved_j) == (0, 0.0)


def guess(ledger, run, joules):
    ledger.save(run)
    ledger.append(run.id, a_step(policy_spend=estimated(joules)))


@pytest.mark.parametrize(
    "shared",
    [
        {"task": Task(id="t", prompt="go", metadata={"workers": "2"})},
        {"metering": replace(GERMANY, beside=1)},
    ],
)
def test_runs_that_shared_the_machine_are_not_replayed(ledger, shared):
    looping(ledger, a_run("a", "t", score=0.0), 10)
    looping(ledger, replace(a_run("b", "t", score=0.0), **shared), 10)
    [saving] = replay(ledger, ledger.runs(), [OpenHandsStuck()])
    assert saving.joules == pytest.approx(100.0)
    assert (saving.runs, saving.stopped, saving.method) == (1, 1, "counter")


def test_readings_and_estimates_are_never_added_up_in_a_replay(ledger):
    looping(ledger, a_run("a", "t", score=0.0), 10)
    guess(ledger, a_run("b", "u", score=0.0), 7.0)
    ledger.save(a_run("c", "v", score=0.0))
    ledger.append("c", a_step(policy_spend=read(1.0), tool_spend=estimated(1.0)))
    [of_readings] = replay(ledger, ledger.runs(), [OpenHandsStuck()])
    assert of_readings.joules == pytest.approx(100.0)
    assert (of_readings.runs, of_readings.method) == (1, "counter")
    guess(ledger, a_run("d", "w", score=0.0), 8.0)
    [of_estimates] = replay(ledger, ledger.runs(), [OpenHandsStuck()])
    assert (of_estimates.runs, of_estimates.stopped) == (2, 0)
    assert (of_estimates.joules, of_estimates.method) == (15.0, "estimated")


def test_two_sets_are_compared_over_the_tasks_that_both_have(ledger):
    for number in range(8):
        write(ledger, a_run(f"a{number}", f"t{number}", score=1.0), 10.0 + number)
        cheap = a_run(f"b{number}", f"t{number}", score=1.0, policy="tiny")
        write(ledger, cheap, (10.0 + number) / 2)
    write(ledger, a_run("c", "elsewhere", score=1.0, policy="tiny"), 1e6)
    runs = figures(ledger, ledger.runs())
    small, tiny = ([run for run in runs if run.policy == name] for name in ("small", "tiny"))
    differences, tasks = diff(small, tiny)
    energy = differences[0]
    assert tasks == 8
    assert energy.what == "energy per success"
    assert energy.share == pytest.approx(-0.5)
    assert energy.interval.high < 0
    assert [each.change for each in differences if each.what == "success"] == [0.0]


def test_a_task_that_was_run_more_often_weighs_no_more(ledger):
    for number in range(9):
        write(ledger, a_run(f"a{number}", "dear", score=1.0), 1000.0)
    write(ledger, a_run("b", "cheap", score=1.0), 10.0)
    for task, joules in (("dear", 1000.0), ("cheap", 10.0)):
        write(ledger, a_run(f"c-{task}", task, score=1.0, policy="tiny"), joules)
    runs = figures(ledger, ledger.runs())
    small, tiny = ([run for run in runs if run.policy == name] for name in ("small", "tiny"))
    differences, tasks = diff(small, tiny)
    assert tasks == 2
    assert [each.change for each in differences[:4]] == pytest.approx([0.0] * 4)


def test_sets_without_a_common_task_have_no_difference(ledger):
    write(ledger, a_run("a", "t", score=1.0), 10.0)
    differences, tasks = diff(figures(ledger, ledger.runs()), [])
    assert tasks == 0
    assert {each.change for each in differences} == {None}


def test_parquet_keeps_what_is_unknown_as_null(ledger, tmp_path):
    write(ledger, a_run("a", "t", score=1.0), 10.0)
    write(ledger, a_run("b", "u", score=0.0), 10.0)
    path = tmp_path / "audit.parquet"
    write_parquet(path, flat_rows(told(ledger)))
    table = parquet.read_table(path)
    assert table.column("joules_per_success").to_pylist() == [31.0, None]
    assert table.column("joules_own").to_pylist() == [None, None]
    assert table.column("runs").to_pylist() == [1, 1]


def test_writing_answers_is_held_against_what_memory_allows(ledger):
    metering = replace(GERMANY, bandwidth_bytes_per_s=1e10)
    ledger.save(a_run("a", "t", score=1.0, metering=metering))
    # 100 tokens of 1 GB each are 10 s at 10 GB/s; they took 25 s.
    usage = Usage(requests=1, prefill_seconds=3.0, decode_seconds=25.0, decode_bytes=10**11)
    ledger.append("a", a_step(policy_spend=Spend(seconds=28.0, usage=usage)))
    audited = told(ledger)
    assert audited.whole.floor_share == pytest.approx(0.4)
    assert (audited.whole.row.prefill_seconds, audited.whole.row.decode_seconds) == (3.0, 25.0)


def test_reading_and_writing_share_a_policys_joules_by_seconds_and_say_so(ledger):
    ledger.save(a_run("a", "t", score=1.0))
    usage = Usage(requests=1, output_tokens=9, prefill_seconds=1.0, decode_seconds=3.0)
    ledger.append("a", a_step(policy_spend=replace(read(8.0), usage=usage), tool_spend=read(5.0)))
    audited = told(ledger)
    assert (audited.prefill_j, audited.decode_j) == pytest.approx((2.0, 6.0))
    [line] = [line for line in where_it_went(audited) if "reading prompts" in line]
    assert "modelled" in line
    ledger.save(a_run("b", "t", score=1.0))
    untold = Usage(requests=1, output_tokens=9)
    ledger.append("b", a_step(policy_spend=replace(read(8.0), usage=untold)))
    assert told(ledger).prefill_j is told(ledger).decode_j is None


def test_without_a_calibration_the_floor_is_unknown(ledger):
    write(ledger, a_run("a", "t", score=1.0), 10.0)
    assert told(ledger).whole.floor_share is None
