import asyncio
import json
from decimal import Decimal

import httpx
import pytest

from flyball.errors import ModelError
from flyball.models import OpenAIModel, Server
from flyball.records import Message, Request, ToolCall, ToolSpec, Usage
from tests.models.stand_ins import Script, answer, chat, delta, events

HELLO = (Message(role="user", content="Hello"),)
ASK = Request(prompt=HELLO)
CLICK = ToolSpec(name="click", description="Click it", parameters={"type": "object"})


def ask_of(script: Script, **terms: object) -> OpenAIModel:
    terms = {"url": "http://127.0.0.1:9/v1", "model": "m", "wait_seconds": 0.001} | terms
    return OpenAIModel(Server(**terms), name="strong", transport=httpx.MockTransport(script))


async def test_a_chat_is_asked_for_with_log_probabilities():
    script = Script(answer(chat("Hi")))
    said = await ask_of(script).complete(
        Request(prompt=HELLO, max_tokens=9, temperature=0.5, seed=3, stop=("\n",))
    )
    assert str(script.requests[0].url) == "http://127.0.0.1:9/v1/chat/completions"
    assert script.bodies == [
        {
            "model": "m",
            "messages": [{"role": "user", "content": "Hello"}],
            "max_tokens": 9,
            "temperature": 0.5,
            "seed": 3,
            "stop": ["\n"],
            "logprobs": True,
            "top_logprobs": 20,
        }
    ]
    assert (said.text, said.finish) == ("Hi", "stop")
    assert said.usage == Usage(requests=1, local_requests=1, input_tokens=7, output_tokens=3)


async def test_raw_text_is_asked_for_as_a_completion():
    script = Script(answer({"choices": [{"text": " click 3", "finish_reason": "length"}]}))
    said = await ask_of(script).complete(Request(prompt="page\n>"))
    assert script.requests[0].url.path == "/v1/completions"
    assert script.bodies[0]["prompt"] == "page\n>"
    assert (said.text, said.finish) == (" click 3", "length")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://h:1", "/v1/chat/completions"),
        ("http://h:1/", "/v1/chat/completions"),
        ("http://h:1/openai/v1/", "/openai/v1/chat/completions"),
    ],
)
async def test_the_address_may_be_written_in_several_ways(url, path):
    script = Script(answer(chat("Hi")))
    await ask_of(script, url=url).complete(ASK)
    assert script.requests[0].url.path == path


@pytest.mark.parametrize("url", ["", "h:1/v1", "ftp://h/v1", "http://", "http://h:port/v1"])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(ModelError, match="not a web address"):
        ask_of(Script(answer({})), url=url)


async def test_log_probabilities_of_a_chat_are_read():
    tops = [{"token": "Hi", "logprob": -0.5}, {"token": "Ho", "logprob": -0.5}]
    tokens = [{"token": "Hi", "logprob": -0.5, "top_logprobs": tops}]
    said = chat("Hi")
    said["choices"][0]["logprobs"] = {"content": tokens}
    completion = await ask_of(Script(answer(said))).complete(ASK)
    assert completion.logprobs == (-0.5,)
    assert completion.entropies == pytest.approx([0.6931], abs=1e-4)


async def test_log_probabilities_of_a_completion_are_read():
    logprobs = {"token_logprobs": [-0.1, -2], "top_logprobs": [{"a": -0.1}, {"b": -1, "c": -1}]}
    choice = {"text": "ab", "logprobs": logprobs, "finish_reason": "stop"}
    said = await ask_of(Script(answer({"choices": [choice]}))).complete(Request(prompt="x"))
    assert said.logprobs == (-0.1, -2.0)
    assert said.entropies == pytest.approx([0.0, 0.6931], abs=1e-4)


