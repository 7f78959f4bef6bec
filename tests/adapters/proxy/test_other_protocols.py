"""The proxy, asked by Anthropic's client, OpenAI's for responses, LiteLLM, and an agent."""

import subprocess

import anthropic
import litellm
import minisweagent.agents.default
import minisweagent.environments.local
import minisweagent.models.litellm_model
import openai
import pytest
from starlette.responses import StreamingResponse

from flyball import Ruling
from flyball.adapters import Supervision
from flyball.adapters.proxy import Proxy
from flyball.monitors import OverBudget, Repeats
from tests.adapters.servers import ScriptedServer, proxied, said, served, upstream

LOOK = said("I look.", ("look", {"at": "door"}))
OTHER = said("I see.", ("look", {"at": "roof"}))
DONE = said("All is done.")
SCHEMA = {"type": "object", "properties": {"at": {"type": "string"}}}
both = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


def watched(server, ledger, *monitors):
    supervision = Supervision(monitors=monitors, ledger=ledger)

    def _make(behind):
        strong = {"large": upstream(behind, "large", model="large")}
        return Proxy(upstream=upstream(behind), supervision=supervision, others=strong)

    return proxied(server, _make)


def claude(base, stream):
    """An agent loop on Anthropic's client."""
    tools = [{"name": "look", "description": "Look.", "input_schema": SCHEMA}]
    messages = [{"role": "user", "content": "look around"}]
    ask = {"model": "small", "max_tokens": 99, "tools": tools, "system": "You look."}
    with anthropic.Anthropic(
        base_url=base.removesuffix("/v1"), api_key="k", max_retries=0
    ) as client:
        for _ in range(9):
            if stream:
                with client.messages.stream(**ask, messages=messages) as events:
                    answer = events.get_final_message()
            else:
                answer = client.messages.create(**ask, messages=messages)
            content = [part.model_dump(exclude_none=True) for part in answer.content]
            messages.append({"role": "assistant", "content": content})
            uses = [part for part in answer.content if part.type == "tool_use"]
            if not uses:
                return messages, answer.content[-1].text, answer.stop_reason
            results = [
                {"type": "tool_result", "tool_use_id": each.id, "content": "a door"}
                for each in uses
            ]
            messages.append({"role": "user", "content": results})
    raise AssertionError("it goes on and on")


def responder(base, stream):
    """An agent loop on OpenAI's responses."""
    tools = [{"type": "function", "name": "look", "parameters": SCHEMA, "strict": False}]
    items = [{"role": "user", "content": "look around"}]
    with openai.OpenAI(base_url=base, api_key="k", max_retries=0) as client:
        for _ in range(9):
            if stream:
                with client.responses.stream(model="small", input=items, tools=tools) as events:
                    answer = events.get_final_response()
            else:
                answer = client.responses.create(model="small", input=items, tools=tools)
            told = [item.to_dict(mode="json") for item in answer.output]
            for each in told:
                each.pop("parsed_arguments", None)
                each.pop("id", None)
            items += told
            calls = [item for item in answer.output if item.type == "function_call"]
            if not calls:
                return items, answer.output_text, answer.status
            items += [
                {"type": "function_call_output", "call_id": call.call_id, "output": "a door"}
                for call in calls
            ]
    raise AssertionError("it goes on and on")


loops = pytest.mark.parametrize("loop", [claude, responder])


@loops
@both
def test_continue_changes_nothing_in_the_transcript(ledger, loop, stream):
    script = (LOOK, LOOK, DONE)
    with served(ScriptedServer(*script).app) as direct:
        bare = loop(direct, stream)
    with watched(ScriptedServer(*script), ledger, OverBudget()) as base:
        assert loop(base, stream) == bare
    [run] = ledger.runs()
    steps = ledger.steps(run.id)
    assert [step.action.tool for step in steps] == ["look", "look", "finish"]
    assert [step.observation.source for step in steps] == ["task", "look", "look"]
    assert {step.policy_spend.usage.input_tokens for step in steps} == {11}
    assert {step.policy_spend.usage.output_tokens for step in steps} == {5}
    assert (run.status, run.task.prompt) == ("finished", "look around")


@loops
@both
def test_thinking_is_told_apart_where_the_protocol_tells_it_and_is_unknown_else(
    ledger, loop, stream
):
    with watched(ScriptedServer(LOOK | {"thought": 2}, DONE), ledger) as base:
        loop(base, stream)
    thought, silent = ledger.steps(ledger.runs()[0].id)
    assert thought.policy_spend.usage.reasoning_tokens == 2
    assert silent.policy_spend.usage.reasoning_tokens is None


@loops
@both
def test_stop_ends_the_run_with_the_receipt(ledger, loop, stream):
    with watched(ScriptedServer(LOOK), ledger, Repeats(limit=2, ruling=Ruling.STOP)) as base:
        _, text, reason = loop(base, stream)
    assert "Stopped by repeats" in text
    assert reason in ("end_turn", "completed")
    assert ledger.runs()[0].status == "stopped"


