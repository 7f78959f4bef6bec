import random
from dataclasses import asdict, fields, replace
from datetime import timedelta
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flyball import Action, Energy, Run, Spend, Step, Usage
from flyball.errors import LedgerError
from flyball.ledger import MEMORY, AuditRow, By, Ledger, audit, shares
from flyball.records import Metering
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
        "joules_at_least",
        "unmetered_seconds",
        "unknown_why",
        "joules_over_idle",
        "joules_own",
        "prefill_seconds",
        "decode_seconds",
        "remote_low_j",
        "remote_high_j",
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
        "joules_at_least": 30.0,
        "unmetered_seconds": 0.0,
        "unknown_why": None,
        "joules_over_idle": None,
        "joules_own": None,
        "prefill_seconds": None,
        "decode_seconds": None,
        "remote_low_j": None,
        "remote_high_j": None,
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
    with pytest.raises(LedgerError, match="task, model, agent, suite, tool, attempt, day, all"):
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


LOST = Energy(cpu_j=3.0, method="counter", unknown=("rapl: it went backwards",))


def test_a_counter_that_failed_in_mid_run_makes_the_sum_unknown_and_says_why(ledger):
    lost = Spend(seconds=2.0, energy=LOST)
    write(ledger, a_run(score=1.0), a_step(policy_spend=read(5.0)), a_step(1, policy_spend=lost))
    row = only(ledger)
    assert row.joules is row.joules_per_success is None
    assert (row.joules_at_least, row.unmetered_seconds, row.seconds) == (8.0, 2.0, 3.0)
    assert row.unknown_why == "rapl: it went backwards"


def test_energy_of_runs_beside_each_other_is_unknown_and_says_so(ledger):
    beside = replace(a_run().task, metadata={"workers": "2"})
    write(ledger, a_run("a", task=beside, score=1.0), a_step(policy_spend=read(5.0)))
    write(ledger, a_run("b", metering=Metering(beside=1)), a_step(policy_spend=read(5.0)))
    row = only(ledger)
    assert row.joules is row.joules_at_least is None
    assert "several runs at a time" in row.unknown_why


def test_what_is_idling_and_what_is_our_own_is_added_up(ledger):
    shared = Energy(cpu_j=10.0, method="counter", idle_j=4.0, own_j=3.0)
    step = a_step(policy_spend=Spend(seconds=1.0, energy=shared))
    write(ledger, a_run(), step, replace(step, index=1))
    row = only(ledger)
    assert (row.joules, row.joules_over_idle, row.joules_own) == (20.0, 12.0, 6.0)


def test_by_tool_a_step_belongs_to_the_tool_that_it_calls(ledger):
    click = a_step(0, policy_spend=read(1.0), tool_spend=read(2.0))
    typed = replace(a_step(1, policy_spend=read(5.0)), action=Action(tool="fill"))
    write(ledger, a_run("a", score=1.0), click, typed)
    write(ledger, a_run("b", score=0.0), click)
    clicks, fills = audit(ledger, "tool")
    assert (clicks.key, clicks.runs, clicks.successes, clicks.steps) == ("click", 2, 1, 2)
    assert (clicks.joules, clicks.joules_failed, clicks.energy_method) == (6.0, 3.0, "counter")
    assert (fills.key, fills.runs, fills.joules, fills.cost_usd) == ("fill", 1, 5.0, 0.001)


@pytest.mark.parametrize("by", get_args(By))
@pytest.mark.parametrize("seed", range(5))
def test_every_grouping_adds_up_to_the_same_and_none_is_never_zero(ledger, by, seed):
    draw = random.Random(seed)
    spends = [Spend(seconds=1.0), read(draw.random()), Spend(seconds=1.0, energy=LOST), read(2.0)]
    known = unmetered = 0.0
    for number in range(8):
        mine = [draw.choice(spends) for _ in range(3)]
        known += sum(spend.energy.at_least_j or 0.0 for spend in mine)
        unmetered += sum(spend.seconds for spend in mine if spend.energy.joules is None)
        task = replace(a_run().task, id=f"t{number % 3}")
        names = ("policy_spend", "monitor_spend", "tool_spend")
        step = a_step(policy=f"p{number % 2}", **dict(zip(names, mine, strict=True)))
        write(ledger, a_run(f"r{number}", task=task), step)
    rows = audit(ledger, by)
    assert sum(row.joules_at_least or 0.0 for row in rows) == pytest.approx(known)
    assert sum(row.unmetered_seconds for row in rows) == pytest.approx(unmetered)
    assert all((row.joules is None) == (row.unmetered_seconds > 0) for row in rows if row.steps)


known = st.none() | st.integers(0, 10**6)
usages = st.builds(
    Usage,
    requests=st.integers(0, 2),
    prefill_seconds=known,
    decode_seconds=known,
    decode_bytes=known,
)


def whole(usages: list[Usage], part: str) -> float | None:
    """The sum, in which a request that does not tell leaves nothing known."""
    told = [getattr(each, part) for each in usages if each.requests or getattr(each, part)]
    return None if None in told else sum(told)


@settings(deadline=None)
@given(st.lists(st.tuples(usages, usages), min_size=1, max_size=6))
def test_what_requests_tell_is_known_of_a_sum_only_where_every_request_tells(spent):
    with Ledger(MEMORY) as ledger:
        ledger.save(a_run())
        for index, (mine, theirs) in enumerate(spent):
            spends = {"policy_spend": Spend(usage=mine), "monitor_spend": Spend(usage=theirs)}
            ledger.append("r1", a_step(index, **spends))
        rows = [only(ledger, by) for by in ("task", "model", "tool", "all")]
        parts = {share.part: share for share in shares(ledger, ["r1"])}
    everything = [each for pair in spent for each in pair]
    for row in rows:
        assert row.prefill_seconds == whole(everything, "prefill_seconds")
        assert row.decode_seconds == whole(everything, "decode_seconds")
    for part, mine in zip(("policy", "monitor"), zip(*spent, strict=True), strict=True):
        for name in ("prefill_seconds", "decode_seconds", "decode_bytes"):
            assert getattr(parts[part], name) == whole(mine, name)
