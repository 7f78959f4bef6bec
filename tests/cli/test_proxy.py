"""`flyball proxy` as a process, and what it refuses."""

import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import openai
import pytest

from flyball.ledger import Ledger
from tests.adapters.servers import ScriptedServer, said, served


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def start(tmp_path):
    processes = []

    def _start(*words, **environment):
        port = free_port()
        command = [sys.executable, "-m", "flyball.cli", "proxy", "--port", str(port), *words]
        environment = {**os.environ, "FLYBALL_LEDGER": str(tmp_path / "l.db"), **environment}
        process = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE)
        processes.append(process)
        while True:
            assert process.poll() is None, process.stderr.read()
            try:
                httpx.get(f"http://127.0.0.1:{port}/")
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return f"http://127.0.0.1:{port}/v1", process

    yield _start
    for process in processes:
        process.kill()
        process.wait()
        process.stderr.close()


def test_it_supervises_what_asks_it_and_keeps_it_when_it_is_ended(start, tmp_path):
    with served(ScriptedServer(said("done")).app) as behind:
        base, process = start("--upstream", behind)
        with openai.OpenAI(base_url=base, api_key="k") as client:
            client.chat.completions.create(
                model="small", messages=[{"role": "user", "content": "hi"}]
            )
        process.send_signal(signal.SIGINT)
        process.wait()
    with Ledger(tmp_path / "l.db") as ledger:
        [run] = ledger.runs()
        assert (run.status, run.policy) == ("finished", "small")
        assert ledger.steps(run.id)[0].policy_spend.usage.local_requests == 1


def test_a_strong_model_of_the_configuration_is_called_in(start, tmp_path):
    server = ScriptedServer(said("", ("look", {})), big=[said("done")])
    with served(server.app) as behind:
        (tmp_path / "flyball.toml").write_text(
            f'[models.strong]\nserver = "{behind}"\nmodel = "big"\napi_key_env = "BIG_KEY"\n'
        )
        base, _ = start("--upstream", behind, "--strong", "strong", BIG_KEY="sk-big")
        messages = [{"role": "user", "content": "hi"}]
        with openai.OpenAI(base_url=base, api_key="sk-mine") as client:
            for _ in range(5):
                answer = client.chat.completions.create(model="small", messages=messages)
                message = answer.choices[0].message
                if not message.tool_calls:
                    break
                messages.append(message.model_dump(exclude_none=True))
                call = message.tool_calls[0].id
                messages.append({"role": "tool", "tool_call_id": call, "content": "same"})
    assert message.content == "done"
    assert server.headers[-1]["authorization"] == "Bearer sk-big"
    assert server.headers[0]["authorization"] == "Bearer sk-mine"


def test_a_token_is_needed_where_others_could_ask(call):
    result = call("proxy", "--upstream", "http://127.0.0.1:1/v1", "--host", "0.0.0.0")
    assert result.code == 2
    assert "name a token with --token-env" in result.err


def test_a_token_has_to_be_shown(start):
    with served(ScriptedServer(said("done")).app) as behind:
        base, _ = start("--upstream", behind, "--token-env", "TOKEN", TOKEN="t0ken")
        ask = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
        with openai.OpenAI(base_url=base, api_key="wrong", max_retries=0) as client:
            with pytest.raises(openai.PermissionDeniedError, match="show the proxy's token"):
                client.chat.completions.create(**ask)
            with pytest.raises(openai.PermissionDeniedError):
                client.models.list()
        with openai.OpenAI(base_url=base, api_key="t0ken") as client:
            assert client.chat.completions.create(**ask).choices[0].message.content == "done"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--upstream", "nonesuch"), "no model is called 'nonesuch'"),
        (("--upstream", "bundled/small"), "is no server"),
        (("--upstream", "ftp://x"), "not a web address"),
        (("--upstream", "http://x", "--token-env", "NO_SUCH"), "NO_SUCH"),
    ],
)
def test_what_cannot_be_done_is_one_line(call, words, why):
    result = call("proxy", *words)
    assert result.code in (2, 3)
    assert why in result.err
    assert result.err.count("\n") == 1
