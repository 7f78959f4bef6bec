import time
from dataclasses import replace
from decimal import Decimal

import pytest

from flyball import Budget, Energy, Ruling, Spend, Task, Trajectory, Usage
from flyball.monitors import OverBudget
from flyball.testing import check_monitor, trajectory
from tests.conftest import DONE, ECHO


def run(budget: Budget, *spends: Spend) -> Trajectory:
    """One step for each spend: the first is the policy's, and then monitor and tool in turn."""
    bare = trajectory([ECHO] * len(spends), task=Task(id="t", prompt="", budget=budget))
    parts = ("policy_spend", "monitor_spend", "tool_spend")
    steps = (
        replace(step, **{parts[step.index % 3]: spend})
        for step, spend in zip(bare.steps, spends, strict=True)
    )
    return replace(bare, steps=tuple(steps))


def test_over_budget_keeps_its_promises():
    spend = Spend(seconds=2, usage=Usage(unpriced_requests=1))
    budgets = [Budget(), Budget(steps=1), Budget(joules=1.0), Budget(cost_usd=Decimal(1))]
    check_monitor(OverBudget(), [run(budget, spend, spend, spend) for budget in budgets])


@pytest.mark.parametrize(
    ("budget", "spend", "reason"),
    [
        (Budget(seconds=3.0), Spend(seconds=1.25), "out of seconds: 3.75 of 3"),
        (
            Budget(output_tokens=30),
            Spend(usage=Usage(output_tokens=10)),
            "out of output tokens: 30 of 30",
        ),
        (
            Budget(cost_usd=Decimal("0.05")),
            Spend(usage=Usage(cost_usd=Decimal("0.02"))),
            "out of dollars: 0.06 of 0.05",
        ),
        (
            Budget(joules=500.0),
            Spend(energy=Energy(cpu_j=200.0, method="counter")),
            "out of joules: 600 of 500",
        ),
        (
            Budget(joules=500.0),
            Spend(energy=Energy(estimated_j=200.0)),
            "out of joules (estimated): 600 of 500",
        ),
    ],
)
def test_each_ceiling_counts_policy_monitor_and_tool_and_says_usage_and_limit(
    budget, spend, reason
):
    assert OverBudget().judge(run(budget, spend, spend)).ruling is Ruling.CONTINUE
    verdict = OverBudget().judge(run(budget, spend, spend, spend))
    assert verdict.ruling is Ruling.STOP
    assert verdict.reason == reason


def test_a_budget_of_thirty_steps_lets_thirty_be_carried_out():
    budget, nothing = Budget(steps=30), Spend()
    assert OverBudget().judge(run(budget, *[nothing] * 30)).ruling is Ruling.CONTINUE
    assert OverBudget().judge(run(budget, *[nothing] * 31)).reason == "out of steps: 30 of 30"


def test_all_that_ran_out_is_named():
    verdict = OverBudget().judge(run(Budget(steps=0, seconds=1.0), Spend(seconds=2.0)))
    assert verdict.reason == "out of steps: 0 of 0, seconds: 2 of 1"


def test_an_answer_that_is_paid_for_is_let_through():
    over = trajectory([ECHO, DONE], task=Task(id="t", prompt="", budget=Budget(steps=1)))
    assert OverBudget().judge(over).ruling is Ruling.CONTINUE


def test_a_budget_in_joules_that_nothing_measures_is_not_silently_unlimited():
    verdict = OverBudget().judge(run(Budget(joules=500.0), Spend(seconds=1)))
    assert verdict.ruling is Ruling.CONTINUE
    assert verdict.error == "joules are limited, but no meter here measures or estimates them"


def test_a_budget_in_dollars_says_how_much_has_no_price():
    unpriced = Spend(usage=Usage(requests=3, unpriced_requests=3))
    verdict = OverBudget().judge(run(Budget(cost_usd=Decimal(1)), unpriced))
    assert verdict.error == "dollars are limited, but 3 requests have no known price"


def test_a_ceiling_that_can_be_held_is_held_though_another_cannot():
    budget = Budget(steps=1, joules=500.0)
    assert OverBudget().judge(run(budget, Spend(), Spend())).ruling is Ruling.STOP


