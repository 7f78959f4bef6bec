from flyball.learning.labels import AHEAD, milestone_labels, stuck_labels
from flyball.records import Action, Run, Trajectory
from tests.monitors.learned.runs import TASK, click, page, step

WAIT = Action(tool="wait", arguments={"seconds": 1})


def labels(texts, actions=None, status="finished"):
    actions = actions or [click()] * len(texts)
    steps = tuple(step(at, *each) for at, each in enumerate(zip(actions, texts, strict=True)))
    run = Run(id="r", task=TASK, policy="small", status=status, score=0.0)
    return stuck_labels(Trajectory(task=TASK, steps=steps), run)


def test_a_run_that_repeats_itself_until_it_is_stopped_is_stuck_from_its_first_repeat():
    assert labels(["a"] * 6, status="stopped") == (False, True, True, True, True, True)


def test_two_pages_in_turn_are_a_loop_too():
    actions = [click("A"), click("B")] * 4
    assert labels(["a", "b"] * 4, actions, "stopped") == (False, False, *[True] * 6)


def test_the_last_steps_of_a_run_that_came_to_an_end_are_not_stuck():
    answered = labels(["a"] * 6, [*[click()] * 5, Action(tool="finish")])
    assert answered == (False, True, True, False, False, False)
    assert answered.index(True) + sum(answered) + AHEAD == len(answered)


def test_an_action_that_works_in_the_end_was_worth_repeating():
    assert not any(labels(["a"] * 6))


def test_waiting_until_something_comes_is_not_stuck_and_waiting_for_nothing_is():
    patient = labels(["a"] * 6 + ["b"], [WAIT] * 6 + [click()])
    assert not any(patient)
    gave_up = labels(["a"] * 7 + ["b"], [WAIT] * 6 + [click(), click("B")])
    assert sum(gave_up) == 3


def test_paging_is_not_stuck():
    assert not any(labels([page(f'text "{at}"') for at in range(8)], status="stopped"))


def test_trying_other_things_is_not_stuck():
    actions = [click(str(at)) for at in range(6)]
    assert not any(labels(["a"] * 6, actions, status="stopped"))


def test_a_milestone_is_told_at_the_step_that_can_see_it():
    assert milestone_labels([(), ("found",), ()], 3) == (False, True, False)
