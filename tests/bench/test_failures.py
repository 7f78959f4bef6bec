"""How episodes are lost, on trajectories made by hand."""

from dataclasses import replace

import pytest

from flyball import Action, Decision, Observation, Ruling, Run, Step, Task, Trajectory
from flyball.bench.failures import KINDS, failure_of
from flyball.bench.office import Office
from flyball.bench.office.suite import Job
from flyball.bench.office.tab import Tab
from flyball.bench.office.templates import TEMPLATES
from tests.bench.stand_ins import PageSuite

RIGHT = Action(tool="click", arguments={"element": 1, "target": 'button "Go"'})
BACK = Action(tool="back")
FINISH = Action(tool="finish")


def press(key):
    return Action(tool="press", arguments={"key": key})


def page(mark, *, ok=True, source="click"):
    return Observation(source=source, text=f'url http://x/\nbutton "Go" 1\ntext "{mark}"', ok=ok)


def lost(moves, *, ended_by="over_budget", score=0.0, status="stopped", suite=None, task="press"):
    """A run of `(page, action)` moves, all carried out but the one that a monitor stopped."""
    steps = [
        Step(index=index, policy="small", observation=seen, action=action)
        for index, (seen, action) in enumerate(moves)
    ]
    if status == "stopped":
        steps[-1] = replace(steps[-1], decision=Decision(ruling=Ruling.STOP))
    told = Task(id=task, prompt="Press Go.")
    run = Run(
        id="r", task=told, policy="small", seed=1, score=score, status=status, ended_by=ended_by
    )
    trajectory = Trajectory(task=told, steps=tuple(steps))
    return failure_of(run, trajectory, suite or PageSuite())


def wandering(count, action=press):
    """So many moves that never come back to a page or an action."""
    return [(page(f"w{index}"), action(str(index))) for index in range(count)]


@pytest.mark.parametrize("cycle", [1, 2, 3, 4])
def test_moves_that_go_round_are_a_loop(cycle):
    round_trip = [(page(f"p{index}"), press(str(index))) for index in range(cycle)]
    assert lost([*wandering(3), *round_trip * 3]) == "loop"


def test_five_pages_in_turn_are_no_loop_yet():
    assert lost([(page(f"p{index}"), press(str(index))) for index in range(5)] * 3) != "loop"


def test_the_same_action_on_other_pages_is_no_loop():
    assert lost([(page(f"p{index}"), BACK) for index in range(8)]) == "step_limit"


def test_a_move_that_was_refused_again_and_again_is_a_loop():
    refused = Observation(source="governor", text="no", ok=False)
    assert lost([(page("a"), BACK), (refused, BACK), (refused, BACK)]) == "loop"


@pytest.mark.parametrize("by", ["policy", "environment"])
def test_an_end_without_full_marks_is_a_wrong_ending(by):
    assert lost([*wandering(4), (page("x"), FINISH)], ended_by=by, status="finished") == (
        "wrong_ending"
    )


def test_moves_that_change_nothing_or_fail_are_dead_clicks():
    still = [(page("s"), press("a")), (page("s"), press("b")), (page("s"), press("c"))]
    assert lost([*wandering(3), *still]) == "dead_click"
    failing = [(page("f", ok=False), press("a")), (page("g", ok=False), press("b"))]
    assert lost([*wandering(3), *failing]) == "dead_click"


def test_one_dead_move_at_the_end_is_none():
    assert lost([*wandering(3), (page("s"), press("a")), (page("s"), press("b"))]) == "step_limit"


class TwoMoves(PageSuite):
    """Its oracle presses Go, goes back, and so on."""

    def oracle(self, task):
        return lambda goal, page, told: BACK if len(told) % 2 else RIGHT


def test_a_start_like_the_oracles_that_comes_to_nothing_is_drift():
    start = [(page("0"), RIGHT), (page("1"), BACK)]
    assert lost([*start, *wandering(4)], suite=TwoMoves()) == "drift"
    assert lost([*start[:1], *wandering(4)], suite=TwoMoves()) == "step_limit"
    assert lost(wandering(6), suite=TwoMoves()) == "step_limit"


def test_an_oracle_that_knows_no_move_vouches_for_no_start():
    nothing = Observation(source="click", text='url http://x/\ntext "lost"')
    moves = [(nothing, RIGHT), *wandering(4)]
    assert lost(moves) == "step_limit"


def test_what_broke_is_no_failure_of_the_agent():
    assert lost(wandering(2), score=None, status="failed", ended_by="browser") == "infrastructure"


def test_a_run_that_was_won_or_goes_on_was_not_lost():
    assert lost(wandering(2), score=1.0) is None
    assert lost(wandering(2), score=None, status="running") is None


@pytest.mark.parametrize("task", [Office.trained[0], Office.untrained[0]])
def test_a_milestone_that_was_reached_and_lost_sight_of_is_drift(task):
    """The oracle's moves are cut short, and the rest wanders."""
    suite, seed = Office(), 7
    job = Job(TEMPLATES[task], seed)
    tab, oracle, done, told = Tab(job.site), suite.oracle(task), [], []
    while suite.milestones((task, seed), done) == 0:
        action = oracle(job.goal, tab.entries, told)
        tab.act(action)
        done.append(action)
        told.append(action.tool)
        assert not action.is_final
    assert sum(job.subgoals()) == 1
    seen = [(page(f"o{index}"), action) for index, action in enumerate(done)]
    told_task = Task(id=task, prompt=job.goal)
    run = Run(id="r", task=told_task, policy="p", seed=seed, score=0.0, status="stopped")
    steps = tuple(
        Step(index=index, policy="p", observation=shown, action=action)
        for index, (shown, action) in enumerate([*seen, *wandering(3)])
    )
    assert failure_of(run, Trajectory(task=told_task, steps=steps), suite) == "drift"
    assert failure_of(run, Trajectory(task=told_task, steps=steps[-3:]), suite) == "step_limit"


def test_every_kind_is_listed_once():
    assert len(set(KINDS)) == len(KINDS) == 6
