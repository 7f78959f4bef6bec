"""Runs of other programs: read as they are, whole or not at all."""

import gzip
import json
from pathlib import Path

import pytest

from flyball.errors import ConfigError
from flyball.ledger import MEMORY, Ledger
from flyball.ledger.imports import import_file, read_file, read_outcomes


def write(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def a_trajectory(**changes: object) -> dict[str, object]:
    step = {"i": 0, "thought": "look", "action": {"name": "sql", "args": {"code": "SELECT 1"}}}
    record = {
        "source": "someone/intercode",
        "model": "gpt-4",
        "agent": "try-again",
        "task_id": "sql-1",
        "trial": 2,
        "task": "How many?",
        "steps": [
            {**step, "observation": "[(1,)]", "reward": 0.0, "tokens_in": None, "tokens_out": None},
            {**step, "observation": None, "reward": 1.0, "tokens_in": 50, "tokens_out": 7},
        ],
        "success": True,
        "meta": {"env": "sql", "db": "pets", "max_steps": 10, "gold": "SELECT 2"},
    }
    return {**record, **changes}


def test_a_trajectory_a_line_becomes_a_run(tmp_path):
    path = tmp_path / "t.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(a_trajectory()).encode()))
    ((run, steps),) = read_file(path)
    assert (run.policy, run.agent, run.seed, run.success) == ("gpt-4", "try-again", 2, True)
    assert run.task.suite == "intercode/sql"
    assert run.task.budget.steps == 10
    assert run.task.metadata["group"] == "sql:pets"
    assert [step.observation.text for step in steps] == ["How many?", "[(1,)]"]
    assert steps[0].action.arguments == {"code": "SELECT 1"}
    assert steps[1].policy_spend.usage.output_tokens == 7


def test_what_was_not_recorded_is_missing(tmp_path):
    ((run, steps),) = read_file(write(tmp_path / "t.jsonl", a_trajectory()))
    assert steps[0].policy_spend.usage.requests == 0
    assert steps[0].policy_spend.energy.joules is None
    assert steps[0].action.logprobs is None
    assert "joules" in run.task.metadata["unrecorded"]
    ((run, _),) = read_file(write(tmp_path / "u.jsonl", a_trajectory(success=None)))
    assert run.success is None


def test_what_is_known_only_afterwards_enters_no_step(tmp_path):
    one, other = a_trajectory(), a_trajectory(success=False)
    other["meta"] = {**other["meta"], "gold": "DROP", "final_reward": 0.3}
    for step in other["steps"]:
        step["reward"] = 0.5
    ((_, before),) = read_file(write(tmp_path / "a.jsonl", one))
    ((_, after),) = read_file(write(tmp_path / "b.jsonl", other))
    assert before == after


HEADER = (
    "question,logprobs,tokens,agent_output_eval,step_0_energy_total_mWh,step_1_energy_total_mWh,"
)
HEADER += "step_2_energy_total_mWh\n"
ROW = """"who, then?","[[-0.5, -0.1], [-2.0]]","[['a', 'b'], ['c']]",CORRECT,10,20,5\n"""


def test_agentstops_table_has_energy_and_logprobs_a_step(tmp_path):
    path = tmp_path / "frames.csv"
    path.write_text(HEADER + ROW + ROW.replace("CORRECT", "INCORRECT").replace(",5\n", ",\n"))
    (run, steps), (lost, short) = read_file(path)
    assert (run.task.id, run.success, lost.success) == ("who, then?", True, False)
    assert steps[0].action.logprobs == (-0.5, -0.1)
    assert steps[0].action.text == "ab"
    assert steps[0].policy_spend.energy.joules == pytest.approx(36.0)
    assert steps[1].policy_spend.energy.joules == pytest.approx(90.0), "the answer's energy too"
    assert short[1].policy_spend.energy.joules == pytest.approx(72.0)
    assert steps[1].observation.note == "the result was not recorded"
    assert run.id != lost.id


def test_a_milliwatt_hour_in_a_table_is_three_joules_and_six_tenths(tmp_path):
    path = tmp_path / "frames.csv"
    head = "logprobs,tokens,step_0_energy_total_mWh\n"
    rows = [f'"[[-0.5]]","[[\'a\']]",{mwh}\n' for mwh in ("1", "1000", "0", "")]
    path.write_text(head + "".join(rows))
    taken = [steps[0].policy_spend.energy for _, steps in read_file(path)]
    assert [each.joules for each in taken] == pytest.approx([3.6, 3600.0, 0.0, None])
    assert [each.joules_method for each in taken] == ["integrated"] * 3 + [None]


def test_a_table_that_nobody_judged_has_no_outcome(tmp_path):
    path = tmp_path / "frames.csv"
    path.write_text('logprobs,tokens\n"[[-0.5]]","[[\'a\']]"\n')
    ((run, steps),) = read_file(path)
    assert run.success is None
    assert steps[0].policy_spend.energy.joules is None


def test_swe_agents_trajectory(tmp_path):
    turns = [
        {"action": "ls\n", "observation": "a.py", "thought": "look", "response": "look ls"},
        {"action": "", "observation": "no command", "thought": "", "response": "hm"},
        {"action": "submit", "observation": "", "thought": "done", "response": "submit"},
    ]
    document = {
        "trajectory": turns,
        "history": [{"role": "user", "content": [{"type": "text", "text": "Fix it."}]}],
        "info": {"exit_status": "submitted", "submission": "diff", "model_stats": {"api_calls": 3}},
        "replay_config": json.dumps({"agent": {"model": {"name": "gpt-4o"}}}),
    }
    path = tmp_path / "django__django-1.traj"
    path.write_text(json.dumps(document, indent=2))
    ((run, steps),) = read_file(path)
    assert (run.task.id, run.policy, run.success) == ("django__django-1", "gpt-4o", None)
    assert run.task.prompt == "Fix it."
    assert [step.action.tool for step in steps] == ["bash", "invalid", "submit"]
    assert [step.observation.text for step in steps] == ["Fix it.", "a.py", "no command"]


def test_mini_swe_agents_messages(tmp_path):
    messages = [
        {"role": "system", "content": "You are"},
        {"role": "user", "content": "Fix it."},
        {"role": "assistant", "content": "THOUGHT: look\n```bash\nls\n```"},
        {"role": "user", "content": "<returncode>1</returncode>\n<output>no</output>"},
        {"role": "assistant", "content": "go", "extra": {"actions": [{"command": "pwd"}]}},
        {"role": "tool", "content": "<returncode>0</returncode>/"},
        {"role": "exit", "content": "Submitted"},
    ]
    info = {"exit_status": "LimitsExceeded", "config": {"model": {"model_name": "m"}}}
    document = {"messages": messages, "info": info, "trajectory_format": "mini-swe-agent-1"}
    path = tmp_path / "sympy-2.traj.json"
    path.write_text(json.dumps(document))
    ((run, steps),) = read_file(path)
    assert (run.task.id, run.policy, run.status) == ("sympy-2", "m", "stopped")
    assert [step.action.arguments for step in steps] == [{"command": "ls"}, {"command": "pwd"}]
    assert steps[0].action.thought == "THOUGHT: look"
    assert not steps[1].observation.ok


def test_a_report_says_what_was_solved(tmp_path):
    document = {"trajectory": [], "info": {}}
    path = write(tmp_path / "a-1.traj", document)
    report = write(tmp_path / "report.json", {"resolved_ids": ["a-1"], "unresolved_ids": ["b"]})
    with Ledger(MEMORY) as ledger:
        import_file(ledger, path, read_outcomes(report))
        assert ledger.runs()[0].success is True
    with pytest.raises(ConfigError, match="resolved_ids"):
        read_outcomes(path)


def a_span(name: str, kind: str, second: int, **attributes: object) -> dict[str, object]:
    return {
        "name": name,
        "context": {"trace_id": "t1", "span_id": name},
        "parent_id": None if name == "root" else "root",
        "start_time": f"2026-01-01T00:00:{second:02d}+00:00",
        "end_time": f"2026-01-01T00:00:{second + 2:02d}+00:00",
        "status_code": "ERROR" if name == "search" else "OK",
        "attributes": {"openinference.span.kind": kind, **attributes},
    }


SPANS = [
    a_span("root", "AGENT", 0, **{"input.value": "Find it.", "output.value": "42"}),
    a_span(
        "llm1",
        "LLM",
        1,
        **{"llm.model_name": "m", "llm": {"token_count": {"prompt": 9, "completion": 4}}},
    ),
    a_span("search", "TOOL", 3, **{"input.value": '{"q": "it"}', "output.value": "nothing"}),
    a_span("llm2", "LLM", 5, **{"output.value": "42"}),
]


@pytest.mark.parametrize("a_line", [True, False])
def test_openinference_spans_are_a_run_a_trace(tmp_path, a_line):
    path = tmp_path / "spans.json"
    write(path, *SPANS) if a_line else path.write_text(json.dumps(SPANS, indent=1))
    ((run, steps),) = read_file(path)
    assert (run.policy, run.task.prompt, run.answer, run.success) == ("m", "Find it.", "42", None)
    assert steps[0].action.tool == "search"
    assert steps[0].action.arguments == {"q": "it"}
    assert steps[0].policy_spend.usage.input_tokens == 9
    assert steps[0].policy_spend.seconds == 2.0
    assert steps[1].observation.text == "nothing"
    assert not steps[1].observation.ok
    assert steps[1].action.is_final


def test_otlp_spans_with_genais_names(tmp_path):
    def attribute(key, **value):
        return {"key": key, "value": value}

    span = {
        "traceId": "t2",
        "spanId": "s1",
        "name": "chat m",
        "startTimeUnixNano": "1767225600000000000",
        "endTimeUnixNano": "1767225601500000000",
        "attributes": [
            attribute("gen_ai.operation.name", stringValue="chat"),
            attribute("gen_ai.request.model", stringValue="m"),
            attribute("gen_ai.usage.input_tokens", intValue="12"),
            attribute("flyball.success", boolValue=True),
        ],
    }
    resource = {"attributes": [attribute("service.name", stringValue="shop")]}
    scope = {"resource": resource, "scopeSpans": [{"spans": [span]}]}
    ((run, steps),) = read_file(write(tmp_path / "o.json", {"resourceSpans": [scope]}))
    assert (run.id[9:], run.policy, run.task.suite, run.success) == ("t2", "m", "shop", True)
    assert steps[0].policy_spend.usage.input_tokens == 12
    assert steps[0].policy_spend.seconds == 1.5


GOOD = json.dumps(a_trajectory())
DAMAGED = {
    "cut.jsonl": (GOOD + "\n" + GOOD[:100], "line 2"),
    "list.jsonl": (GOOD + "\n[]\n", "line 2"),
    "key.jsonl": (GOOD + "\n" + json.dumps({"model": "m"}), "line 2"),
    "type.jsonl": (GOOD + "\n\n" + json.dumps(a_trajectory(steps=7)), "line 3"),
    "trial.jsonl": (GOOD + "\n" + json.dumps(a_trajectory(trial="first")), "line 2"),
    "tokens.jsonl": (GOOD + "\n" + GOOD.replace("50", "-50"), "line 2"),
    "short.csv": (HEADER + ROW + "one,two\n", "line 3"),
    "lists.csv": (HEADER + ROW + ROW.replace("[[-0.5", "[[oops"), "line 3"),
    "counts.csv": (HEADER + ROW + ROW.replace("'b'", "'b', 'x'"), "line 3"),
    "energy.csv": (HEADER + ROW + ROW.replace(",20,", ",-20,"), "line 3"),
    "logprob.csv": (HEADER + ROW + ROW.replace("-0.5", "0.5"), "line 3"),
    "role.traj": (json.dumps({"info": {}, "messages": [{"role": "king"}]}), "message 0"),
    "half.traj": ('{"info": {},\n"trajectory": [', "line 2"),
    "time.json": (json.dumps([{**SPANS[1], "start_time": "noon"}]), "span 0"),
    "trace.json": (json.dumps([SPANS[0], {"name": "x", "attributes": {}}]), "span 1"),
    "empty.jsonl": ("", "empty"),
    "else.json": ('{"hello": 1}', "no format"),
    "else.csv": ("a,b\n1,2\n", "no format"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_one_line_and_leaves_nothing_behind(tmp_path, name):
    text, where = DAMAGED[name]
    path = tmp_path / name
    path.write_text(text)
    with Ledger(MEMORY) as ledger:
        with pytest.raises(ConfigError) as error:
            import_file(ledger, path)
        assert ledger.runs() == ()
    assert str(path) in str(error.value)
    assert where in str(error.value)
    assert "\n" not in str(error.value)


def test_files_that_cannot_be_read_are_one_line(tmp_path):
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "half.jsonl.gz").write_bytes(gzip.compress(GOOD.encode() * 50)[:200])
    (tmp_path / "not.gz").write_text("plain")
    for name in ("none.jsonl", "bytes.jsonl", "half.jsonl.gz", "not.gz"):
        with pytest.raises(ConfigError, match=name):
            list(read_file(tmp_path / name))


def test_a_file_that_was_imported_before_brings_nothing_new(tmp_path):
    path = write(tmp_path / "t.jsonl", a_trajectory(), a_trajectory(trial=3))
    with Ledger(MEMORY) as ledger:
        assert [import_file(ledger, path), import_file(ledger, path)] == [2, 0]
        assert len(ledger.runs(policy="gpt-4")) == 2
        assert len(ledger.steps(ledger.runs()[0].id)) == 2
