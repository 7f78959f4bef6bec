import math
from dataclasses import replace

import pytest

from flyball import Supervisor
from flyball.errors import ConfigError
from flyball.monitors.learned.milestone import Milestone
from flyball.monitors.learned.stuck import Stuck
from flyball.monitors.learned.trees import trees_to_json
from flyball.monitors.learned.will_fail import WillFail
from flyball.records import Action, Observation, Ruling, Task, Trajectory
from flyball.testing import check_monitor, trajectory
from tests.monitors.learned.runs import FORM, TASK, a_run, click, page, step
from tests.monitors.learned.test_trees import STUMP

ALL = [WillFail(threshold=0.5), Stuck(), Stuck(policy="large"), Milestone()]
NAMES = ["will_fail", "stuck", "stuck-escalating", "milestone"]
each_monitor = pytest.mark.parametrize("monitor", ALL, ids=NAMES)


def loop(length=8):
    return Trajectory(task=TASK, steps=tuple(step(at, click()) for at in range(length)))


@pytest.fixture
def sure(tmp_path):
    """Weights that are always sure, and where they are."""

    def _sure(monitor):
        path = tmp_path / f"{monitor}.json"
        path.write_text(trees_to_json(replace(STUMP, monitor=monitor, intercept=9.0)))
        return path

    return _sure


@each_monitor
def test_a_learned_monitor_keeps_the_promises_of_every_monitor(monitor):
    runs = [a_run(length, seed) for seed, length in enumerate((1, 2, 5, 20))]
    check_monitor(monitor, [*runs, loop(), trajectory([Action(tool="finish")])])


@each_monitor
def test_each_verdict_carries_its_score(monitor):
    for length in (1, 5, 20):
        verdict = monitor.judge(a_run(length))
        assert verdict.error is None
        assert 0.0 <= verdict.score <= 1.0


@each_monitor
def test_an_empty_trajectory_is_an_error_in_the_verdict(monitor):
    verdict = monitor.judge(Trajectory(task=TASK))
    assert verdict.ruling is Ruling.CONTINUE
    assert verdict.error == "there is no step to judge"


@each_monitor
def test_nan_log_probabilities_and_odd_steps_are_judged(monitor):
    odd = [
        replace(click(), logprobs=(math.nan,), entropies=(math.nan,)),
        Action(tool="", arguments={"text": None, "x": [1, {2}]}, text="\ud800"),
        Action(tool="finish", arguments={"answer": object()}),
    ]
    steps = tuple(step(at, action, "\x00" * at) for at, action in enumerate(odd))
    for length in range(1, 4):
        verdict = monitor.judge(Trajectory(task=Task(id="", prompt=""), steps=steps[:length]))
        assert 0.0 <= verdict.score <= 1.0


def test_steps_are_judged_as_they_come():
    supervisor = Supervisor(TASK, monitors=ALL)
    seen = Observation(source="click", text=FORM)
    for _ in range(60):
        supervisor.review(seen, click())
    assert [verdict.error for verdict in supervisor.trajectory.last.verdicts] == [None] * len(ALL)


def test_ten_thousand_steps_are_judged():
    run = loop(10_000)
    assert [monitor.judge(run).error for monitor in ALL] == [None] * len(ALL)


def test_a_loop_is_noticed_and_reading_a_list_is_not():
    assert Stuck().judge(loop()).ruling is Ruling.REVISE
    verdict = Stuck(policy="large").judge(loop())
    assert (verdict.ruling, verdict.policy) == (Ruling.ESCALATE, "large")
    pages = [page(*(f'text "Row {10 * at + row}"' for row in range(10))) for at in range(8)]
    reading = [step(at, click("Next page", 1, "link"), text) for at, text in enumerate(pages)]
    for length in range(1, 9):
        told = Stuck().judge(Trajectory(task=TASK, steps=tuple(reading[:length])))
        assert told.ruling is Ruling.CONTINUE


def test_the_policy_that_was_escalated_to_is_not_judged_itself():
    run = loop()
    theirs = replace(run, steps=tuple(replace(each, policy="large") for each in run.steps))
    assert Stuck(policy="large").judge(theirs).ruling is Ruling.CONTINUE


def test_a_run_is_stopped_from_its_threshold_and_its_earliest_step_on(sure):
    weights = sure("will_fail")
    stopping = WillFail(threshold=0.9, earliest=3, weights=weights)
    assert [stopping.judge(loop(length)).ruling for length in (3, 4)] == [
        Ruling.CONTINUE,
        Ruling.STOP,
    ]
    verdict = stopping.judge(loop(4))
    assert verdict.score > 0.99
    assert verdict.reason == "the run will fail: 100% likely, and 90% is the threshold"
    assert verdict.evidence == (3,)


def test_without_a_threshold_nothing_is_stopped(sure):
    verdict = WillFail(weights=sure("will_fail")).judge(loop())
    assert (verdict.ruling, verdict.score > 0.99) == (Ruling.CONTINUE, True)


def test_an_answer_is_let_through(sure):
    stopping = WillFail(threshold=0.1, earliest=0, weights=sure("will_fail"))
    run = loop().then(step(8, Action(tool="finish")))
    assert stopping.judge(run).ruling is Ruling.CONTINUE


def test_a_milestone_is_verified(sure):
    verdict = Milestone(weights=sure("milestone")).judge(loop())
    assert verdict.ruling is Ruling.VERIFY


@pytest.mark.parametrize("kind", [WillFail, Stuck, Milestone])
def test_weights_and_settings_that_will_not_do_are_refused_when_the_monitor_is_made(kind, tmp_path):
    broken = tmp_path / "w.json"
    broken.write_text('{"format": "flyball-trees", "version": 1')
    with pytest.raises(ConfigError, match="cannot be used"):
        kind(weights=broken)
    broken.with_name("foreign.json").write_text(trees_to_json(replace(STUMP, monitor="other")))
    with pytest.raises(ConfigError, match="are for 'other'"):
        kind(weights=tmp_path / "foreign.json")
    with pytest.raises(ConfigError, match="threshold is a probability"):
        kind(threshold=1.5)
    with pytest.raises(ConfigError, match="earliest"):
        kind(earliest=-1)
