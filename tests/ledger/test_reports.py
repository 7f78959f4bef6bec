from dataclasses import asdict, fields, replace
from datetime import timedelta
from decimal import Decimal

import pytest

from flyball import Energy, Run, Spend, Step, Usage
from flyball.errors import LedgerError
from flyball.ledger import AuditRow, audit
from tests.ledger.conftest import MONDAY, a_run, a_step, estimated, read


def write(ledger, run: Run, *steps: Step) -> None:
    ledger.save(run)
    for step in steps:
        ledger.append(run.id, step)


def only(ledger, by="task", **wanted) -> AuditRow:
    (row,) = audit(ledger, by, **wanted)
    return row


def test_a_row_has_the_columns_that_others_rely_on():
    assert [field.name for field in fields(AuditRow)] == [
        "key",
        "runs",
        "successes",
        "steps",
        "input_tokens",
        "cached_tokens",
        "output_tokens",
        "cost_usd",
        "joules",
        "energy_method",
        "joules_failed",
        "joules_supervision",
        "joules_per_success",
        "seconds",
    ]


def test_everything_that_runs_took_is_added_up(ledger):
    step = a_step(policy_spend=read(5.0), monitor_spend=read(2.0), tool_spend=read(3.0))
    write(ledger, a_run("a", score=1.0), step, replace(step, index=1))
    write(ledger, a_run("b", score=0.5), step)
    assert asdict(only(ledger)) == {
        "key": "greet",
        "runs": 2,
        "successes": 1,
        "steps": 3,
        "input_tokens": 9000,
        "cached_tokens": 3600,
        "output_tokens": 90,
        "cost_usd": pytest.approx(0.009),
        "joules": 30.0,
        "energy_method": "counter",
        "joules_failed": 10.0,
        "joules_supervision": 6.0,
        "joules_per_success": 30.0,
        "seconds": 9.0,
    }


def test_rows_are_sorted_by_what_they_are_asked_for(ledger):
    sums = replace(a_run().task, id="add", suite="sums")
    write(ledger, a_run("a"), a_step())
    write(ledger, a_run("b", task=sums, agent="code", policy="large"), a_step(policy="large"))
    write(ledger, a_run("c", started_at=MONDAY + timedelta(days=1)), a_step())
    keys = {
        by: [(row.key, row.runs) for row in audit(ledger, by)]
        for by in ("task", "model", "agent", "suite", "day")
    }
    assert keys == {
        "task": [("add", 1), ("greet", 2)],
        "model": [("large", 1), ("small", 2)],
        "agent": [("code", 1), ("web", 2)],
        "suite": [("manners", 2), ("sums", 1)],
        "day": [("2026-11-23", 2), ("2026-11-24", 1)],
    }


def test_an_unknown_grouping_names_the_known_ones(ledger):
    with pytest.raises(LedgerError, match="task, model, agent, suite, day"):
        audit(ledger, "colour")


def test_an_empty_ledger_has_no_rows(ledger):
    assert audit(ledger, "task") == []


def test_runs_can_be_chosen_by_id_suite_and_time(ledger):
    for number in range(3):
        write(ledger, a_run(f"r{number}", started_at=MONDAY + timedelta(days=number)), a_step())
    assert only(ledger, runs=["r0", "r2", "r9"]).runs == 2
    assert only(ledger, since=MONDAY + timedelta(days=1)).steps == 2
    assert only(ledger, suite="manners").runs == 3
    assert audit(ledger, "task", suite="sums") == audit(ledger, "task", runs=[]) == []


def test_by_model_a_step_belongs_to_the_policy_that_took_it(ledger):
    first = a_step(0, policy_spend=read(1.0))
    rescue = a_step(1, policy="large", policy_spend=read(50.0))
    write(ledger, a_run(score=1.0), first, rescue)
    large, small = audit(ledger, "model")
    assert (large.key, large.runs, large.successes, large.steps) == ("large", 0, None, 1)
    assert (large.joules, large.joules_failed, large.joules_per_success) == (50.0, 0.0, None)
    assert (small.key, small.runs, small.successes, small.joules) == ("small", 1, 1, 1.0)


