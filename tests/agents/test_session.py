import asyncio
from dataclasses import replace

import pytest

from flyball import Action, Budget, Observation, Task, Usage
from flyball.agents import attempt, new_run
from flyball.errors import LedgerError, ModelError
from flyball.ledger import MEMORY, Ledger
from flyball.monitors import OverBudget
from flyball.roles import Proposal
from tests.conftest import DONE, ECHO

SEEN = Observation(source="page", text="a page")


@pytest.fixture
def ledger():
    with Ledger(MEMORY) as ledger:
        yield ledger


def begin(task, parts):
    return new_run(task, parts, agent="web", policy="small")


async def test_a_run_that_answers_is_finished_with_its_answer(task, crew, ledger):
    parts, steps = crew([ECHO, DONE])
    run = await attempt(begin(task, parts), parts, ledger, observation=SEEN)
    assert (run.status, run.ended_by, run.answer, run.success) == ("finished", "policy", "hi", None)
    assert ledger.run(run.id) == run
    assert ledger.trajectory(run.id).steps == tuple(steps)
    assert steps[0].observation == SEEN


async def test_a_checker_scores_the_run_once_it_is_over(task, crew, ledger):
    async def score(ended):
        return 0.0

    parts, _ = crew([Action(tool="finish", arguments={"success": False})])
    run = await attempt(begin(task, parts), parts, ledger, observation=SEEN, score=score)
    assert (run.success, run.gave_up, run.answer) == (False, True, None)


async def test_a_checker_is_told_what_the_run_has_answered(task, crew, ledger):
    async def score(ended):
        return float(ended.answer == "hi")

    parts, _ = crew([DONE])
    run = await attempt(begin(task, parts), parts, ledger, observation=SEEN, score=score)
    assert run.success


async def test_a_run_over_its_budget_is_stopped_by_the_monitor(crew, ledger):
    task = Task(id="t", prompt="p", budget=Budget(steps=2))
    parts, _ = crew([ECHO] * 9, [OverBudget()])
    run = await attempt(begin(task, parts), parts, ledger, observation=SEEN)
    assert (run.status, run.ended_by) == ("stopped", "over_budget")
    assert "2 of 2" in run.reason


async def test_the_environment_can_end_a_run(task, crew, ledger):
    class Last:
        spec = None

        async def call(self, arguments):
            return Observation(source="echo", text="", note="the door shut", ended=True)

    parts, steps = crew([ECHO, DONE])
    parts = replace(parts, tools={"echo": Last()})
    run = await attempt(begin(task, parts), parts, ledger, observation=SEEN)
    assert (run.status, run.ended_by, run.reason) == ("finished", "environment", "the door shut")
    assert len(steps) == 1


async def test_what_breaks_a_run_is_written_down_and_raised(task, crew, ledger):
    class Down:
        name = "small"

        async def propose(self, trajectory, observation):
            if trajectory.steps:
                raise ModelError("the server is down")
            return Proposal(ECHO, Usage())

    parts, _ = crew([])
    parts = replace(parts, policies={"small": Down()})
    begun = begin(task, parts)
    with pytest.raises(ModelError):
        await attempt(begun, parts, ledger, observation=SEEN)
    run = ledger.run(begun.id)
    assert (run.status, run.ended_by, run.reason) == ("failed", "ModelError", "the server is down")
    assert len(ledger.trajectory(run.id).steps) == 1


async def test_an_interrupted_run_says_so(task, crew, ledger):
    class Slow:
        name = "small"

        async def propose(self, trajectory, observation):
            await asyncio.sleep(60)

    parts, _ = crew([])
    parts = replace(parts, policies={"small": Slow()})
    begun = begin(task, parts)
    running = asyncio.create_task(attempt(begun, parts, ledger, observation=SEEN))
    await asyncio.sleep(0.05)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (ledger.run(begun.id).status, ledger.run(begun.id).ended_by) == ("stopped", "human")


async def test_a_ledger_that_cannot_be_written_ends_the_run_with_its_own_words(task, crew, ledger):
    class Full:
        def save(self, run):
            self.saved = run

        def append(self, run_id, step):
            raise LedgerError("the disk is full")

    parts, _ = crew([ECHO, DONE])
    full = Full()
    with pytest.raises(LedgerError, match="disk is full"):
        await attempt(begin(task, parts), parts, full, observation=SEEN)
    assert full.saved.status == "failed"


async def test_a_run_may_take_more_steps_than_langgraph_allows_by_default(task, crew, ledger):
    parts, _ = crew([*[ECHO] * 60, DONE])
    run = await attempt(begin(task, parts), parts, ledger, observation=SEEN)
    assert run.status == "finished"