@pytest.mark.parametrize(
    "logprobs",
    [
        None,
        {"content": None},
        {"content": []},
        {"content": [{"token": "Hi", "logprob": None}]},
        {"token_logprobs": [None], "top_logprobs": [None]},
        {"token_logprobs": ["-1"]},
    ],
)
async def test_log_probabilities_that_are_not_there_are_none_and_not_zero(logprobs):
    said = chat("Hi")
    said["choices"][0]["logprobs"] = logprobs
    completion = await ask_of(Script(answer(said))).complete(ASK)
    assert (completion.logprobs, completion.entropies) == (None, None)


async def test_log_probabilities_without_alternatives_have_no_entropy():
    said = chat("Hi")
    said["choices"][0]["logprobs"] = {"content": [{"token": "Hi", "logprob": -1.0}]}
    completion = await ask_of(Script(answer(said))).complete(ASK)
    assert (completion.logprobs, completion.entropies) == ((-1.0,), None)


@pytest.mark.parametrize(
    ("status", "complaint"),
    [
        (400, {"error": {"message": "logprobs is not supported by this model"}}),
        (403, {"error": {"message": "You are not allowed to request logprobs from this model"}}),
        (422, {"detail": [{"loc": ["body", "logprobs"], "msg": "not permitted"}]}),
        (500, {"error": {"message": "logprobs is not supported with logits_all=False"}}),
        (400, {"error": {"message": "bad request"}}),
    ],
)
async def test_a_server_that_refuses_log_probabilities_is_asked_once_without(status, complaint):
    script = Script(answer(complaint, status), answer(chat("Hi")))
    model = ask_of(script)
    said = await model.complete(ASK)
    assert (said.text, said.logprobs) == ("Hi", None)
    await model.complete(ASK)
    assert ["logprobs" in body for body in script.bodies] == [True, False, False]
    assert "top_logprobs" not in script.bodies[1]


async def test_a_server_that_refuses_the_schema_is_asked_once_without():
    refusal = {"error": {"message": "response_format.type: unknown value json_schema"}}
    script = Script(answer(refusal, 422), answer(chat("{}")))
    model = ask_of(script)
    request = Request(prompt=HELLO, schema={"type": "object"})
    await model.complete(request)
    await model.complete(request)
    assert ["response_format" in body for body in script.bodies] == [True, False, False]
    assert all("logprobs" in body for body in script.bodies)


async def test_a_model_that_wants_other_fields_gets_them():
    first = "Use 'max_completion_tokens' instead of 'max_tokens'."
    second = "'temperature' does not support 0.0 with this model."
    script = Script(
        answer({"error": {"message": first}}, 400),
        answer({"error": {"message": second}}, 400),
        answer(chat("Hi")),
    )
    await ask_of(script).complete(Request(prompt=HELLO, max_tokens=9))
    last = script.bodies[-1]
    assert last["max_completion_tokens"] == 9
    assert "max_tokens" not in last
    assert "temperature" not in last


async def test_a_question_that_stays_refused_is_an_error_and_nothing_is_remembered():
    long = {"error": {"message": "maximum context length is 512 tokens"}}
    script = Script(answer(long, 400), answer(long, 400), answer(chat("Hi")))
    model = ask_of(script)
    with pytest.raises(ModelError, match=r"refuses the question \(400: maximum context length"):
        await model.complete(ASK)
    await model.complete(ASK)
    assert "logprobs" in script.bodies[-1]


async def test_a_schema_and_tools_are_sent_in_their_own_fields():
    schema = {"type": "object"}
    script = Script(answer(chat("{}")))
    await ask_of(script).complete(Request(prompt=HELLO, schema=schema, tools=(CLICK,)))
    body = script.bodies[0]
    assert body["response_format"]["json_schema"]["schema"] == schema
    assert body["tools"][0]["function"]["name"] == "click"


async def test_tool_calls_are_read():
    call = {"id": "1", "function": {"name": "click", "arguments": '{"element": 3}'}}
    said = await ask_of(Script(answer(chat(content=None, tool_calls=[call])))).complete(ASK)
    assert said.tool_calls == (ToolCall(name="click", arguments='{"element": 3}'),)
    assert (said.text, said.finish) == ("", "tool_calls")


