import copy
import pickle
from dataclasses import FrozenInstanceError, replace

import pytest

from flyball import (
    Action,
    Energy,
    Observation,
    Ruling,
    Run,
    Spend,
    Step,
    Task,
    Trajectory,
    Usage,
)

TASK = Task(id="t", prompt="p")


def step(index: int, joules: float = 1.0) -> Step:
    spend = Spend(seconds=0.1, usage=Usage(output_tokens=3), energy=Energy(estimated_j=joules))
    seen = Observation(source="page", text="seen")
    return Step(
        index=index, policy="p", observation=seen, action=Action(tool="x"), policy_spend=spend
    )


def grown(count: int) -> Trajectory:
    trajectory = Trajectory(task=TASK)
    for index in range(count):
        trajectory = trajectory.then(step(index))
    return trajectory


@pytest.mark.parametrize(
    ("score", "success"), [(None, None), (0.0, False), (0.99, False), (1.0, True)]
)
def test_success_is_full_marks_and_unknown_without_a_checker(score, success):
    assert Run(id="r", task=TASK, policy="p", score=score).success is success


def test_rulings_are_ordered_from_mild_to_severe():
    assert Ruling.CONTINUE.severity < Ruling.ESCALATE.severity < Ruling.STOP.severity


def test_a_run_that_grows_step_by_step_has_spent_the_sum_of_its_steps():
    trajectory = grown(20)
    assert trajectory.spend == sum((each.spend for each in trajectory.steps), Spend())
    assert trajectory == Trajectory(task=TASK, steps=trajectory.steps)


def test_an_amended_step_is_spent_once():
    assert grown(3).amend(step(2, joules=10.0)).spend.energy.joules == 12.0


def test_a_shorter_copy_has_spent_less():
    trajectory = grown(5)
    assert replace(trajectory, steps=trajectory.steps[:2]).spend.energy.joules == 2.0
    assert replace(trajectory, steps=()).spend == Spend()


def test_a_trajectory_survives_copies_and_pickles():
    trajectory = grown(3)
    for other in (copy.copy(trajectory), pickle.loads(pickle.dumps(trajectory))):
        assert other == trajectory
        assert other.spend == trajectory.spend
        assert other.then(step(3)).spend == trajectory.then(step(3)).spend


def test_records_are_frozen():
    with pytest.raises(FrozenInstanceError):
        setattr(grown(1), "task", TASK)  # noqa: B010 - what mypy would refuse