def test_without_a_checker_success_is_unknown(ledger):
    write(ledger, a_run(status="stopped"), a_step(policy_spend=read(5.0)))
    row = only(ledger)
    assert (row.successes, row.joules_failed, row.joules_per_success) == (None, None, None)
    assert row.joules == 5.0


@pytest.mark.parametrize(
    ("unchecked", "joules_failed"),
    [
        ({"status": "stopped"}, 5.0),
        ({"status": "failed"}, 5.0),
        ({"status": "finished", "gave_up": True}, 5.0),
        ({"status": "finished"}, 0.0),
        ({"status": "running"}, 0.0),
    ],
)
def test_beside_checked_runs_one_that_was_broken_off_has_failed(ledger, unchecked, joules_failed):
    write(ledger, a_run("a", score=1.0), a_step(policy_spend=read(1.0)))
    write(ledger, a_run("b", **unchecked), a_step(policy_spend=read(5.0)))
    row = only(ledger)
    assert (row.successes, row.joules_failed, row.joules_per_success) == (1, joules_failed, 6.0)


def test_no_success_has_no_price(ledger):
    write(ledger, a_run(score=0.0), a_step(policy_spend=read(5.0)))
    row = only(ledger)
    assert (row.successes, row.joules_failed, row.joules_per_success) == (0, 5.0, None)


def test_estimates_are_added_up_among_themselves(ledger):
    write(ledger, a_run(score=0.0), a_step(policy_spend=estimated(5.0), monitor_spend=estimated(1)))
    row = only(ledger)
    assert (row.joules, row.energy_method) == (6.0, "estimated")
    assert (row.joules_failed, row.joules_supervision) == (6.0, 1.0)


def test_a_reading_and_an_estimate_are_never_one_figure(ledger):
    write(ledger, a_run("a", score=1.0), a_step(policy_spend=read(5.0)))
    write(ledger, a_run("b", score=0.0), a_step(policy_spend=estimated(5.0)))
    row = only(ledger)
    assert (row.joules, row.energy_method) == (None, "mixed")
    assert row.joules_failed is row.joules_supervision is row.joules_per_success is None


def test_an_estimate_beside_a_reading_of_the_same_spend_does_not_count(ledger):
    both = Spend(energy=Energy(gpu_j=7.0, method="counter", estimated_j=3.0))
    write(ledger, a_run(), a_step(policy_spend=both))
    assert (only(ledger).joules, only(ledger).energy_method) == (7.0, "counter")


def test_readings_are_as_sure_as_the_least_sure(ledger):
    integrated = Spend(energy=Energy(gpu_j=1.0, method="integrated"))
    write(ledger, a_run(), a_step(0, policy_spend=integrated), a_step(1, policy_spend=read(2.0)))
    assert (only(ledger).joules, only(ledger).energy_method) == (3.0, "integrated")


def test_unknown_energy_is_none_not_zero(ledger):
    write(ledger, a_run(score=0.0), a_step(policy_spend=Spend(seconds=1.0)))
    row = only(ledger)
    assert row.joules is row.energy_method is row.joules_failed is row.joules_supervision is None
    assert row.seconds == 1.0


def test_one_request_without_a_price_makes_the_cost_unknown(ledger):
    unpriced = Spend(usage=Usage(requests=1, unpriced_requests=1))
    write(ledger, a_run("a"), a_step(policy_spend=read(1.0), tool_spend=unpriced))
    assert only(ledger).cost_usd is None


def test_money_stays_exact(ledger):
    dime = Spend(usage=Usage(cost_usd=Decimal("0.1")))
    write(ledger, a_run(), *[a_step(index, policy_spend=dime) for index in range(3)])
    assert only(ledger).cost_usd == 0.3


def test_a_run_without_steps_took_nothing(ledger):
    write(ledger, a_run(score=0.0))
    row = only(ledger)
    assert (row.runs, row.steps, row.seconds, row.cost_usd, row.joules) == (1, 0, 0.0, 0.0, None)
