"""A person takes a hand in a run, over a real socket, while the real loop goes on."""

import asyncio
import socket
import tempfile
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from flyball import Action, Ruling, Verdict
from flyball.agents import pursue
from flyball.cli.helmed import _read
from flyball.monitors import Repeats
from flyball.steering import Helm, Order, Standing, socket_of
from flyball.steering import helm as helm_module
from tests.conftest import DONE, ECHO

pytestmark = pytest.mark.anyio


class Asks:
    name = "asks"

    def __init__(self, at=(1,)):
        self.at = at

    def judge(self, trajectory):
        if trajectory.last.index not in self.at:
            return Verdict(monitor=self.name)
        return Verdict(monitor=self.name, ruling=Ruling.ASK, reason="is this all right?")


class Person:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def sees(self, wanted):
        async with asyncio.timeout(10):
            while True:
                standing = Standing.from_line(await self.reader.readline())
                if wanted(standing):
                    return standing

    def says(self, do, **more):
        self.writer.write(Order(do=do, **more).to_line())


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory() as folder:  # tmp_path is too long for a socket
        yield Path(folder)


@asynccontextmanager
async def underway(folder, task, crew, actions, monitors=()):
    parts, steps = crew(actions, monitors)
    async with Helm(folder / "named", "r1", tuple(parts.policies), read=_read) as helm:
        parts = replace(parts, helm=helm, ask=helm.ask)
        person = Person(*await asyncio.open_unix_connection(socket_of(folder, "r1")))
        await person.sees(lambda standing: standing.run == "r1")
        yield person, steps, lambda: asyncio.create_task(pursue(task, parts, policy="small"))
        person.writer.close()


async def test_a_paused_run_waits_and_a_resumed_one_goes_on(folder, task, crew):
    async with underway(folder, task, crew, [ECHO, DONE]) as (person, steps, begin):
        assert (folder / "named").read_text() == "r1"
        person.says("pause")
        await person.sees(lambda standing: standing.paused)
        run = begin()
        await person.sees(lambda standing: standing.driver == "small")
        await asyncio.sleep(0.05)
        assert (run.done(), steps) == (False, [])
        person.says("resume")
        await run
        assert len(steps) == 2
    assert [each.name for each in folder.iterdir()] == ["named"]


async def test_a_person_stops_a_run_and_what_was_at_hand_is_left_undone(folder, task, crew):
    async with underway(folder, task, crew, [ECHO, ECHO, DONE]) as (person, steps, begin):
        person.says("pause")
        await person.sees(lambda standing: standing.paused)
        run = begin()
        person.says("stop")
        end = await run
    assert [step.decision.ruling for step in steps] == [Ruling.STOP]
    assert end.trajectory.last.decision.by == "human"


async def test_a_person_hands_over_and_the_taker_is_told(folder, task, crew):
    async with underway(folder, task, crew, [ECHO, ECHO, DONE]) as (person, steps, begin):
        person.says("hand_over", to="nobody")
        problem = await person.sees(lambda standing: standing.problem)
        assert "there are: small, large" in problem.problem
        person.says("hand_over", to="large")
        await person.sees(lambda standing: not standing.problem)
        await begin()
    first, second = steps
    assert (first.decision.by, first.decision.policy) == ("human", "large")
    assert (first.hand_over.taker, second.policy) == ("large", "large")


async def test_a_person_drives_and_is_not_corrected(folder, task, crew):
    monitors = [Repeats(limit=1)]
    async with underway(folder, task, crew, [DONE], monitors) as (person, steps, begin):
        person.says("take_wheel")
        await person.sees(lambda standing: standing.wheel)
        run = begin()
        await person.sees(lambda standing: standing.waiting == "action")
        person.says("act", text="clik it")
        wrong = await person.sees(lambda standing: standing.problem)
        assert "not done" in wrong.problem
        person.says("act", text='echo {"text": "mine"}')
        await person.sees(lambda standing: standing.waiting == "" and not standing.problem)
        await person.sees(lambda standing: standing.waiting == "action")
        person.says("act", text='finish "so be it"')
        end = await run
    assert [step.policy for step in steps] == ["human", "human"]
    assert steps[0].verdicts[0].ruling is Ruling.REVISE, "what the monitors think is kept"
    assert steps[0].decision.ruling is Ruling.CONTINUE
    assert steps[1].observation.text == "mine"
    assert end.trajectory.last.action.arguments == {"answer": "so be it"}
    assert steps[0].policy_spend.usage.requests == 0


