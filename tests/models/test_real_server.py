"""llama-cpp-python's own server, serving the bundled model on loopback."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from flyball.models import LlamaModel, OpenAIModel, Server
from flyball.records import Lines, Message, Request

pytestmark = pytest.mark.llama

PROMPT = 'Click on the "ok" button.\nbutton "no" 1\nbutton "ok" 2\nlast \n>'
CHAT = (Message(role="user", content="Hello"),)


@contextmanager
def serving(path: Path, log: Path, *, logits_all: bool) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(path)]
    command += ["--port", str(port), "--n_ctx", "512", "--n_threads", "1"]
    command += ["--logits_all", str(logits_all)]
    with log.open("wb") as sink:
        server = subprocess.Popen(command, stdout=sink, stderr=sink, env=dict(os.environ))
    try:
        _wait(f"http://127.0.0.1:{port}/v1/models", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        assert server.poll() is None, log.read_text()
        try:
            httpx.get(url, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the server did not start")


@pytest.fixture(scope="module")
def server(bundled_gguf, tmp_path_factory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("server") / "log"
    with serving(bundled_gguf, log, logits_all=True) as url:
        yield url


@pytest.fixture
def served(server) -> OpenAIModel:
    return OpenAIModel(Server(url=server, model="small"), name="served")


async def test_a_served_model_answers_as_the_same_model_in_process(served, bundled_gguf):
    request = Request(prompt=PROMPT, max_tokens=12)
    there = await served.complete(request)
    with LlamaModel(bundled_gguf, name="small", context=512) as model:
        here = await model.complete(request)
    assert there.text == here.text
    assert there.logprobs == pytest.approx(here.logprobs, abs=1e-3)
    assert there.entropies == pytest.approx(here.entropies, abs=1e-3)
    # Only in process is it known how long reading and writing took, and of how many bytes.
    assert None not in (here.usage.prefill_seconds, here.usage.decode_bytes)
    assert there.usage == replace(
        here.usage, prefill_seconds=None, decode_seconds=None, decode_bytes=None
    )


async def test_a_served_model_streams(served):
    pieces: list[str] = []
    whole = await served.complete(Request(prompt=PROMPT, max_tokens=12))
    said = await served.complete(Request(prompt=PROMPT, max_tokens=12), pieces.append)
    assert "".join(pieces) == said.text == whole.text
    assert len(pieces) > 1
    assert said.logprobs == pytest.approx(whole.logprobs, abs=1e-3)


async def test_a_served_model_chats(served):
    said = await served.complete(Request(prompt=CHAT, max_tokens=6))
    assert len(said.logprobs) == said.usage.output_tokens == 6


async def test_a_served_model_keeps_to_the_lines_that_it_is_offered(served):
    lines = Lines(whole=(" zebra 7", " zebra 77"), begun=(' zebra "',))
    said = await served.complete(Request(prompt=PROMPT, lines=lines, stop=("\n",)))
    assert said.text in lines.whole or (said.text.startswith(lines.begun) and said.text[-1] == '"')
    assert said.forbidden is None


async def test_a_schema_that_the_server_does_not_take_is_left_out(served):
    said = await served.complete(Request(prompt=CHAT, max_tokens=4, schema={"type": "object"}))
    assert said.usage.requests == 1


async def test_a_server_without_log_probabilities_is_asked_without(bundled_gguf, tmp_path):
    with serving(bundled_gguf, tmp_path / "log", logits_all=False) as url:
        model = OpenAIModel(Server(url=url, model="small"), name="served")
        said = await model.complete(Request(prompt=PROMPT, max_tokens=6))
    assert said.text
    assert (said.logprobs, said.entropies) == (None, None)
