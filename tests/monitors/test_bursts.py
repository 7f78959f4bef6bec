from dataclasses import replace

import pytest

from flyball import Action, Observation, Ruling, Step, Task, Trajectory
from flyball.errors import ConfigError
from flyball.monitors import Bursts, Strictest, come_back
from flyball.records import Decision, Verdict
from tests.conftest import DONE, ECHO

ESCALATE = Decision(ruling=Ruling.ESCALATE, reason="stuck", policy="large", by="stuck")
GO_ON = Decision()
UNREAD = Action(tool="invalid", text="?")


def driven(*policies: str, **last: object) -> Trajectory:
    """A run whose steps these policies took."""
    seen = Observation(source="task", text="seen")
    steps = [
        Step(index=index, policy=policy, observation=seen, action=ECHO)
        for index, policy in enumerate(policies)
    ]
    steps[-1] = replace(steps[-1], **last)
    return Trajectory(task=Task(id="t", prompt="p"), steps=tuple(steps))


def test_a_burst_ends_with_the_step_that_is_its_last_and_the_first_policy_drives_on():
    bursts = Bursts(steps=2)
    assert come_back(driven("small", "large"), GO_ON, bursts) == GO_ON
    decision = come_back(driven("small", "large", "large"), GO_ON, bursts)
    assert (decision.ruling, decision.policy, decision.by) == (Ruling.CONTINUE, "small", "bursts")
    assert decision.reason == "large has driven for 2 steps; small drives on"


def test_a_burst_ends_with_an_action_that_is_handed_back_too():
    revise = Decision(ruling=Ruling.REVISE, reason="again", by="repeats")
    decision = come_back(driven("small", "large"), revise, Bursts(steps=1))
    assert (decision.ruling, decision.policy) == (Ruling.ESCALATE, "small")
    assert decision.reason == "again; large has driven for 1 steps; small drives on"
    assert come_back(driven("small", "large"), revise, Bursts(steps=2)) == revise


def test_a_permanent_switch_never_comes_back():
    assert come_back(driven("small", *["large"] * 20), GO_ON, Bursts(steps=None)) == GO_ON


def test_an_answer_ends_the_run_and_not_the_burst():
    run = driven("small", "large", action=DONE)
    assert come_back(run, GO_ON, Bursts(steps=1)) == GO_ON


def test_nobody_is_called_in_during_the_cooldown():
    bursts = Bursts(steps=1, cooldown=2)
    decision = come_back(driven("small", "large", "small", "small"), ESCALATE, bursts)
    assert (decision.ruling, decision.policy) == (Ruling.CONTINUE, None)
    assert "stuck (nobody is called in: the last burst ended 2 steps ago)" in decision.reason
    later = driven("small", "large", "small", "small", "small")
    assert come_back(later, ESCALATE, bursts) == ESCALATE


def test_an_answer_is_the_last_moment_to_call_somebody_in_cooldown_or_not():
    run = driven("small", "large", "small", action=DONE)
    assert come_back(run, ESCALATE, Bursts(steps=1)) == ESCALATE


def test_work_that_failed_its_check_is_handed_back_during_the_cooldown():
    run = driven("small", "large", "small", verified=False)
    assert come_back(run, ESCALATE, Bursts(steps=1)).ruling is Ruling.REVISE


def test_after_the_last_burst_the_next_switch_is_for_good():
    bursts = Bursts(steps=1, cooldown=0, most=1)
    assert come_back(driven("small", "large", "small"), ESCALATE, bursts) == ESCALATE
    assert come_back(driven("small", "large", "small", "large"), GO_ON, bursts) == GO_ON


def test_a_run_that_flaps_may_be_stopped_instead():
    bursts = Bursts(steps=1, cooldown=0, most=1, flapping="stop")
    decision = come_back(driven("small", "large", "small"), ESCALATE, bursts)
    assert (decision.ruling, decision.policy) == (Ruling.STOP, None)
    assert decision.reason == "large was called in 1 times already: stuck"


@pytest.mark.parametrize(
    ("down", "ruling", "policy"),
    [("go_on", Ruling.ESCALATE, "small"), ("stop", Ruling.STOP, None)],
)
def test_a_strong_policy_that_does_not_answer_is_given_up(down, ruling, policy):
    run = driven("small", "large", fault="large did not answer in 5 s", action=UNREAD)
    decision = come_back(run, GO_ON, Bursts(strong_down=down))
    assert (decision.ruling, decision.policy, decision.by) == (ruling, policy, "strong_down")
    assert "large did not answer in 5 s" in decision.reason


def test_answers_that_cannot_be_read_three_times_in_a_row_are_as_good_as_none():
    run = driven("small", "large", "large", "large")
    unread = replace(
        run, steps=(run.steps[0], *(replace(step, action=UNREAD) for step in run.steps[1:]))
    )
    assert come_back(unread, GO_ON, Bursts()).policy == "small"
    assert come_back(replace(unread, steps=unread.steps[:3]), GO_ON, Bursts()) == GO_ON


def test_a_strong_policy_that_was_down_too_often_is_not_called_any_more():
    silent = {"fault": "large did not answer", "action": UNREAD}
    steps = driven("small", "large", **silent).steps + driven("small", "small", "small").steps
    run = Trajectory(task=Task(id="t", prompt="p"), steps=steps)
    decision = come_back(run, ESCALATE, Bursts(most=1, flapping="stop"))
    assert decision.ruling is Ruling.CONTINUE
    assert "large was down 1 times" in decision.reason


def test_a_silent_verifier_stops_a_run_only_where_silence_does():
    run = driven("small", fault="the verifier strong did not answer")
    assert come_back(run, GO_ON, Bursts()) == GO_ON
    assert come_back(run, GO_ON, Bursts(strong_down="stop")).ruling is Ruling.STOP


def test_whoever_is_called_in_and_drives_already_gets_the_action_back():
    decision = come_back(driven("small", "large"), ESCALATE, Bursts())
    assert (decision.ruling, decision.policy, decision.reason) == (Ruling.REVISE, None, "stuck")


def test_to_stop_and_to_ask_stand_whatever_the_burst():
    for ruling in (Ruling.STOP, Ruling.ASK):
        decision = Decision(ruling=ruling, reason="enough")
        assert come_back(driven("small", "large"), decision, Bursts(steps=1)) == decision


def test_the_strictest_governor_brings_a_run_back_too():
    governor = Strictest(bursts=Bursts(steps=1))
    decision = governor.decide(driven("small", "large"), [Verdict(monitor="m")])
    assert decision.policy == "small"


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"cooldown": -1}, {"most": 0}])
def test_bursts_that_cannot_be_are_refused(wrong):
    with pytest.raises(ConfigError, match="at least 1"):
        Bursts(**wrong)
