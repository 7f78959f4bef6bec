"""The proxy, asked by the official client of OpenAI."""

import threading
import time

import httpx
import openai
import pytest
from starlette.responses import JSONResponse, Response, StreamingResponse

from flyball import Ruling
from flyball.adapters import Supervision
from flyball.adapters.proxy import Proxy
from flyball.monitors import Bursts, OverBudget, Repeats, Strictest
from flyball.records import Budget
from tests.adapters.servers import ScriptedServer, proxied, said, served, upstream

TOOLS = [
    {
        "type": "function",
        "function": {"name": "look", "description": "Look.", "parameters": {"type": "object"}},
    }
]
LOOK = said("I look.", ("look", {"at": "door"}))
DONE = said("All is done.")


def agent(base, *, stream, turns=9, model="small", **more):
    """A plain agent loop; returns its transcript."""
    client = openai.OpenAI(base_url=base, api_key="sk-secret", max_retries=0)
    messages = [{"role": "user", "content": "look around"}]
    for _ in range(turns):
        if stream:
            with client.chat.completions.stream(
                model=model, messages=messages, tools=TOOLS, **more
            ) as events:
                for _event in events:
                    pass
                message = events.get_final_completion().choices[0].message
        else:
            answer = client.chat.completions.create(
                model=model, messages=messages, tools=TOOLS, **more
            )
            message = answer.choices[0].message
        calls = message.tool_calls or []
        told = [
            {
                "id": call.id,
                "type": "function",
                "function": call.function.model_dump(include={"name", "arguments"}),
            }
            for call in calls
        ]
        messages.append(
            {"role": "assistant", "content": message.content}
            | ({"tool_calls": told} if told else {})
        )
        if not calls:
            break
        messages += [
            {"role": "tool", "tool_call_id": call.id, "content": "a door"} for call in calls
        ]
    client.close()
    return messages


def watched(server, ledger, *monitors, others=(), **more):
    supervision = Supervision(monitors=monitors, ledger=ledger, **more)

    def _make(behind):
        strong = {name: upstream(behind, name, model=name) for name in others}
        return Proxy(upstream=upstream(behind), supervision=supervision, others=strong)

    return proxied(server, _make)


both = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


@both
def test_continue_changes_nothing_in_the_transcript(ledger, stream):
    with served(ScriptedServer(LOOK, LOOK, DONE).app) as direct:
        bare = agent(direct, stream=stream)
    with watched(ScriptedServer(LOOK, LOOK, DONE), ledger, OverBudget()) as base:
        assert agent(base, stream=stream) == bare
    [run] = ledger.runs()
    steps = ledger.steps(run.id)
    assert [step.action.tool for step in steps] == ["look", "look", "finish"]
    assert [step.observation.source for step in steps] == ["task", "look", "look"]
    assert all(step.policy_spend.usage.input_tokens == 11 for step in steps)
    assert all(step.policy_spend.usage.output_tokens == 5 for step in steps)
    assert (run.status, run.agent, run.policy) == ("finished", "proxy", "small")
    assert run.answer.strip() == "All is done."
    assert run.task.prompt == "look around"


@both
def test_stop_ends_the_run_with_the_receipt(ledger, stream):
    server = ScriptedServer(LOOK)
    monitors = [Repeats(limit=3, ruling=Ruling.STOP)]
    with watched(server, ledger, *monitors) as base:
        transcript = agent(base, stream=stream)
    assert "Stopped by repeats: look tried 3 times" in transcript[-1]["content"]
    assert "tool_calls" not in transcript[-1]
    [run] = ledger.runs()
    assert (run.status, run.ended_by) == ("stopped", "repeats")
    assert run.id in transcript[-1]["content"]


def test_a_stopped_run_stays_stopped_and_asks_nobody(ledger):
    server = ScriptedServer(LOOK)
    with watched(server, ledger, Repeats(limit=2, ruling=Ruling.STOP)) as base:
        transcript = agent(base, stream=False)
        asked = len(server.requests)
        client = openai.OpenAI(base_url=base, api_key="k")
        again = [*transcript, {"role": "user", "content": "go on"}]
        answer = client.chat.completions.create(model="small", messages=again)
        client.close()
    assert answer.choices[0].message.content.startswith("Stopped by repeats")
    assert len(server.requests) == asked


