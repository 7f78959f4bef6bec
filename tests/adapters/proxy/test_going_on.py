"""Clients of OpenAI's responses that say only what is new, after the id of an answer."""

import openai
import pytest
from starlette.responses import JSONResponse

from flyball import Ruling
from flyball.adapters import Supervision
from flyball.adapters.proxy import Proxy
from flyball.adapters.proxy.asks import Asks
from flyball.adapters.proxy.responses import Responses
from flyball.adapters.proxy.runs import MOST_ANSWERS, Given, Runs
from flyball.monitors import Bursts, OverBudget, Repeats, Strictest
from flyball.records import Budget, Verdict
from tests.adapters.servers import ScriptedServer, proxied, said, upstream

LOOK = said("I look.", ("look", {"at": "door"}))
ONLY_CALLS = said("", ("look", {"at": "door"}))
OTHER = said("I see.", ("look", {"at": "roof"}))
DONE = said("All is done.")
both = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


class AtOnce:
    """Escalates the first step."""

    name = "at_once"

    def judge(self, trajectory):
        if len(trajectory.steps) > 1:
            return Verdict(monitor=self.name)
        return Verdict(monitor=self.name, ruling=Ruling.ESCALATE, policy="large", reason="hard")


def watched(server, ledger, *monitors, **more):
    supervision = Supervision(monitors=monitors, ledger=ledger, **more)

    def _make(behind):
        strong = {"large": upstream(behind, "large", model="large")}
        return Proxy(upstream=upstream(behind), supervision=supervision, others=strong)

    return proxied(server, _make)


def loop(base, stream, *, turns=9, after=None):
    """An agent that sends what is new; returns its answers."""
    given, answers = [{"role": "user", "content": "look around"}], []
    with openai.OpenAI(base_url=base, api_key="k", max_retries=0) as client:
        for _ in range(turns):
            more = {"previous_response_id": after} if after else {}
            if stream:
                with client.responses.stream(model="small", input=given, **more) as events:
                    answer = events.get_final_response()
            else:
                answer = client.responses.create(model="small", input=given, **more)
            answers.append(answer)
            after = answer.id
            calls = [item for item in answer.output if item.type == "function_call"]
            if not calls:
                break
            given = [
                {"type": "function_call_output", "call_id": call.call_id, "output": "a door"}
                for call in calls
            ]
    return answers


@both
def test_what_goes_on_from_an_answer_is_one_run(ledger, stream):
    server = ScriptedServer(LOOK, LOOK, DONE)
    with watched(server, ledger, OverBudget()) as base:
        answers = loop(base, stream)
    [run] = ledger.runs()
    steps = ledger.steps(run.id)
    assert [step.action.tool for step in steps] == ["look", "look", "finish"]
    assert [step.observation.text for step in steps] == ["look around", "a door", "a door"]
    assert (run.status, run.task.prompt) == ("finished", "look around")
    sent = [body.get("previous_response_id") for body in server.requests]
    assert sent == [None, *(answer.id for answer in answers[:2])]


@both
def test_a_stop_holds_from_then_on(ledger, stream):
    server = ScriptedServer(LOOK)
    with watched(server, ledger, Repeats(limit=2, ruling=Ruling.STOP)) as base:
        answers = loop(base, stream)
        asked = len(server.requests)
        [again] = loop(base, stream, after=answers[-1].id)
    assert "Stopped by repeats" in answers[-1].output_text
    assert "Stopped by repeats" in again.output_text
    assert (asked, len(server.requests)) == (3, 3)
    assert [run.status for run in ledger.runs()] == ["stopped"]


def test_a_ceiling_of_steps_holds(ledger):
    with watched(ScriptedServer(LOOK), ledger, OverBudget(), budget=Budget(steps=3)) as base:
        loop(base, stream=False)
    [run] = ledger.runs()
    assert (run.status, run.ended_by) == ("stopped", "over_budget")


