"""Runs as spans: what other programs read, and what comes back by `flyball import`."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from flyball import Action, Decision, Energy, Observation, Ruling, Run, Spend, Step, Task, Usage
from flyball.ledger import MEMORY, Ledger
from flyball.ledger.exports import run_to_spans, spans_to_otlp
from flyball.ledger.imports import import_file

START = datetime(2026, 1, 1, tzinfo=UTC)
RUN = Run(
    id="r1",
    task=Task(id="t1", prompt="look around"),
    agent="mine",
    policy="small",
    status="finished",
    ended_by="policy",
    answer="hi",
    score=1.0,
    started_at=START,
    ended_at=START + timedelta(seconds=9),
)
SPEND = Spend(
    seconds=2.0,
    usage=Usage(requests=1, input_tokens=11, output_tokens=5, unpriced_requests=1),
    energy=Energy(gpu_j=3.0, method="counter"),
)
LOOK = Step(
    index=0,
    policy="small",
    observation=Observation(source="task", text="look around"),
    action=Action(tool="look", arguments={"at": "door"}),
    policy_spend=SPEND,
    tool_spend=Spend(seconds=1.0),
)
BACK = replace(
    LOOK,
    index=1,
    observation=Observation(source="look", text="", ok=False, note="dark"),
    decision=Decision(ruling=Ruling.REVISE, by="repeats", reason="again"),
)
DONE = replace(LOOK, index=2, action=Action(tool="finish", arguments={"answer": "hi"}))
STEPS = (LOOK, BACK, DONE)


def told(span):
    return {each["key"]: next(iter(each["value"].values())) for each in span["attributes"]}


def test_a_run_is_a_tree_of_an_agent_its_answers_and_its_acts():
    root, *spans = run_to_spans(RUN, STEPS)
    kinds = [told(span)["openinference.span.kind"] for span in (root, *spans)]
    assert kinds == ["AGENT", "LLM", "TOOL", "LLM", "LLM"]
    assert {span["parentSpanId"] for span in spans} == {root["spanId"]}
    assert len({span["spanId"] for span in (root, *spans)}) == 5
    assert {(len(span["traceId"]), len(span["spanId"])) for span in spans} == {(32, 16)}
    assert "parentSpanId" not in root


def test_tokens_joules_and_rulings_are_told_and_what_is_unknown_is_left_out():
    _, look, act, back, _ = map(told, run_to_spans(RUN, STEPS))
    assert look["llm.token_count.prompt"] == "11"
    assert look["flyball.energy.joules"] == 3.0
    assert look["flyball.energy.method"] == "counter"
    assert "flyball.cost.usd" not in look
    assert act["tool.name"] == "look"
    assert back["flyball.ruling"] == "revise"
    assert "flyball.energy.joules" not in act


def test_a_failed_act_is_an_error_and_spans_follow_one_another():
    root, look, act, *_ = run_to_spans(RUN, STEPS)
    assert act["status"] == {"code": 2, "message": "dark"}
    assert look["endTimeUnixNano"] == act["startTimeUnixNano"]
    assert int(root["endTimeUnixNano"]) - int(root["startTimeUnixNano"]) == 9 * 10**9


def test_what_is_exported_can_be_imported(tmp_path):
    path = tmp_path / "spans.json"
    path.write_text(json.dumps(spans_to_otlp(run_to_spans(RUN, (LOOK, DONE)))))
    with Ledger(MEMORY) as ledger:
        assert import_file(ledger, path) == 1
        [run] = ledger.runs()
        steps = ledger.steps(run.id)
    assert (run.task.id, run.answer, run.success, run.agent) == ("t1", "hi", True, "mine")
    assert [step.action.tool for step in steps] == ["look", "finish"]
    assert steps[0].action.arguments == {"at": "door"}
    assert steps[0].policy_spend.usage.input_tokens == 11


def test_every_run_has_its_own_trace():
    other = replace(RUN, id="r2")
    assert run_to_spans(RUN, ())[0]["traceId"] != run_to_spans(other, ())[0]["traceId"]