@both
def test_escalate_reaches_the_second_model_and_returns(ledger, stream):
    server = ScriptedServer(
        LOOK,
        LOOK,
        LOOK,
        said("x", ("look", {"at": "wall"})),
        DONE,
        large=[said("I see.", ("look", {"at": "window"})), said("", ("look", {"at": "roof"}))],
    )
    monitors = [Repeats(limit=2, ruling=Ruling.ESCALATE, policy="large")]
    governor = Strictest(bursts=Bursts(steps=2, cooldown=0))
    with watched(server, ledger, *monitors, others=["large"], governor=governor) as base:
        transcript = agent(base, stream=stream)
    models = [body["model"] for body in server.requests]
    assert models == ["small"] * 3 + ["large"] * 2 + ["small"] * 2
    note = server.requests[3]["messages"][-1]["content"]
    assert "take over from small: look tried 2 times" in note
    [run] = ledger.runs()
    steps = ledger.steps(run.id)
    assert [step.policy for step in steps] == models
    assert steps[2].hand_over.taker == "large"
    assert steps[4].hand_over.taker == "small"
    assert transcript[-1]["content"].strip() == "All is done."
    assert len([each for each in transcript if each["role"] == "tool"]) == 5
    assert ledger.trajectory(run.id).spend.usage.requests == 7


@both
def test_an_action_is_handed_back_within_the_request(ledger, stream):
    server = ScriptedServer(LOOK, LOOK, LOOK, said("Other.", ("look", {"at": "roof"})), DONE)
    with watched(server, ledger, Repeats(limit=2)) as base:
        transcript = agent(base, stream=stream)
    told = server.requests[3]["messages"][-1]
    assert told["role"] == "tool"
    assert told["content"].startswith("Not carried out: look tried 2 times")
    calls = [message["tool_calls"][0] for message in transcript if message.get("tool_calls")]
    assert [call["function"]["arguments"] for call in calls] == [
        '{"at": "door"}',
        '{"at": "door"}',
        '{"at": "roof"}',
    ]
    [run] = ledger.runs()
    assert [step.decision.ruling for step in ledger.steps(run.id)] == [
        "continue", "continue", "revise", "continue", "continue",
    ]  # fmt: skip


def test_what_is_handed_back_in_vain_is_passed_on_as_not_obeyed(ledger):
    with watched(ScriptedServer(LOOK), ledger, Repeats(limit=1)) as base:
        agent(base, stream=False, turns=1)
    [run] = ledger.runs()
    assert [bool(step.unobeyed) for step in ledger.steps(run.id)] == [False, False, True]


def test_a_strong_model_that_nobody_knows_is_not_obeyed(ledger):
    monitors = [Repeats(limit=1, ruling=Ruling.ESCALATE, policy="giant")]
    with watched(ScriptedServer(LOOK, DONE), ledger, *monitors) as base:
        agent(base, stream=False)
    [run] = ledger.runs()
    assert ledger.steps(run.id)[0].unobeyed == "no upstream is called giant"


def test_where_the_strong_model_is_down_the_first_goes_on(ledger):
    server = ScriptedServer(LOOK, LOOK, LOOK, DONE, large=[JSONResponse({}, 500)])
    monitors = [Repeats(limit=2, ruling=Ruling.ESCALATE, policy="large")]
    with watched(server, ledger, *monitors, others=["large"]) as base:
        transcript = agent(base, stream=True)
    assert transcript[-1]["content"].strip().endswith("All is done.")
    [run] = ledger.runs()
    silent = ledger.steps(run.id)[3]
    assert silent.fault == "large refused the question (500)"
    assert silent.decision.policy == "small"


@both
def test_a_step_is_held_until_a_person_says_so(ledger, stream):
    server = ScriptedServer(LOOK, DONE)
    monitors = [Repeats(limit=1, ruling=Ruling.ASK)]
    with watched(server, ledger, *monitors) as base:
        door = base.removesuffix("/v1")

        def approve():
            while not (asks := httpx.get(f"{door}/flyball/asks").json()["asks"]):
                time.sleep(0.01)
            approved.append(asks[0])
            url = f"{door}/flyball/asks/{asks[0]['id']}"
            assert httpx.post(url, json={"ruling": "shrug"}).status_code == 400
            assert httpx.post(url, json={"ruling": "continue"}).json() == {"found": True}
            assert httpx.post(url, json={"ruling": "continue"}).status_code == 404

        approved: list[dict] = []
        person = threading.Thread(target=approve)
        person.start()
        agent(base, stream=stream, turns=1)
        person.join()
    assert approved[0]["arguments"] == {"at": "door"}
    [run] = ledger.runs()
    assert ledger.steps(run.id)[0].decision.by == "human"