@both
@pytest.mark.parametrize("look", [LOOK, ONLY_CALLS], ids=["text", "calls"])
def test_what_was_handed_back_goes_on_from_the_answer_that_was_given(ledger, stream, look):
    server = ScriptedServer(look, look, look, OTHER, DONE)
    with watched(server, ledger, Repeats(limit=2)) as base:
        answers = loop(base, stream)
    [run] = ledger.runs()
    assert [step.decision.ruling for step in ledger.steps(run.id)] == [
        "continue", "continue", "revise", "continue", "continue",
    ]  # fmt: skip
    refused, given = server.requests[2], server.requests[3]
    assert refused["previous_response_id"] == given["previous_response_id"] == answers[1].id
    # Of the third answer's two, the upstream goes on from the one that the client was given.
    assert server.requests[4]["previous_response_id"] == server.ids[3]


@both
def test_an_escalation_that_cannot_take_the_conversation_along_is_not_obeyed(ledger, stream):
    server = ScriptedServer(LOOK, LOOK, LOOK, DONE, large=[OTHER])
    monitors = [Repeats(limit=2, ruling=Ruling.ESCALATE, policy="large")]
    with watched(server, ledger, *monitors) as base:
        loop(base, stream)
    assert {body["model"] for body in server.requests} == {"small"}
    [run] = ledger.runs()
    steps = ledger.steps(run.id)
    assert {step.policy for step in steps} == {"small"}
    assert steps[2].unobeyed == "only small knows the conversation, which the client does not send"
    assert steps[2].hand_over is None
    assert run.status == "finished"


@both
def test_after_an_escalation_that_was_obeyed_its_upstream_goes_on(ledger, stream):
    server = ScriptedServer(LOOK, large=[OTHER, LOOK, DONE])
    governor = Strictest(bursts=Bursts(steps=1, cooldown=9))
    with watched(server, ledger, AtOnce(), governor=governor) as base:
        loop(base, stream)
    [run] = ledger.runs()
    steps = ledger.steps(run.id)
    assert [body["model"] for body in server.requests] == ["small", "large", "large", "large"]
    assert [step.policy for step in steps] == ["small", "large", "large", "large"]
    assert server.requests[2]["previous_response_id"] == server.ids[1]
    assert steps[1].unobeyed == "only large knows the conversation, which the client does not send"


def test_an_id_that_nobody_knows_begins_a_run_and_is_passed_on(ledger):
    server = ScriptedServer(DONE)
    with watched(server, ledger) as base:
        loop(base, stream=False, after="resp_of_yesterday")
        loop(base, stream=False, after="resp_of_yesterday")
    assert len(ledger.runs()) == 2
    assert server.requests[0]["previous_response_id"] == "resp_of_yesterday"


def test_what_the_upstream_does_not_know_any_more_is_said_as_it_said_it(ledger):
    refusal = {"error": {"message": "no such answer", "code": "x"}}
    with (
        watched(ScriptedServer(lambda body: JSONResponse(refusal, 404)), ledger) as base,
        pytest.raises(openai.NotFoundError, match="no such answer"),
    ):
        loop(base, stream=False, after="resp_of_yesterday")


def test_no_more_answers_are_remembered_than_are_of_use():
    runs = Runs(Supervision(), Asks(1.0))
    first = Responses().read({"model": "small", "input": "look around"})
    live = runs.find(first)
    for number in range(MOST_ANSWERS + 1):
        live.keep(f"r{number}", Given("small", f"r{number}"))
    assert len(live.given) == MOST_ANSWERS

    def _after(answer):
        body = {"model": "small", "input": "go on", "previous_response_id": answer}
        return runs.find(Responses().read(body))

    prefixes = runs.prefixes
    assert _after("r1") is live
    assert _after("r0") is not live
    assert runs.prefixes == prefixes
    assert runs.find(first) is not live