async def test_tool_calls_in_the_text_are_read_where_tools_were_offered():
    text = '<tool_call>{"name": "click", "arguments": {}}</tool_call>'
    script = Script(answer(chat(text)))
    said = await ask_of(script).complete(Request(prompt=HELLO, tools=(CLICK,)))
    assert said.tool_calls == (ToolCall(name="click", arguments="{}"),)


async def test_a_streamed_tool_call_is_put_together():
    pieces = [
        delta(tool_calls=[{"index": 0, "function": {"name": "click", "arguments": ""}}]),
        delta(tool_calls=[{"index": 0, "function": {"arguments": '{"a":'}}]),
        delta(tool_calls=[{"index": 0, "function": {"arguments": " 1}"}}], finish="tool_calls"),
    ]
    said = await ask_of(Script(events(*pieces))).complete(ASK, lambda _: None)
    assert said.tool_calls == (ToolCall(name="click", arguments='{"a": 1}'),)


@pytest.mark.parametrize(
    "message",
    [
        {"content": "yes", "reasoning_content": "hm"},
        {"content": "yes", "reasoning": "hm"},
        {"content": "<think>hm</think>\nyes"},
    ],
)
async def test_thoughts_are_kept_apart(message):
    said = await ask_of(Script(answer(chat(**message)))).complete(ASK)
    assert (said.thought, said.text) == ("hm", "yes")


async def test_a_stream_is_told_piece_by_piece():
    script = Script(
        events(
            delta(reasoning_content="hm"),
            delta("Hel"),
            delta("lo", finish="stop"),
            {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 4}},
        )
    )
    pieces: list[str] = []
    said = await ask_of(script).complete(ASK, pieces.append)
    assert pieces == ["hm", "Hel", "lo"]
    assert (said.thought, said.text, said.finish) == ("hm", "Hello", "stop")
    assert said.usage.output_tokens == 4
    assert script.bodies[0]["stream_options"] == {"include_usage": True}


async def test_a_server_that_answers_whole_where_a_stream_was_asked_is_understood():
    pieces: list[str] = []
    said = await ask_of(Script(answer(chat("Hi")))).complete(ASK, pieces.append)
    assert (pieces, said.text) == (["Hi"], "Hi")


async def test_a_stream_that_counts_nothing_is_counted_by_its_pieces_and_not_asked_for_again():
    script = Script(events(delta("a"), delta("b"), delta("", "stop")), answer(chat("ab")))
    model = ask_of(script, local=False)
    said = await model.complete(ASK, lambda _: None)
    assert (said.usage.output_tokens, said.usage.unpriced_requests) == (2, 1)
    await model.complete(ASK, lambda _: None)
    assert ["stream" in body for body in script.bodies] == [True, False]


@pytest.mark.parametrize(
    ("usage", "timings"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 5}}, {}),
        ({"prompt_cache_hit_tokens": 5}, {}),
        ({"prompt_tokens_details": None}, {"cache_n": 5}),
    ],
)
async def test_cached_tokens_are_read_in_every_dialect(usage, timings):
    said = chat("Hi") | {"timings": timings}
    said["usage"] |= usage
    completion = await ask_of(Script(answer(said))).complete(ASK)
    assert completion.usage.cached_tokens == 5


@pytest.mark.parametrize(
    ("timings", "told"),
    [
        ({"prompt_ms": 250, "predicted_ms": 1500.5}, (0.25, 1.5005)),
        ({"prompt_ms": "fast", "predicted_ms": -1}, (None, None)),
        ({}, (None, None)),
    ],
)
async def test_reading_and_writing_are_told_apart_where_the_server_does(timings, told):
    completion = await ask_of(Script(answer(chat("Hi") | {"timings": timings}))).complete(ASK)
    assert (completion.usage.prefill_seconds, completion.usage.decode_seconds) == told


async def test_a_remote_answer_is_priced_from_the_list():
    script = Script(answer(chat("Hi")))
    model = ask_of(script, url="https://api.openai.com/v1", model="gpt-4o-mini", provider="openai")
    usage = (await model.complete(ASK)).usage
    assert usage.cost_usd > 0
    assert (usage.local_requests, usage.unpriced_requests) == (0, 0)