def test_log_probabilities_come_through_and_are_kept(ledger):
    with (
        watched(ScriptedServer(DONE), ledger) as base,
        openai.OpenAI(base_url=base, api_key="k") as client,
    ):
        answer = client.chat.completions.create(
            model="small", messages=[{"role": "user", "content": "hi"}], logprobs=True
        )
    assert answer.choices[0].logprobs.content[0].logprob == -0.25
    [run] = ledger.runs()
    assert ledger.steps(run.id)[0].action.logprobs == (-0.25,) * 5


def test_models_are_listed_and_unknown_paths_are_the_upstreams_affair(ledger):
    with (
        watched(ScriptedServer(DONE), ledger) as base,
        openai.OpenAI(base_url=base, api_key="k", max_retries=0) as client,
    ):
        assert [model.id for model in client.models.list()] == ["small"]
        with pytest.raises(openai.NotFoundError):
            client.embeddings.create(model="small", input="x")


def test_the_stream_counts_its_tokens_only_for_a_client_that_wants_it(ledger):
    with (
        watched(ScriptedServer(DONE), ledger) as base,
        openai.OpenAI(base_url=base, api_key="k") as client,
    ):
        ask = {"model": "small", "messages": [{"role": "user", "content": "hi"}], "stream": True}
        plain = list(client.chat.completions.create(**ask))
        counted = list(
            client.chat.completions.create(**ask, stream_options={"include_usage": True})
        )
    assert all(chunk.choices for chunk in plain)
    assert counted[-1].usage.completion_tokens == 5


def test_two_runs_with_the_same_words_are_two_runs(ledger):
    with watched(ScriptedServer(LOOK, LOOK, LOOK, LOOK, DONE), ledger) as base:
        agent(base, stream=False, turns=2)
        agent(base, stream=False)
    assert sorted(len(ledger.steps(run.id)) for run in ledger.runs()) == [2, 3]


def test_a_header_or_the_metadata_tell_runs_apart_outright(ledger):
    server = ScriptedServer(DONE)
    with watched(server, ledger) as base, openai.OpenAI(base_url=base, api_key="k") as client:
        ask = {"model": "small", "messages": [{"role": "user", "content": "hi"}]}
        client.chat.completions.create(**ask, extra_headers={"X-Flyball-Run": "mine"})
        client.chat.completions.create(**ask, metadata={"flyball_run": "mine", "a": "b"})
        client.chat.completions.create(**ask, extra_headers={"X-Flyball-Agent": "other"})
    assert sorted((run.task.id, len(ledger.steps(run.id))) for run in ledger.runs()) == [
        ("hi", 1),
        ("mine", 2),
    ]
    assert server.requests[1]["metadata"] == {"a": "b"}
    assert "x-flyball-run" not in server.headers[0]


def test_the_key_passes_through_and_is_written_nowhere(ledger, tmp_path):
    server = ScriptedServer(DONE)
    with watched(server, ledger) as base:
        agent(base, stream=False)
    ledger.close()
    assert server.headers[0]["authorization"] == "Bearer sk-secret"
    assert all(b"sk-secret" not in path.read_bytes() for path in tmp_path.iterdir())


def test_a_ceiling_of_steps_holds_in_any_stack(ledger):
    with watched(ScriptedServer(LOOK), ledger, OverBudget(), budget=Budget(steps=4)) as base:
        transcript = agent(base, stream=False)
    assert "out of steps: 4 of 4" in transcript[-1]["content"]


def lines(*pieces, status=200, media="text/event-stream"):
    async def _pieces():
        for piece in pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    return lambda body: StreamingResponse(_pieces(), status, media_type=media)


BEGUN = (
    'data: {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", '
    '"choices": [{"index": 0, "delta": {"content": "half"}, "finish_reason": null}]}\n\n'
)


