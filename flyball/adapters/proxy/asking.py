"""Asks an upstream, and passes on what needs no judging."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, NamedTuple

import httpx

from flyball.adapters.proxy.energy import Shares
from flyball.adapters.proxy.talk import Asked, Dialect, Draft, GarbageError
from flyball.adapters.proxy.upstream import Upstream, events, parsed, returned
from flyball.errors import FlyballError
from flyball.meters.stopwatch import with_electricity
from flyball.records import Spend, Usage

JSON = {"content-type": "application/json"}
EVENTS = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}


class Head(NamedTuple):
    status: int
    headers: Mapping[str, str]


@dataclass(kw_only=True, eq=False)
class Attempt:
    """One question to one upstream, and what came of it."""

    upstream: Upstream
    draft: Draft
    stream: bool
    headers: Mapping[str, str]
    """What the client sent."""
    passed: list[Mapping[str, Any]]
    """The events of the request that were passed on, by this attempt or those before it."""
    began: float = field(default_factory=time.perf_counter)
    held: list[bytes] = field(default_factory=list)
    whole: bytes = b""
    head: Head | None = None
    fault: str = ""
    reviewed: bool = False

    @property
    def refused(self) -> bool:
        return self.head is not None and self.head.status >= 400

    @property
    def usage(self) -> Usage:
        return self.draft.reply().usage


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What every exchange uses."""

    client: httpx.AsyncClient
    home: Upstream
    others: Mapping[str, Upstream]
    shares: Shares
    usd_per_kwh: Decimal | None = None

    def upstream(self, driver: str) -> Upstream:
        return self.others.get(driver, self.home)

    def spent(self, attempt: Attempt) -> Spend:
        """What an attempt took that is over; remote requests are not priced yet."""
        usage, energy = attempt.usage, self.shares.end(attempt)
        seconds = time.perf_counter() - attempt.began
        if not attempt.upstream.local:
            return Spend(seconds=seconds, usage=replace(usage, unpriced_requests=usage.requests))
        usage = replace(usage, local_requests=usage.requests)
        usage = with_electricity(usage, energy, self.usd_per_kwh)
        return Spend(seconds=seconds, usage=usage, energy=energy)


async def ask(
    desk: Desk, dialect: Dialect, asked: Asked, attempt: Attempt, body: Mapping[str, Any]
) -> AsyncIterator[Head | bytes]:
    """Ask, and give what can be passed on at once; what goes wrong is the attempt's fault."""
    desk.shares.begin(attempt)
    try:
        async with _asking(desk, dialect, attempt, body) as response:
            attempt.head = Head(response.status_code, returned(response.headers))
            kind = response.headers.get("content-type", "")
            if response.is_success and attempt.stream and "event-stream" in kind:
                yield attempt.head
                async for raw in _passed(attempt, response):
                    yield raw
            else:
                attempt.stream = False
                attempt.whole = await response.aread()
            if response.is_success and attempt.whole:
                attempt.draft = dialect.draft(asked, stream=False)
                attempt.draft.add(parsed(attempt.whole))
            if response.is_success and not attempt.draft.ended:
                raise GarbageError("it broke off in mid-answer")
    except httpx.HTTPError as error:
        told = f"{type(error).__name__} {error}".strip()
        attempt.fault = f"{attempt.upstream.name} did not answer: {told}"
    except FlyballError as error:
        attempt.fault = f"{attempt.upstream.name}: {error}"


def _asking(
    desk: Desk, dialect: Dialect, attempt: Attempt, body: Mapping[str, Any]
) -> AbstractAsyncContextManager[httpx.Response]:
    upstream = attempt.upstream
    body = body if upstream.model is None else {**body, "model": upstream.model}
    headers = upstream.headers(attempt.headers)
    headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    address = upstream.url.join(dialect.path)
    # In ASCII, because half a surrogate pair, which JSON can spell, has no UTF-8.
    data = json.dumps(body).encode()
    return desk.client.stream("POST", address, content=data, headers={**headers, **JSON})


async def _passed(attempt: Attempt, response: httpx.Response) -> AsyncIterator[bytes]:
    async for raw, data, last in events(response):
        if data is None:
            passage = "hold" if last or attempt.held else "pass"
        elif data.get("error") and "choices" not in data:
            raise GarbageError(f"it failed: {str(data['error'])[:200]}")
        else:
            passage = attempt.draft.add(data)
        if passage == "hold" or (attempt.held and passage == "pass"):
            attempt.held.append(raw)
        elif passage == "pass":
            if data is not None:
                attempt.passed.append(data)
            yield raw