async def test_a_price_that_nobody_knows_is_not_free():
    model = ask_of(Script(answer(chat("Hi"))), url="http://10.0.0.1/v1", model="my-own")
    usage = (await model.complete(ASK)).usage
    assert (usage.cost_usd, usage.unpriced_requests) == (0, 1)


async def test_prices_from_the_configuration_go_first():
    terms = {
        "url": "https://h/v1",
        "input_usd_per_mtok": Decimal(1),
        "output_usd_per_mtok": Decimal(4),
    }
    usage = (await ask_of(Script(answer(chat("Hi"))), **terms).complete(ASK)).usage
    assert usage.cost_usd == Decimal("0.000019")


@pytest.mark.parametrize(
    ("url", "local", "is_local"),
    [
        ("http://127.0.0.1:1/v1", None, True),
        ("http://[::1]:1/v1", None, True),
        ("http://localhost:1/v1", None, True),
        ("http://10.0.0.2:1/v1", None, False),
        ("http://10.0.0.2:1/v1", True, True),
        ("http://127.0.0.1:1/v1", False, False),
    ],
)
def test_a_server_on_loopback_is_local_unless_told_otherwise(url, local, is_local):
    assert ask_of(Script(answer({})), url=url, local=local).local is is_local


async def test_the_key_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("MY_KEY", "secret-123")
    script = Script(answer(chat("Hi")))
    await ask_of(script, api_key_env="MY_KEY").complete(ASK)
    assert script.requests[0].headers["Authorization"] == "Bearer secret-123"


async def test_a_missing_key_is_named(monkeypatch):
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(ModelError, match="set the environment variable MY_KEY"):
        await ask_of(Script(answer({})), api_key_env="MY_KEY").complete(ASK)


async def test_a_key_is_never_repeated(monkeypatch, caplog):
    monkeypatch.setenv("MY_KEY", "secret-123")
    script = Script(answer({"error": {"message": "wrong key secret-123"}}, 401))
    with caplog.at_level("DEBUG"), pytest.raises(ModelError, match="MY_KEY") as caught:
        await ask_of(script, api_key_env="MY_KEY").complete(ASK)
    assert "secret-123" not in f"{caught.value}{caplog.text}"


BROKEN_STREAM = httpx.Response(
    200, content=b'data: {"choices": [{"del', headers={"Content-Type": "text/event-stream"}
)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        (answer({}, 401), r"refuses the key \(401.*api_key_env"),
        (answer({"error": {"message": "no model m"}}, 404), "no such model or path .*no model m"),
        (answer({}, 301), "unexpected answer"),
        (httpx.Response(200, text="<html>hi</html>"), "a web page came instead of JSON"),
        (httpx.Response(200, text='{"choices": [{"te'), "not whole JSON"),
        (httpx.Response(200, text=""), "not whole JSON"),
        (answer([1, 2]), "not that of a language model"),
        (answer({"choices": []}), "the answer is empty"),
        (answer({}), "the answer is empty"),
        (answer({"error": {"message": "out of memory"}}), "it failed: out of memory"),
        (events({"error": {"message": "out of memory"}}), "it failed: out of memory"),
        (events(delta("Hel"), done=False), "broke off in mid-answer"),
        (BROKEN_STREAM, "not whole JSON"),
        (httpx.ReadTimeout("slow"), "silent for 120 s; raise `timeout_seconds`"),
        (httpx.DecodingError("bad gzip"), "cannot be read"),
    ],
)
async def test_a_wrong_answer_is_told_in_one_line_with_the_remedy(said, complaint):
    script = Script(said)
    with pytest.raises(ModelError, match=complaint) as caught:
        await ask_of(script).complete(ASK, lambda _: None)
    assert str(caught.value).startswith("m at http://127.0.0.1:9/v1: ")
    assert "\n" not in str(caught.value)
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        (answer({"error": "slow down"}, 429), "too many questions .*slow down"),
        (httpx.Response(500, text="<h1>Oops</h1>"), r"it failed \(500\)"),
        (answer({}, 503), "it failed"),
        (httpx.ConnectError("Connection refused"), "no connection: Connection refused; start"),
        (httpx.RemoteProtocolError("hung up"), "no connection: hung up"),
    ],
)
async def test_what_may_pass_is_asked_again_and_then_given_up(said, complaint):
    script = Script(said)
    with pytest.raises(ModelError, match=f"{complaint}.*asked 3 times") as caught:
        await ask_of(script, attempts=3).complete(ASK)
    assert len(script.requests) == 3
    assert "\n" not in str(caught.value)