@pytest.mark.parametrize(
    "answer",
    [
        lines(BEGUN),
        lines(BEGUN, ConnectionError("died")),
        lines(BEGUN, "data: {garbage\n\n"),
        lines(BEGUN, "<html>\n\n"),
        lines(BEGUN, 'data: {"error": {"message": "out of memory"}}\n\n'),
    ],
    ids=["closes", "dies", "garbage", "web page", "error"],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_upstream_that_breaks_in_mid_stream_gives_an_error_and_the_partial_usage(ledger, answer):
    with (
        watched(ScriptedServer(answer), ledger) as base,
        openai.OpenAI(base_url=base, api_key="k", max_retries=0) as client,
    ):
        stream = client.chat.completions.create(
            model="small", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        seen = []
        with pytest.raises(openai.APIError, match="home"):
            seen.extend(chunk.choices[0].delta.content for chunk in stream)
    assert seen == ["half"]
    [run] = ledger.runs()
    assert run.status == "failed"
    [step] = ledger.steps(run.id)
    assert step.fault.startswith("home")
    assert step.policy_spend.usage.output_tokens == 1


@pytest.mark.parametrize(
    "answer",
    [
        Response("not json", media_type="application/json"),
        Response("[]", media_type="application/json"),
        Response('{"choices": []}', media_type="application/json"),
        Response("", media_type="application/json"),
    ],
    ids=["text", "list", "no choice", "nothing"],
)
@both
def test_an_upstream_that_sends_garbage_gives_a_well_formed_error(ledger, answer, stream):
    with (
        watched(ScriptedServer(answer), ledger) as base,
        openai.OpenAI(base_url=base, api_key="k", max_retries=0) as client,
        pytest.raises(openai.APIStatusError) as caught,
    ):
        client.chat.completions.create(
            model="small", messages=[{"role": "user", "content": "hi"}], stream=stream
        )
    assert caught.value.status_code == 502
    assert caught.value.body["type"] == "upstream_error"


def test_an_upstream_that_stalls_is_given_up(ledger):
    with (
        proxied(
            ScriptedServer(said("one two three", pause=5)),
            lambda behind: Proxy(
                upstream=upstream(behind),
                supervision=Supervision(ledger=ledger),
                silent_seconds=0.3,
            ),
        ) as base,
        openai.OpenAI(base_url=base, api_key="k", max_retries=0) as client,
    ):
        stream = client.chat.completions.create(
            model="small", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        with pytest.raises(openai.APIError, match="ReadTimeout"):
            list(stream)


def test_an_upstream_that_is_not_there_gives_a_502(ledger):
    make = Proxy(upstream=upstream("http://127.0.0.1:9/v1"), supervision=Supervision(ledger=ledger))
    with (
        proxied(ScriptedServer(DONE), lambda behind: make) as base,
        openai.OpenAI(base_url=base, api_key="k", max_retries=0) as client,
        pytest.raises(openai.InternalServerError, match="did not answer"),
    ):
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])


def test_what_the_upstream_refuses_is_passed_on_as_it_is_and_is_no_step(ledger):
    refusal = JSONResponse(
        {"error": {"message": "slow down", "type": "rate", "code": "r"}},
        429,
        headers={"retry-after": "7"},
    )
    with (
        watched(ScriptedServer(refusal), ledger) as base,
        openai.OpenAI(base_url=base, api_key="k", max_retries=0) as client,
        pytest.raises(openai.RateLimitError) as caught,
    ):
        client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "hi"}], stream=True
        )
    assert caught.value.body["message"] == "slow down"
    assert caught.value.response.headers["retry-after"] == "7"
    assert ledger.runs() == ()


def test_a_client_that_goes_away_leaves_what_it_took(ledger):
    with watched(ScriptedServer(said("a b c d e f g h", pause=0.1)), ledger) as base:
        with openai.OpenAI(base_url=base, api_key="k") as client:
            stream = client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "hi"}], stream=True
            )
            for chunk in stream:
                if chunk.choices[0].delta.content:
                    break
            stream.close()
        while not ledger.runs():
            time.sleep(0.02)
    [run] = ledger.runs()
    assert (run.status, run.reason) == ("failed", "the client went away in mid-answer")
    assert ledger.steps(run.id)[0].policy_spend.usage.output_tokens >= 1