@loops
@both
def test_escalate_reaches_the_second_model(ledger, loop, stream):
    server = ScriptedServer(LOOK, large=[OTHER, DONE])
    monitors = [Repeats(limit=2, ruling=Ruling.ESCALATE, policy="large")]
    with watched(server, ledger, *monitors) as base:
        transcript, text, _ = loop(base, stream)
    assert text == "All is done."
    assert [body["model"] for body in server.requests] == ["small"] * 3 + ["large"] * 2
    assert "take over from small" in str(server.requests[3])
    assert "take over" not in str(transcript)


@loops
@both
def test_an_action_is_handed_back_within_the_request(ledger, loop, stream):
    server = ScriptedServer(LOOK, LOOK, LOOK, OTHER, DONE)
    with watched(server, ledger, Repeats(limit=2)) as base:
        loop(base, stream)
    assert "Not carried out: look tried 2 times" in str(server.requests[3])
    [run] = ledger.runs()
    assert [step.decision.ruling for step in ledger.steps(run.id)] == [
        "continue", "continue", "revise", "continue", "continue",
    ]  # fmt: skip


def broken(body):
    begun = [
        b'event: message_start\ndata: {"type": "message_start", "message": {"id": "m", "type": '
        b'"message", "role": "assistant", "model": "m", "content": [], "stop_reason": null, '
        b'"stop_sequence": null, "usage": {"input_tokens": 3, "output_tokens": 1}}}\n\n',
        b'event: content_block_start\ndata: {"type": "content_block_start", "index": 0, '
        b'"content_block": {"type": "text", "text": ""}}\n\n',
    ]
    return StreamingResponse(iter(begun), media_type="text/event-stream")


def test_anthropics_client_gets_an_error_it_can_read(ledger):
    with (
        watched(ScriptedServer(broken), ledger) as base,
        pytest.raises(anthropic.APIStatusError, match="broke off"),
    ):
        claude(base, stream=True)
    with (
        watched(ScriptedServer(DONE), ledger) as base,
        anthropic.Anthropic(
            base_url=base.removesuffix("/v1"), api_key="k", max_retries=0
        ) as client,
        pytest.raises(anthropic.BadRequestError, match="'messages' must be a list"),
    ):
        client.messages.create(model="m", max_tokens=1, messages=[])
    assert ledger.runs()[0].status == "failed"


def test_openais_client_gets_an_error_it_can_read(ledger):
    def answer(body):
        begun = [b'data: {"type": "response.output_text.delta", "delta": "x"}\n\n']
        return StreamingResponse(iter(begun), media_type="text/event-stream")

    with (
        watched(ScriptedServer(answer), ledger) as base,
        openai.OpenAI(base_url=base, api_key="k", max_retries=0) as client,
    ):
        *_, last = client.responses.create(model="m", input="hi", stream=True)
    assert (last.type, "broke off" in last.message) == ("error", True)
    assert ledger.steps(ledger.runs()[0].id)[0].policy_spend.usage.output_tokens == 1


@both
@pytest.mark.usefixtures("left_open")
@pytest.mark.filterwarnings("ignore")
def test_litellm_asks_it(ledger, stream):
    with watched(ScriptedServer(DONE), ledger) as base:
        answer = litellm.completion(
            model="openai/small",
            messages=[{"role": "user", "content": "hi"}],
            api_base=base,
            api_key="k",
            stream=stream,
        )
        if stream:
            pieces = [chunk.choices[0].delta.content or "" for chunk in answer]
            text = "".join(pieces)
        else:
            text = answer.choices[0].message.content
    assert text.strip() == "All is done."
    assert ledger.runs()[0].status == "finished"


@pytest.mark.usefixtures("left_open")
@pytest.mark.filterwarnings("ignore")
def test_mini_swe_agent_mends_a_small_repository_through_it(ledger, tmp_path):
    (tmp_path / "add.py").write_text("def add(a, b):\n    return a - b\n")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)

    def bash(command):
        return said("Next.", ("bash", {"command": command}))

    server = ScriptedServer(
        bash("cat add.py"),
        bash("sed -i 's/a - b/a + b/' add.py"),
        bash("python3 -c 'import add; print(add.add(1, 2))'"),
        bash("echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT; cat add.py"),
    )
    with watched(server, ledger, OverBudget(), Repeats()) as base:
        agent = minisweagent.agents.default.DefaultAgent(
            minisweagent.models.litellm_model.LitellmModel(
                model_name="openai/small",
                model_kwargs={"api_base": base, "api_key": "k"},
                cost_tracking="ignore_errors",
            ),
            minisweagent.environments.local.LocalEnvironment(cwd=str(tmp_path)),
            system_template="You mend code.",
            instance_template="{{task}}",
        )
        ended = agent.run("mend add.py")
    assert ended["exit_status"] == "Submitted"
    assert "a + b" in (tmp_path / "add.py").read_text()
    [run] = ledger.runs()
    assert [step.action.tool for step in ledger.steps(run.id)] == ["bash"] * 4
    assert "3" in ledger.steps(run.id)[3].observation.text
