"""The stand-ins and checks for plug-ins: they pass what is right, and refuse what is not."""

from dataclasses import replace

import pytest

from flyball import Action, Energy, Observation, Ruling, ToolSpec, Trajectory, Usage, Verdict
from flyball.records import Completion, Request
from flyball.testing import (
    EchoTool,
    ScriptedMeter,
    ScriptedModel,
    check_meter,
    check_model,
    check_monitor,
    check_tool,
    trajectory,
)
from tests.conftest import ECHO

ASKED = Request(prompt="hi")
RIGHT = Completion(
    text="hi", logprobs=(-0.1,), usage=Usage(requests=1, input_tokens=3, output_tokens=1)
)


async def test_a_scripted_model_answers_in_order_and_remembers_the_requests():
    model = ScriptedModel(["one", RIGHT])
    assert (await model.complete(ASKED)).text == "one"
    assert await model.complete(replace(ASKED, seed=1)) == RIGHT
    assert [request.seed for request in model.requests] == [None, 1]


async def test_a_model_that_keeps_its_promises_passes():
    await check_model(ScriptedModel(["hi"]), ASKED)
    await check_model(ScriptedModel([RIGHT]), ASKED)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(RIGHT, usage=Usage()),
        replace(RIGHT, usage=Usage(requests=1, input_tokens=1, cached_tokens=2)),
        replace(RIGHT, usage=Usage(requests=1, local_requests=2)),
        replace(RIGHT, usage=Usage(requests=1, output_tokens=10_000)),
        replace(RIGHT, logprobs=(0.5,)),
        replace(RIGHT, entropies=(-0.5,)),
    ],
)
async def test_a_model_that_breaks_a_promise_is_refused(wrong):
    with pytest.raises(AssertionError):
        await check_model(ScriptedModel([wrong]), ASKED)


async def test_a_tool_that_keeps_its_promises_passes():
    await check_tool(EchoTool(), [{"text": "hi"}])


async def test_a_tool_that_fails_without_a_word_is_refused():
    class Silent:
        spec = ToolSpec(name="silent", description="Fail.")

        async def call(self, arguments: object) -> Observation:
            return Observation(source="silent", text="", ok=False)

    with pytest.raises(AssertionError, match="what went wrong"):
        await check_tool(Silent(), [])


def test_a_meter_that_runs_backwards_is_refused():
    check_meter(ScriptedMeter([1.0, 2.0]))
    with pytest.raises(AssertionError, match="gpu_j may only grow"):
        check_meter(ScriptedMeter([2.0, 1.0]))


def test_a_meter_that_does_not_say_how_it_reads_is_refused():
    class Bare:
        def read(self) -> Energy:
            return Energy(cpu_j=1.0)

    with pytest.raises(AssertionError, match="how it was obtained"):
        check_meter(Bare())


@pytest.mark.parametrize(
    ("verdict", "why"),
    [
        (Verdict(monitor="other"), "name"),
        (Verdict(monitor="m", confidence=2.0), "probability"),
        (Verdict(monitor="m", evidence=(7,)), "no such step"),
        (Verdict(monitor="m", ruling=Ruling.STOP), "say why"),
        (Verdict(monitor="m", ruling=Ruling.STOP, reason="one\ntwo"), "one line"),
        (Verdict(monitor="m", ruling=Ruling.ESCALATE, reason="so"), "name a policy"),
        (Verdict(monitor="m", ruling=Ruling.STOP, reason="so", error="x"), "rules nothing"),
    ],
)
def test_a_monitor_that_breaks_a_promise_is_refused(verdict, why):
    class Wrong:
        name = "m"

        def judge(self, trajectory: Trajectory) -> Verdict:
            return verdict

    with pytest.raises(AssertionError, match=why):
        check_monitor(Wrong(), [trajectory([ECHO, Action(tool="x")])])


def test_a_monitor_with_a_memory_is_refused():
    class Forgetful:
        name = "m"
        asked = 0

        def judge(self, trajectory: Trajectory) -> Verdict:
            self.asked += 1
            return Verdict(monitor="m", reason=str(self.asked))

    with pytest.raises(AssertionError, match="same verdict"):
        check_monitor(Forgetful(), [trajectory([ECHO])])
