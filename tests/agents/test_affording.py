import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from flyball import Action, Budget, Energy, Observation, Task, Usage
from flyball.agents import Begun, attempt, new_run
from flyball.agents.affording import Throttle
from flyball.ledger import MEMORY, Ledger, receipt_of
from flyball.meters import NoMeter
from flyball.monitors import OverBudget
from flyball.testing import ScriptedMeter
from tests.conftest import DONE, ECHO

SEEN = Observation(source="task", text="go")


@pytest.fixture
def ledger():
    with Ledger(MEMORY) as ledger:
        yield ledger


async def carried(crew, ledger, budget, actions=(ECHO,) * 9, **changes):
    made, _ = crew([*actions, DONE], [OverBudget()])
    made = replace(made, **changes)
    run = new_run(Task(id="t", prompt="go", budget=budget), made, agent="web", policy="small")
    return await attempt(run, made, ledger, observation=SEEN)


async def test_a_request_that_cannot_fit_is_not_made_and_the_receipt_says_why(crew, ledger):
    # Every window takes 2 J: a step is 6 J, of which the request is 2 J.
    run = await carried(crew, ledger, Budget(joules=19.0))
    steps = ledger.steps(run.id)
    assert (run.status, run.ended_by) == ("stopped", "over_budget")
    assert run.reason == "the next request takes about 2 joules, and 1 of 19 are left"
    assert [step.action.tool for step in steps] == ["echo", "echo", "echo", "not_asked"]
    assert steps[-1].spend.energy.joules is None
    assert sum(step.spend.energy.joules or 0.0 for step in steps) == 18.0
    assert receipt_of(run, ledger.trajectory(run.id)).undone is None


async def test_a_warning_is_written_down_with_the_step_that_it_came_at(crew, ledger):
    run = await carried(crew, ledger, Budget(joules=17.0))
    reasons = [step.verdicts[0].reason for step in ledger.steps(run.id) if step.verdicts]
    assert reasons == ["", "", "running short of joules: 14 of 17"]


async def test_what_was_spent_before_a_resume_counts(crew, ledger):
    run = await carried(crew, ledger, Budget(joules=19.0))
    made, _ = crew([DONE], [OverBudget()])
    begun = Begun(done=ledger.steps(run.id))
    again = replace(run, status="running", task=replace(run.task, budget=Budget(joules=19.5)))
    ended = await attempt(again, made, ledger, observation=SEEN, begun=begun)
    assert "1.5 of 19.5 are left" in ended.reason


class SubRun:
    """A tool that asks a model of its own."""

    spec = None

    async def call(self, arguments):
        return Observation(source="ask", text="yes", usage=Usage(requests=3, output_tokens=50))


async def test_what_a_sub_run_takes_counts_against_the_budget(crew, ledger):
    asks = Action(tool="ask")
    run = await carried(
        crew, ledger, Budget(output_tokens=100), [asks] * 9, tools={"ask": SubRun()}
    )
    steps = ledger.steps(run.id)
    assert run.ended_by == "over_budget"
    assert [step.tool_spend.usage.requests for step in steps[:2]] == [3, 3]
    assert len(steps) == 3


class Time:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def read(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class Hot:
    """Takes 100 W for `seconds`, and 1 W after that."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.began, self.seconds, self.clock = clock(), seconds, clock

    def read(self) -> Energy:
        passed = self.clock() - self.began
        hot = min(passed, self.seconds)
        return Energy(cpu_j=100 * hot + (passed - hot), method="counter")


async def test_above_its_watts_a_run_pauses_until_the_average_is_below():
    clock = Time()
    throttle = Throttle(Hot(0.1, clock.read), 25.0, clock=clock.read, sleep=clock.sleep)
    clock.now = 0.1
    # 10 J in 0.1 s, and 1 W from then on, are 25 W on average after 0.4125 s.
    assert await throttle.wait() == pytest.approx(0.35)
    assert clock.now == pytest.approx(0.45)
    assert await throttle.wait() == 0.0


@pytest.mark.parametrize("meter", [NoMeter(), ScriptedMeter(itertools.repeat(5.0))])
async def test_where_energy_is_unknown_or_low_nothing_waits(meter):
    assert await Throttle(meter, 1e-9).wait() == 0.0


async def test_a_ceiling_below_idling_does_not_keep_a_run_for_ever():
    clock = Time()
    meter = Hot(1e9, clock.read)
    throttle = Throttle(meter, 1.0, longest=0.23, clock=clock.read, sleep=clock.sleep)
    clock.now = 0.1
    assert await throttle.wait() == pytest.approx(0.25)


async def test_a_pause_is_written_down_with_its_step(crew, ledger):
    meter = Hot(0.2)
    await asyncio.sleep(0.1)
    run = await carried(crew, ledger, Budget(), [ECHO], meter=meter, watts_ceiling=60.0)
    assert run.status == "finished"
    assert sum(step.paused_seconds for step in ledger.steps(run.id)) > 0
