from dataclasses import replace
from decimal import Decimal

import pytest

from flyball import Action, Energy, Observation, Ruling, Run, Spend, Step, Task, Trajectory, Usage
from flyball.errors import ConfigError
from flyball.learning.expecting import expect
from flyball.monitors.expectations import UNKNOWN
from flyball.records import Decision, Verdict


def spend(joules: float | None) -> Spend:
    usage = Usage(requests=1, cost_usd=Decimal("0.01"))
    return Spend(seconds=1.0, usage=usage, energy=Energy(cpu_j=joules, method="counter"))


def played(
    name: str,
    drivers: list[str],
    *,
    won: bool,
    seed: int = 0,
    joules: float | None = 1.0,
    risk: float | None = None,
) -> tuple[Run, Trajectory]:
    """A run of one step a driver, each of which took `joules` before it was judged and after."""
    task = Task(id="login", prompt="Log in.", suite="web")
    scores = () if risk is None else (Verdict(monitor="will_fail", score=risk),)
    steps = tuple(
        Step(
            index=index,
            policy=driver,
            observation=Observation(source="page", text=f"page {index}"),
            action=Action(tool="click"),
            verdicts=scores,
            policy_spend=spend(joules),
            tool_spend=spend(joules),
        )
        for index, driver in enumerate(drivers)
    )
    run = Run(id=name, task=task, agent="web", policy=drivers[0], seed=seed, score=float(won))
    return run, Trajectory(task=task, steps=steps)


def escalated(told: tuple[Run, Trajectory], at: int) -> tuple[Run, Trajectory]:
    run, trajectory = told
    steps = list(trajectory.steps)
    decision = Decision(ruling=Ruling.ESCALATE, policy="large")
    steps[at] = replace(steps[at], decision=decision, tool_spend=Spend())
    return run, replace(trajectory, steps=tuple(steps))


def learned(*runs):
    return expect(runs, agent="web", small="small", strong="large")


def test_what_going_on_comes_to_is_told_by_the_runs_of_the_small_policy():
    table = learned(
        played("a", ["small"] * 2, won=True), played("b", ["small"] * 2, won=False, seed=1)
    )
    first = table.look("small", 0, None)
    assert first.chance == pytest.approx(0.5)
    assert first.joules == pytest.approx((2 * 3.0 + 10 * 2.0) / 12)
    assert table.overall("small").joules == pytest.approx(2.0)
    assert table.overall("small").usd == pytest.approx(0.02)
    assert table.overall("call") == UNKNOWN


def test_a_risk_that_was_seen_to_end_badly_promises_less_the_more_runs_tell():
    safe = [played(f"s{n}", ["small"], won=True, seed=n, risk=0.05) for n in range(20)]
    bad = [played(f"b{n}", ["small"], won=False, seed=n, risk=0.95) for n in range(20)]
    few, many = learned(*safe, *bad[:2]), learned(*safe, *bad)
    assert many.look("small", 0, 0.95).chance < few.look("small", 0, 0.95).chance < 0.9
    assert many.look("small", 0, 0.05).chance > 0.8
    assert many.look("small", 0, 0.95).runs == 20
    assert many.look("small", 0, 0.6).runs == 0
    assert many.look("small", 0, 0.6).chance == many.look("small", 0, None).chance


def test_the_strong_policy_alone_stands_in_for_calling_it_on_the_same_task_and_seed():
    table = learned(
        played("a", ["small"] * 2, won=False, seed=1),
        played("b", ["large"] * 3, won=True, seed=1, joules=5.0),
        played("c", ["large"] * 3, won=False, seed=2, joules=9.0),
    )
    assert table.overall("call").chance == pytest.approx(2 / 3)
    assert table.overall("call").joules == pytest.approx(30.0)
    assert table.overall("strong").chance == pytest.approx(0.5)


def test_runs_that_were_handed_over_correct_what_the_strong_policy_came_to_alone():
    mine = [played(f"m{n}", ["small"] * 2, won=False, seed=n, risk=0.9) for n in range(20)]
    alone = [played(f"l{n}", ["large"], won=True, seed=n, risk=0.1) for n in range(20)]
    harmed = [
        escalated(played(f"c{n}", ["small", "large"], won=False, seed=n, risk=0.9), 0)
        for n in range(10)
    ]
    likely = learned(*mine, *alone).look("call", 0, 0.9).chance
    told = learned(*mine, *alone, *harmed)
    assert likely > 0.9
    assert told.look("call", 0, 0.9).chance == pytest.approx(likely / 2, abs=0.05)
    assert told.look("call", 0, 0.9).runs == 10


def test_runs_that_nobody_was_called_into_say_nothing_of_the_small_policy_alone():
    alone = [played(f"a{n}", ["small"], won=False, seed=n) for n in range(10)]
    stood_by = [
        (replace(run, strong="large"), told)
        for run, told in (played(f"w{n}", ["small"], won=True, seed=n) for n in range(10))
    ]
    assert learned(*alone, *stood_by).overall("small") == learned(*alone).overall("small")
    assert learned(*stood_by).overall("small").chance > 0.9


def test_runs_that_were_handed_over_tell_what_calling_and_switching_take():
    called = escalated(played("a", ["small", "large", "large"], won=True, joules=4.0), 0)
    alone = played("b", ["large"], won=True, seed=7, joules=1.0)
    table = learned(called, alone)
    assert table.overall("call").joules == pytest.approx(16.0)
    assert table.overall("small") == UNKNOWN
    assert (table.switch.joules, table.switch.chance) == (pytest.approx(3.0), None)


