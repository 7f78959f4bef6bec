"""Many streams at a time through the proxy; `benchmarks/embedding.py --load` asks longer."""

import asyncio

import httpx

from flyball.adapters import Supervision
from flyball.adapters.proxy import Proxy
from flyball.adapters.proxy.asks import Asks
from flyball.adapters.proxy.chat import Chat
from flyball.adapters.proxy.runs import Runs
from tests.adapters.servers import ScriptedServer, proxied, said, upstream

STREAMS, ROUNDS = 60, 3
ASK = {"model": "small", "messages": [{"role": "user", "content": "hi"}], "stream": True}


async def ask(client, base):
    text = b""
    for _ in range(ROUNDS):
        async with client.stream("POST", f"{base}/chat/completions", json=ASK) as answer:
            assert answer.status_code == 200
            text = await answer.aread()
            assert text.endswith(b"data: [DONE]\n\n")
            assert b"error" not in text


async def test_no_stream_fails_and_no_step_is_lost(ledger):
    supervision = Supervision(ledger=ledger)
    server = ScriptedServer(said("a b c", pause=0.01))
    with proxied(
        server, lambda behind: Proxy(upstream=upstream(behind), supervision=supervision)
    ) as base:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(timeout=60, limits=limits) as client:
            await asyncio.gather(*(ask(client, base) for _ in range(STREAMS)))
    runs = ledger.runs()
    assert len(runs) == len(server.requests) == STREAMS * ROUNDS
    assert all(run.status == "finished" for run in runs)
    assert all(len(ledger.steps(run.id)) == 1 for run in runs)


def test_runs_that_nobody_goes_on_with_are_forgotten(ledger):
    runs = Runs(Supervision(ledger=ledger), Asks(1.0), most_idle=5)
    for number in range(50):
        runs.find(Chat().read({"messages": [{"role": "user", "content": str(number)}]}))
    assert len(runs) == runs.prefixes == 5