async def test_what_has_passed_is_answered():
    script = Script(answer({}, 503), httpx.ConnectError("no"), answer(chat("Hi")))
    assert (await ask_of(script).complete(ASK)).text == "Hi"


@pytest.mark.parametrize("after", ["0.2", "Fri, 01 Jan 2021 00:00:00 GMT", "soon"])
async def test_the_server_says_how_long_to_wait(after):
    script = Script(answer({}, 429, **{"Retry-After": after}), answer(chat("Hi")))
    begun = asyncio.get_running_loop().time()
    await ask_of(script).complete(ASK)
    waited = asyncio.get_running_loop().time() - begun
    assert (waited >= 0.2) is (after == "0.2")


async def test_a_server_that_asks_for_an_hour_is_given_up_at_once():
    script = Script(answer({}, 429, **{"Retry-After": "3600"}))
    with pytest.raises(ModelError, match="left alone for 3600 s"):
        await ask_of(script).complete(ASK)
    assert len(script.requests) == 1


async def test_retries_put_nothing_on_the_screen(capfd):
    script = Script(answer({}, 503), answer(chat("Hi")))
    await ask_of(script).complete(ASK)
    assert capfd.readouterr() == ("", "")


async def test_cancelling_closes_the_connection():
    closed = asyncio.Event()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"

    async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head + b"data: " + json.dumps(delta("a")).encode() + b"\n\n")
        await writer.drain()
        while await reader.read(1 << 16):
            pass
        closed.set()
        writer.close()

    async with await asyncio.start_server(_serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        model = OpenAIModel(Server(url=f"http://127.0.0.1:{port}/v1", model="m"), name="m")
        told = asyncio.Event()
        task = asyncio.create_task(model.complete(ASK, lambda _: told.set()))
        await told.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(closed.wait(), timeout=5)


async def test_a_stream_that_breaks_after_it_was_shown_is_not_asked_for_again():
    asked = 0

    async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await reader.readuntil(b"\r\n\r\n")
        piece = b"data: " + json.dumps(delta("a")).encode() + b"\n\n"
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 999\r\n\r\n"
        writer.write(head + piece)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(_serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        model = OpenAIModel(Server(url=f"http://127.0.0.1:{port}/v1", model="m"), name="m")
        with pytest.raises(ModelError, match="broke in mid-answer"):
            await model.complete(ASK, lambda _: None)
    assert asked == 1


async def test_a_server_that_is_down_is_named():
    model = OpenAIModel(Server(url="http://127.0.0.1:1/v1", model="m", attempts=1), name="m")
    with pytest.raises(ModelError, match=r"127\.0\.0\.1:1/v1: no connection.*start the server"):
        await model.complete(ASK)


async def test_the_models_of_a_server_are_listed():
    script = Script(answer({"data": [{"id": "a"}, {"id": "b"}, "odd"]}))
    assert await ask_of(script).served() == ("a", "b")
    assert script.requests[0].url.path == "/v1/models"


async def test_a_server_that_lists_nothing_says_why():
    with pytest.raises(ModelError, match="no such model or path"):
        await ask_of(Script(answer({}, 404))).served()
    with pytest.raises(ModelError, match="no connection"):
        await ask_of(Script(httpx.ConnectError("refused"))).served()