def test_the_strong_policys_steps_are_counted_from_the_hand_over():
    called = escalated(played("a", ["small"] * 4 + ["large"], won=True), 3)
    lost = played("b", ["large"] * 5, won=False, seed=7)
    table = learned(called, lost)
    assert table.look("strong", 0, None).runs == 2
    assert table.look("strong", 4, None).runs == 1


def test_energy_of_runs_that_were_played_side_by_side_is_not_taken_for_a_switchs():
    def beside(told):
        run, trajectory = told
        return replace(run, task=replace(run.task, metadata={"workers": "3"})), trajectory

    called = beside(escalated(played("a", ["small", "large"], won=True, joules=4.0), 0))
    table = learned(
        called, played("b", ["large"], won=True, seed=7), played("c", ["small"], won=True)
    )
    assert table.switch.joules is None
    assert table.switch.seconds == pytest.approx(0.0)
    assert table.overall("call").joules == pytest.approx(2.0), "that of the stand-in, alone"


def test_energy_that_is_not_known_stays_unknown_and_never_becomes_nothing():
    table = learned(played("a", ["small"] * 2, won=True, joules=None))
    assert table.overall("small").joules is None
    assert table.overall("small").seconds == pytest.approx(2.0)
    assert table.check.joules is table.check.catches is table.switch.joules is None


def test_energy_that_was_measured_of_few_runs_is_known_of_the_others_by_their_tokens():
    def wrote(tokens, told):
        run, trajectory = told
        usage = Usage(output_tokens=tokens)
        steps = [
            replace(s, policy_spend=replace(s.policy_spend, usage=usage)) for s in trajectory.steps
        ]
        return run, replace(trajectory, steps=tuple(steps))

    def unmeasured(risk, tokens):
        return [
            wrote(
                tokens,
                played(
                    f"{risk}-{n}", ["small"] * 2, won=risk < 0.5, seed=n, joules=None, risk=risk
                ),
            )
            for n in range(50)
        ]

    measured = wrote(10, played("a", ["small"] * 2, won=True))
    safe, bad = unmeasured(0.05, 10), unmeasured(0.95, 100)
    table = learned(measured, *safe, *bad)
    # The measured run took 4 J for 10 tokens; a cell leans a little on all runs, which took 22 J.
    wider = 0.5 * (4.0 + 40.0)
    assert table.look("small", 0, 0.05).joules == pytest.approx((5 * 4.0 + wider) / 6, rel=0.05)
    assert table.look("small", 0, 0.95).joules == pytest.approx((5 * 40.0 + wider) / 6, rel=0.05)
    assert learned(measured).overall("small").joules == pytest.approx(2.0)


def test_dollars_that_a_request_lacks_are_not_known_after_the_last_request_either():
    def unpriced(told):
        run, trajectory = told
        request = Spend(usage=Usage(requests=1, unpriced_requests=1))
        steps = [replace(s, policy_spend=request, tool_spend=Spend()) for s in trajectory.steps]
        return run, replace(trajectory, steps=tuple(steps))

    table = learned(unpriced(played("a", ["small"] * 3, won=True)))
    assert table.overall("small").usd is None
    mixed = unpriced(played("a", ["small"] * 3, won=True)), played("b", ["small"] * 2, won=True)
    assert learned(*mixed).overall("small").usd == pytest.approx(0.02)


def test_what_checks_take_and_how_often_they_are_right():
    def checked(told, passed):
        run, trajectory = told
        step = replace(trajectory.steps[0], verified=passed, monitor_spend=spend(2.0))
        return run, replace(trajectory, steps=(step,))

    table = learned(
        checked(played("a", ["small"], won=False), False),
        checked(played("b", ["small"], won=False), True),
        checked(played("c", ["small"], won=True), True),
    )
    check = table.check
    assert (check.joules, check.catches, check.runs) == (2.0, 0.5, 3)
    assert check.false_alarms == pytest.approx(1 / 3)


def test_runs_that_nobody_checked_teach_nothing():
    run, told = played("a", ["small"], won=True)
    with pytest.raises(ConfigError, match="no run that small drives was checked"):
        learned((replace(run, score=None), told))


def of_task(told: tuple[Run, Trajectory], name: str) -> tuple[Run, Trajectory]:
    run, trajectory = told
    task = replace(run.task, id=name)
    return replace(run, task=task), replace(trajectory, task=task)


def test_the_strong_policy_is_given_up_above_what_the_runs_that_it_wins_come_to():
    played_of = [
        of_task(played(f"{won}{n}", ["large"] * 2, won=won, risk=0.6 if won else 0.8), f"task {n}")
        for n in range(70)
        for won in (True, False)
    ]
    mine = played("a", ["small"], won=True)
    rule = learned(mine, *played_of).give_up
    assert 0.6 < rule.threshold <= 0.8
    assert (rule.successes, rule.lost, rule.max_loss, rule.confidence) == (70, 0, 0.05, 0.95)
    assert learned(mine, *played_of[:100]).give_up is None


def test_many_runs_of_few_tasks_promise_nothing_of_new_ones():
    won = [played(f"w{n}", ["large"] * 2, won=True, seed=n, risk=0.1) for n in range(500)]
    lost = [played(f"l{n}", ["large"] * 2, won=False, seed=n, risk=0.8) for n in range(20)]
    assert learned(played("a", ["small"], won=True), *won, *lost).give_up is None