@pytest.mark.parametrize(
    ("to", "rulings"),
    [("continue", 3), ("stop", 2)],
)
async def test_a_person_answers_what_is_asked(folder, task, crew, to, rulings):
    async with underway(folder, task, crew, [ECHO, ECHO, DONE], [Asks()]) as (person, steps, begin):
        run = begin()
        asked = await person.sees(lambda standing: standing.waiting == "answer")
        assert "is this all right?" in asked.question
        person.says("answer", to="perhaps")
        assert await person.sees(lambda standing: "not 'perhaps'" in standing.problem)
        person.says("answer", to=to)
        await run
    assert len(steps) == rulings
    assert steps[1].decision.by == "human"


@pytest.mark.parametrize(("to", "rulings"), [("always", {"continue"}), ("never", {"revise"})])
async def test_an_answer_for_the_whole_run_is_asked_for_once(folder, task, crew, to, rulings):
    moves = [ECHO, ECHO, ECHO, DONE]
    asks = Asks(at=(1, 2))
    async with underway(folder, task, crew, moves, [asks]) as (person, steps, begin):
        run = begin()
        await person.sees(lambda standing: standing.waiting == "answer")
        person.says("answer", to=to)
        await run
    assert {step.decision.ruling for step in steps[1:3]} == rulings
    assert all("for this run by a person" in step.decision.reason for step in steps[1:3])


async def test_where_all_leave_what_is_asked_stops_the_run(folder, task, crew):
    async with underway(folder, task, crew, [ECHO, ECHO, DONE], [Asks()]) as (person, steps, begin):
        run = begin()
        await person.sees(lambda standing: standing.waiting == "answer")
        person.writer.close()
        await run
    assert steps[-1].decision.reason == "nobody is there to ask: is this all right?"


async def test_a_bound_run_stops_with_its_screen_and_another_goes_on(folder, task, crew):
    for bound in (True, False):
        async with underway(folder, task, crew, [ECHO, DONE]) as (person, steps, begin):
            person.says("pause")
            await person.sees(lambda standing: standing.paused)
            run = begin()
            if bound:
                person.says("bind")
            else:
                person.says("resume")
            person.says("nonsense")
            await person.sees(lambda standing: "not understood" in standing.problem)
            person.writer.close()
            await run
        assert (steps[-1].decision.ruling is Ruling.STOP) is bound


def test_what_is_typed_is_read_as_policies_write_it_or_as_json():
    assert _read('click button "Go" 3').arguments["element"] == 3
    assert _read('shell {"command": "ls"}') == Action(
        tool="shell", arguments={"command": "ls"}, text='shell {"command": "ls"}'
    )
    assert "that is not JSON" in _read("shell {").arguments["why"]


@pytest.mark.parametrize("comes", [True, False])
async def test_the_first_question_waits_for_whoever_started_the_run(
    folder, task, crew, monkeypatch, comes
):
    """Which connects only once it has found out which run it is."""
    monkeypatch.setattr(helm_module, "FIRST_SECONDS", 30.0 if comes else 0.01)
    parts, steps = crew([ECHO, ECHO, DONE], [Asks()])
    asked = asyncio.Event()
    async with Helm(folder / "named", "r1", tuple(parts.policies), read=_read) as helm:

        async def ask(step):
            asked.set()
            return await helm.ask(step)

        parts = replace(parts, helm=helm, ask=ask)
        run = asyncio.create_task(pursue(task, parts, policy="small"))
        await asked.wait()
        if comes:
            person = Person(*await asyncio.open_unix_connection(socket_of(folder, "r1")))
            await person.sees(lambda standing: standing.waiting == "answer")
            person.says("answer", to="continue")
            await run
            person.writer.close()
        await run
    ruling = Ruling.CONTINUE if comes else Ruling.STOP
    assert steps[1].decision.ruling is ruling


async def test_a_screen_that_is_gone_before_it_is_heard_was_bound_all_the_same(folder, task, crew):
    parts, steps = crew([ECHO, DONE], [])
    async with Helm(folder / "named", "r1", tuple(parts.policies), read=_read) as helm:
        parts = replace(parts, helm=helm, ask=helm.ask)
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(socket_of(folder, "r1")))
            line.sendall(Order(do="pause").to_line() + Order(do="bind").to_line())
        for _ in range(20):
            await asyncio.sleep(0)
        assert helm.standing.paused
        await asyncio.wait_for(pursue(task, parts, policy="small"), 10)
    assert steps[-1].decision.reason == "the screen that it was bound to is gone"
