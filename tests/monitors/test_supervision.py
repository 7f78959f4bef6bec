import pytest

from flyball import Action, Observation, Ruling, Spend, Supervisor, Trajectory, Verdict
from flyball.errors import ConfigError
from flyball.monitors import (
    LiteLLMStall,
    OpenHandsStuck,
    OverBudget,
    Repeats,
    Strictest,
    describe,
    review,
)
from flyball.testing import check_monitor, trajectory
from tests.conftest import DONE, ECHO

OTHER = Action(tool="echo", arguments={"text": "other"})
TRAJECTORIES = [
    trajectory([ECHO]),
    trajectory([DONE] * 3),
    trajectory([ECHO] * 5),
    trajectory([ECHO, OTHER] * 6),
    trajectory([Action(tool="invalid", text="?")] * 4),
]
MONITORS = [
    LiteLLMStall(),
    LiteLLMStall(policy="large"),
    OpenHandsStuck(),
    OpenHandsStuck(ruling=Ruling.ESCALATE, policy="large"),
    OverBudget(),
    Repeats(),
    Repeats(limit=2),
    Repeats(ruling=Ruling.ESCALATE, policy="large"),
]


@pytest.mark.parametrize("monitor", MONITORS, ids=describe)
def test_monitors_keep_their_promises(monitor):
    check_monitor(monitor, TRAJECTORIES)


@pytest.mark.parametrize("monitor", [OpenHandsStuck, Repeats])
def test_a_monitor_that_would_escalate_to_nobody_is_refused(monitor):
    with pytest.raises(ConfigError, match="set `policy`"):
        monitor(ruling=Ruling.ESCALATE)


def test_repeats_points_at_the_steps_that_repeat():
    verdict = Repeats(limit=2).judge(trajectory([ECHO, DONE, ECHO]))
    assert verdict.ruling is Ruling.REVISE
    assert verdict.evidence == (0, 2)


def test_a_monitor_that_fails_does_not_fail_the_run():
    class Broken:
        name = "broken"

        def judge(self, trajectory: Trajectory) -> Verdict:
            raise KeyError("x")

    step = review(trajectory([ECHO]), [Broken()], Strictest()).last
    assert step.decision.ruling is Ruling.CONTINUE
    assert step.verdicts[0].error == "KeyError('x')"


def test_the_strictest_of_the_sure_verdicts_carries():
    verdicts = [
        Verdict(monitor="a", ruling=Ruling.REVISE, confidence=0.9),
        Verdict(monitor="b", ruling=Ruling.STOP, confidence=0.5),
    ]
    assert Strictest().decide(TRAJECTORIES[0], verdicts).by == "a"
    assert Strictest(confidence=0.4).decide(TRAJECTORIES[0], verdicts).by == "b"


def test_without_a_sure_verdict_the_run_goes_on():
    verdict = Verdict(monitor="a", ruling=Ruling.STOP, confidence=0.1)
    assert Strictest().decide(TRAJECTORIES[0], [verdict]).ruling is Ruling.CONTINUE


def test_another_loop_is_supervised_the_same_way(task):
    supervisor = Supervisor(task, monitors=[Repeats(limit=2)])
    seen = Observation(source="page", text="a button")
    action = Action(tool="click", arguments={"id": 1})
    rulings = [supervisor.review(seen, action, policy_spend=Spend(seconds=1)) for _ in range(2)]
    assert [step.decision.ruling for step in rulings] == ["continue", "revise"]


def test_supervision_charges_the_time_it_takes(task):
    step = Supervisor(task, monitors=[Repeats()]).review(
        Observation(source="page", text="a button"), ECHO
    )
    assert step.monitor_spend.seconds > 0


@pytest.mark.parametrize(
    ("monitor", "text"),
    [
        (Repeats(limit=2), "repeats(limit=2)"),
        (OverBudget(), "over_budget()"),
        (OpenHandsStuck(ruling=Ruling.ASK), "openhands_stuck(ruling='ask')"),
        (LiteLLMStall(policy="large"), "litellm_stall(policy='large')"),
        (Strictest(confidence=0.5), "strictest(confidence=0.5)"),
    ],
)
def test_a_part_is_described_with_the_settings_that_are_not_defaults(monitor, text):
    assert describe(monitor) == text


def test_a_part_that_is_no_dataclass_is_described_by_its_name():
    class Plain:
        name = "plain"

        def judge(self, trajectory: Trajectory) -> Verdict:
            return Verdict(monitor=self.name)

    assert describe(Plain()) == "plain"
