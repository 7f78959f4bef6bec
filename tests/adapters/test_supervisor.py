"""`flyball.Supervisor`, in loops of several kinds."""

import itertools

import pytest

from flyball import Budget, Decision, Observation, Ruling, Supervisor, Task, Usage
from flyball.adapters import Supervision
from flyball.errors import StoppedError
from flyball.ledger import Ledger
from flyball.monitors import OverBudget, Repeats
from flyball.records import HandOver, Step
from flyball.testing import ScriptedMeter
from tests.conftest import DONE, ECHO
from tests.test_imports import imported_by

SEEN = Observation(source="page", text="a button")
STOPPING = [Repeats(limit=2, ruling=Ruling.STOP)]


@pytest.fixture
def ledger():
    with Ledger(":memory:") as opened:
        yield opened


def test_it_needs_the_standard_library_only():
    brought = imported_by("from flyball import Supervisor")
    assert not brought & {"psutil", "pydantic", "sqlmodel", "httpx", "numpy", "rich", "typer"}


def test_one_argument_writes_every_step_and_the_end(ledger, task):
    with Supervisor(task, monitors=[Repeats()], ledger=ledger, policy="small") as supervisor:
        for action in (ECHO, DONE):
            supervisor.review(SEEN, action, usage=Usage(requests=1, output_tokens=3))
    run = ledger.run(supervisor.run.id)
    assert (run.status, run.answer, run.policy) == ("finished", "hi", "small")
    assert [step.action.tool for step in ledger.steps(run.id)] == ["echo", "finish"]
    assert ledger.trajectory(run.id).spend.usage.output_tokens == 6


def test_one_argument_measures_what_passes_between_two_calls(task):
    meter = ScriptedMeter(itertools.count(step=2.0))
    with Supervisor(task, monitors=[], meter=meter) as supervisor:
        supervisor.review(SEEN, ECHO)
        supervisor.acted()
    [step] = supervisor.trajectory.steps
    assert step.policy_spend.energy.gpu_j == 2.0
    assert step.tool_spend.energy.gpu_j == 2.0


def test_what_this_machine_answers_has_no_price_without_a_meter(task):
    supervisor = Supervisor(task, monitors=[])
    step = supervisor.review(SEEN, ECHO, usage=Usage(requests=1, local_requests=1))
    assert step.policy_spend.usage.unpriced_requests == 1


def test_a_stopped_run_leaves_a_receipt(ledger, task):
    with Supervisor(task, monitors=STOPPING, ledger=ledger) as supervisor:
        supervisor.review(SEEN, ECHO)
        supervisor.review(SEEN, ECHO)
    assert ledger.run(supervisor.run.id).status == "stopped"
    receipt = supervisor.receipt()
    assert "Stopped by repeats: echo tried 2 times" in receipt
    assert "evidence of step 0, 1" in receipt
    assert supervisor.run.id in receipt


def test_a_loop_that_breaks_is_written_down_as_failed(ledger, task):
    def broken() -> None:
        with Supervisor(task, monitors=[], ledger=ledger) as supervisor:
            supervisor.review(SEEN, ECHO)
            raise KeyError("x")

    with pytest.raises(KeyError):
        broken()
    [run] = ledger.runs()
    assert (run.status, run.reason) == ("failed", "KeyError('x')")
    assert len(ledger.steps(run.id)) == 1


def test_what_a_loop_cannot_do_is_recorded_as_not_obeyed(ledger, task):
    with Supervisor(task, monitors=STOPPING, ledger=ledger) as supervisor:
        supervisor.review(SEEN, ECHO)
        supervisor.review(SEEN, ECHO)
        supervisor.unobeyed("this loop cannot be stopped")
    run = ledger.run(supervisor.run.id)
    assert run.status == "finished"
    assert ledger.steps(run.id)[-1].unobeyed == "this loop cannot be stopped"


def test_a_loop_that_goes_on_after_a_stop_did_not_obey(ledger, task):
    with Supervisor(task, monitors=STOPPING, ledger=ledger) as supervisor:
        for _ in range(3):
            supervisor.review(SEEN, ECHO)
    assert [bool(step.unobeyed) for step in ledger.steps(supervisor.run.id)] == [False, True, False]


def test_a_run_that_was_closed_can_go_on(ledger, task):
    supervisor = Supervisor(task, monitors=[], ledger=ledger)
    for action in (DONE, ECHO):
        supervisor.review(SEEN, action)
        supervisor.close()
    assert len(ledger.steps(supervisor.run.id)) == 2
    assert ledger.run(supervisor.run.id).ended_by == "environment"


