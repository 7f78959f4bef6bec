"""What supervision costs in other people's stacks: `python -m benchmarks.embedding [--json]`.

The proxy against a direct call of the same server, alternated: the time to the first chunk of a
stream and to its end. Each adapter against its bare host, alternated: the time of a run of four
steps, for each step; of browser-use what each step waits for its model, as Chromium takes seconds.
Server and proxy are processes of their own, on loopback. `--load 200` asks so many streams at a
time for `--seconds`, and counts errors, lost steps and the proxy's memory.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import json
import logging
import multiprocessing
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import uvicorn

from flyball.adapters import Supervision
from flyball.adapters.proxy import Proxy, Upstream, serve
from flyball.ledger import Ledger
from tests.adapters.servers import ScriptedServer, said, served

WORDS = "one two three four five six seven eight"
ASK = {"model": "small", "messages": [{"role": "user", "content": "hi"}], "stream": True}
Figures = dict[str, float]


def serve_model(port: int) -> None:
    """Serve a model that says eight words at once."""
    uvicorn.run(ScriptedServer(said(WORDS)).app, port=port, log_level="error")


def serve_proxy(port: int, behind: int, ledger: str) -> None:
    """Serve the proxy, with the default monitors and a ledger on disk."""
    url = httpx.URL(f"http://127.0.0.1:{behind}/v1/")
    upstream = Upstream(name="model", url=url, local=True)
    with Ledger(ledger) as opened:
        proxy = Proxy(upstream=upstream, supervision=Supervision(ledger=opened))
        serve(proxy, host="127.0.0.1", port=port)


@contextmanager
def process(target: Callable[..., None], port: int, *rest: Any) -> Iterator[int]:
    """A process that serves; gives its number."""
    started = multiprocessing.get_context("spawn").Process(target=target, args=(port, *rest))
    started.start()
    try:
        while True:
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"http://127.0.0.1:{port}/")
                break
            time.sleep(0.05)
        yield started.pid or 0
    finally:
        started.terminate()
        started.join()


async def asked(client: httpx.AsyncClient, port: int) -> tuple[float, float]:
    """Milliseconds to the first chunk, and to the end, of one stream."""
    began, first = time.perf_counter(), 0.0
    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    async with client.stream("POST", url, json=ASK) as answer:
        answer.raise_for_status()
        last = b""
        async for piece in answer.aiter_bytes():
            first = first or time.perf_counter()
            last = piece
    if b"[DONE]" not in last:
        raise RuntimeError("a stream did not end")
    return 1_000 * (first - began), 1_000 * (time.perf_counter() - began)


async def compare_proxy(direct: int, proxied: int, rounds: int) -> dict[str, Figures]:
    """Ask both in turn, one question at a time."""
    times: dict[str, list[tuple[float, float]]] = {"direct": [], "proxy": []}
    async with httpx.AsyncClient(timeout=60) as client:
        for _ in range(rounds + 5):
            for name, port in (("direct", direct), ("proxy", proxied)):
                times[name].append(await asked(client, port))
    found = {}
    for place, what in enumerate(("first chunk", "whole stream")):
        for name, taken in times.items():
            found[f"{what}, {name}"] = figures([each[place] for each in taken[5:]])
    return found


async def load(proxied: int, streams: int, seconds: float) -> tuple[int, int]:
    """Keep so many streams going; gives how many ended well, and how many did not."""
    until, counts = time.monotonic() + seconds, [0, 0]

    async def _go_on(client: httpx.AsyncClient) -> None:
        while time.monotonic() < until:
            try:
                await asked(client, proxied)
                counts[0] += 1
            except (httpx.HTTPError, RuntimeError):
                counts[1] += 1

    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=120, limits=limits) as client:
        await asyncio.gather(*(_go_on(client) for _ in range(streams)))
    return counts[0], counts[1]


def under_load(proxied: int, pid: int, path: Path, streams: int, seconds: float) -> Figures:
    """Errors, lost steps and growth under a load, after a first part that warms up."""
    proxy = psutil.Process(pid)
    warm, _ = asyncio.run(load(proxied, streams, seconds / 4))
    before, began = proxy.memory_info().rss, time.monotonic()
    done, failed = asyncio.run(load(proxied, streams, seconds))
    taken, after = time.monotonic() - began, proxy.memory_info().rss
    with Ledger(path) as ledger:
        kept = len(ledger.runs())
    return {
        "streams at a time": streams,
        "seconds": taken,
        "streams": done,
        "errors": failed,
        # One run each, and the comparison's before them.
        "runs in the ledger": kept,
        "runs asked for": warm + done + failed,
        "megabytes before": before / 1e6,
        "megabytes after": after / 1e6,
    }


def compare_hosts(rounds: int) -> dict[str, Figures]:
    """Milliseconds a step of each host, bare and supervised, in turn."""
    from tests.adapters.apart import played  # noqa: PLC0415 - as below
    from tests.adapters.hosts import HOSTS  # noqa: PLC0415 - it loads everybody's packages

    def _steps(host: Any, base: str, watched: Supervision | None, steps: int) -> list[float]:
        if host.name == "browser_use":
            return [1_000 * seconds for seconds in played(base, watched)[2]]
        began = time.perf_counter()
        host.play(base, watched)
        return [1_000 * (time.perf_counter() - began) / steps]

    found = {}
    for host in HOSTS:
        script = (host.look, host.other, host.look, host.done)
        times: dict[str, list[float]] = {"bare": [], "supervised": []}
        with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder) / "l.db") as ledger:
            for _ in range(rounds + 1):
                for name, watched in (("bare", None), ("supervised", Supervision(ledger=ledger))):
                    with served(ScriptedServer(*script).app) as base:
                        times[name] += _steps(host, base, watched, len(script))
        first = len(times["bare"]) // (rounds + 1)
        for name, each in times.items():
            found[f"{host.name}, {name}"] = figures(each[first:])
        pairs = zip(times["bare"][first:], times["supervised"][first:], strict=True)
        found[f"{host.name}, overhead"] = figures([after - bare for bare, after in pairs])
    return found


def figures(milliseconds: list[float]) -> Figures:
    ordered = sorted(milliseconds)
    last = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return {"median_ms": statistics.median(ordered), "p99_ms": last}


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=300, help="streams of each kind")
    parser.add_argument("--host-rounds", type=int, default=10, help="runs of each host")
    parser.add_argument("--load", type=int, default=0, help="streams at a time")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        with (
            process(serve_model, 8491),
            process(serve_proxy, 8492, 8491, str(path)) as pid,
        ):
            found: dict[str, Figures] = asyncio.run(compare_proxy(8491, 8492, options.rounds))
            if options.load:
                found["load"] = under_load(8492, pid, path, options.load, options.seconds)
    if options.host_rounds:
        warnings.simplefilter("ignore")
        logging.disable()
        with contextlib.redirect_stderr(io.StringIO()), contextlib.chdir(tempfile.mkdtemp()):
            found |= compare_hosts(options.host_rounds)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for what, each in found.items():
        told = "   ".join(f"{name.replace('_ms', '')} {value:9.2f}" for name, value in each.items())
        print(f"{what:42} {told}")


if __name__ == "__main__":
    sys.exit(main())