def test_ten_thousand_steps_are_not_added_up_for_each():
    grown = Trajectory(task=Task(id="t", prompt="", budget=Budget(joules=1e9)))
    first = run(Budget(), Spend(energy=Energy(cpu_j=1.0))).last
    for index in range(10_000):
        grown = grown.then(replace(first, index=index))
    started = time.perf_counter()
    for _ in range(100):
        OverBudget().judge(grown)
    # Adding up anew takes some 200 ms each time.
    assert (time.perf_counter() - started) / 100 < 0.01


def spending(budget: Budget, *joules: float) -> Trajectory:
    """Steps whose policy takes so many joules each."""
    bare = trajectory([ECHO] * len(joules), task=Task(id="t", prompt="", budget=budget))
    steps = (
        replace(step, policy_spend=Spend(energy=Energy(cpu_j=taken, method="counter")))
        for step, taken in zip(bare.steps, joules, strict=True)
    )
    return replace(bare, steps=tuple(steps))


def test_at_four_fifths_it_warns_once_and_lets_the_run_go_on():
    budget, monitor = Budget(joules=100.0), OverBudget()
    assert monitor.judge(spending(budget, 79.0)).reason == ""
    run = spending(budget, 80.0)
    verdict = monitor.judge(run)
    assert verdict.ruling is Ruling.CONTINUE
    assert verdict.reason == "running short of joules: 80 of 100"
    warned = run.amend(replace(run.last, verdicts=(verdict,)))
    following = replace(spending(budget, 80.0, 5.0).last, index=1)
    assert monitor.judge(warned.then(following)).reason == ""


def test_a_second_ceiling_is_warned_of_as_well():
    monitor, budget = OverBudget(), Budget(joules=100.0, seconds=10.0)
    run = spending(budget, 85.0)
    run = run.amend(replace(run.last, verdicts=(monitor.judge(run),)))
    late = replace(spending(budget, 85.0, 1.0).last, tool_spend=Spend(seconds=9.0))
    assert monitor.judge(run.then(late)).reason == "running short of seconds: 9 of 10"


def test_a_request_that_cannot_fit_is_told_before_it_is_made():
    run = spending(Budget(joules=100.0), 30.0, 30.0, 30.0)
    assert OverBudget().before(run, "scripted") == (
        "the next request takes about 30 joules, and 10 of 100 are left"
    )
    assert OverBudget(ahead=False).before(run, "scripted") == ""


@pytest.mark.parametrize(
    ("joules", "policy"),
    [((30.0, 30.0), "scripted"), ((), "scripted"), ((30.0, 30.0, 30.0), "somebody else")],
)
def test_what_fits_or_is_not_known_yet_is_let_through(joules, policy):
    assert OverBudget().before(spending(Budget(joules=100.0), *joules), policy) == ""


def test_a_battery_has_a_ceiling_in_percent():
    used = Spend(energy=Energy(battery_percent=3.0))
    verdict = OverBudget().judge(run(Budget(battery_percent=6.0), used, used))
    assert verdict.reason == "out of percent of the battery: 6 of 6"
    unknown = OverBudget().judge(run(Budget(battery_percent=6.0), Spend(seconds=1.0)))
    assert "no battery tells" in unknown.error


def test_a_counter_that_failed_still_counts_with_what_it_told():
    lost = Energy(cpu_j=300.0, method="counter", unknown=("rapl: gone",))
    known = OverBudget().judge(run(Budget(joules=200.0), Spend(energy=lost)))
    assert known.reason == "out of joules: 300 of 200"
    short = OverBudget().judge(run(Budget(joules=900.0), Spend(energy=lost)))
    assert short.error == "joules are limited, but rapl: gone"


def test_a_ceiling_that_nothing_measures_hides_no_warning_of_another():
    monitor, budget = OverBudget(), Budget(joules=500.0, seconds=10.0)
    first = run(budget, Spend(seconds=9))
    verdict = monitor.judge(first)
    assert verdict.ruling is Ruling.CONTINUE
    assert verdict.error == "joules are limited, but no meter here measures or estimates them"
    assert verdict.reason == "running short of seconds: 9 of 10"
    warned = first.amend(replace(first.last, verdicts=(verdict,)))
    again = monitor.judge(warned.then(run(budget, Spend(), Spend()).last))
    assert (again.error, again.reason) == (verdict.error, "")
    check_monitor(monitor, [first])