def test_a_sink_is_any_callable(task):
    steps: list[Step] = []
    with Supervisor(task, monitors=[], sink=steps.append) as supervisor:
        supervisor.review(SEEN, ECHO)
        assert steps == []
    assert steps == list(supervisor.trajectory.steps)


def test_an_escalation_says_who_drives_and_who_comes_back(task):
    monitors = [Repeats(limit=2, ruling=Ruling.ESCALATE, policy="large")]
    supervisor = Supervisor(task, monitors=monitors, policy="small")
    assert supervisor.driver == "small"
    drivers = []
    for number in range(9):
        supervisor.review(Observation(source="page", text=str(number // 2)), ECHO)
        drivers.append(supervisor.driver)
    assert drivers[:2] == ["small", "large"]
    assert "small" in drivers[2:]


def test_who_takes_over_is_written_on_the_step(task):
    with Supervisor(task, monitors=[]) as supervisor:
        supervisor.review(SEEN, ECHO)
        given = HandOver(giver="a", taker="b", kind="full", why="so", told=(0,), left_out=0)
        supervisor.handed_over(given)
    assert supervisor.trajectory.last.hand_over == given


@pytest.mark.parametrize("later", [False, True])
async def test_a_person_is_asked(task, later):
    async def _later(step: Step) -> Decision:
        return Decision(by="human")

    def _now(step: Step) -> Decision:
        return Decision(by="human")

    monitors = [Repeats(limit=1, ruling=Ruling.ASK)]
    supervisor = Supervisor(task, monitors=monitors, ask=_later if later else _now)
    step = await supervisor.areview(SEEN, ECHO)
    assert (step.decision.ruling, step.decision.by) == ("continue", "human")


def test_a_plain_loop_waits_for_a_person_too(task):
    async def ask(step: Step) -> Decision:
        return Decision(ruling=Ruling.REVISE, reason="no", by="human")

    supervisor = Supervisor(task, monitors=[Repeats(limit=1, ruling=Ruling.ASK)], ask=ask)
    assert supervisor.review(SEEN, ECHO).decision.reason == "no"


async def test_where_nobody_is_there_to_ask_it_stops(task):
    monitors = [Repeats(limit=1, ruling=Ruling.ASK)]
    assert Supervisor(task, monitors=monitors).review(SEEN, ECHO).decision.ruling == "stop"
    step = await Supervisor(task, monitors=monitors).areview(SEEN, ECHO)
    assert step.decision.ruling == "stop"


def test_a_guarded_function_is_judged_before_each_call(ledger, task):
    done = []
    monitors = [Repeats(limit=2), OverBudget()]
    limited = Task(id="t", prompt="p", budget=Budget(steps=3))
    with Supervisor(limited, monitors=monitors, ledger=ledger) as supervisor:

        @supervisor.guard
        def click(name: str) -> str:
            done.append(name)
            return "same"

        assert click("a") == "same"
        assert click("a") == "same"
        assert click(name="a").startswith("not carried out: click tried 2 times")
        with pytest.raises(StoppedError, match="out of steps: 3 of 3"):
            click("b")
    assert done == ["a", "a"]
    assert ledger.run(supervisor.run.id).status == "stopped"
    assert ledger.steps(supervisor.run.id)[0].action.arguments == {"name": "a"}


async def test_a_guarded_coroutine_is_judged_too_and_its_failure_is_seen(task):
    supervisor = Supervisor(task, monitors=[Repeats(limit=1, ruling=Ruling.VERIFY)])

    @supervisor.guard
    async def click(name: str) -> str:
        raise ValueError(name)

    for _ in range(2):
        with pytest.raises(ValueError, match="a"):
            await click("a")
    first, second = supervisor.trajectory.steps
    assert first.unobeyed == "nothing can be verified in this loop"
    assert second.observation == Observation(
        source="click", text="", ok=False, note="ValueError('a')"
    )


async def test_an_asynchronous_loop_closes_it_as_well(task):
    async with Supervision(strong="large").begin("Say hi!", agent="mine") as supervisor:
        pass
    assert supervisor.run.status == "finished"
    assert (supervisor.run.task.id, supervisor.run.strong) == ("say-hi", "large")
    assert supervisor.receipt().startswith("Nothing was done")
