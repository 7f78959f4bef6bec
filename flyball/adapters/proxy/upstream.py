"""Servers behind the proxy: how they are asked, and how their events are read."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import httpx

from flyball.adapters.proxy.talk import GarbageError
from flyball.errors import ConfigError

OURS = ("x-flyball-run", "x-flyball-agent", "x-flyball-token")
NOT_SENT = {
    *OURS, "accept-encoding", "connection", "content-length", "host", "keep-alive",
    "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade",
}  # fmt: skip
NOT_RETURNED = {
    "connection", "content-encoding", "content-length", "date", "keep-alive", "server",
    "transfer-encoding", "upgrade",
}  # fmt: skip
LONGEST_EVENT = 32_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """A server that answers, and on what terms."""

    name: str
    url: httpx.URL
    """Base of its API, with a slash at the end."""
    model: str | None = None
    """What it calls the model; `None`: what the client says."""
    api_key_env: str | None = None
    """The environment variable of a key that is sent in place of the client's."""
    local: bool = False
    """Whether its electricity is this machine's."""

    def headers(self, given: Mapping[str, str]) -> dict[str, str]:
        """What the client sent, as far as it is for the upstream. Raises `ConfigError`."""
        sent = {name: value for name, value in given.items() if name.lower() not in NOT_SENT}
        sent["accept-encoding"] = "identity"
        if self.api_key_env is None:
            return sent
        key = os.environ.get(self.api_key_env, "").strip()
        if not key:
            raise ConfigError(f"set the environment variable {self.api_key_env} to the key")
        sent = {
            name: value
            for name, value in sent.items()
            if name.lower() not in ("authorization", "x-api-key")
        }
        return {**sent, "authorization": f"Bearer {key}", "x-api-key": key}


class Event(NamedTuple):
    raw: bytes
    """As it came, with the empty line that ends it."""
    data: Mapping[str, Any] | None
    """`None` for a comment, and for the end mark."""
    last: bool = False


def returned(headers: httpx.Headers) -> dict[str, str]:
    """The headers of an answer that are for the client."""
    return {name: value for name, value in headers.items() if name.lower() not in NOT_RETURNED}


async def events(response: httpx.Response) -> AsyncIterator[Event]:
    """Part a stream into server-sent events as they come. Raises `GarbageError`."""
    buffer = b""
    async for piece in response.aiter_bytes():
        buffer += piece
        while (cut := _end(buffer)) is not None:
            raw, buffer = buffer[:cut], buffer[cut:]
            yield _event(raw)
        if len(buffer) > LONGEST_EVENT:
            raise GarbageError("an event without an end")
    if buffer.strip():
        yield _event(buffer + b"\n\n")


def parsed(data: bytes) -> Mapping[str, Any]:
    """The JSON object that a whole answer is. Raises `GarbageError`."""
    try:
        value = json.loads(data)
    except ValueError as error:
        raise GarbageError("the answer is not JSON") from error
    if not isinstance(value, dict):
        raise GarbageError("the answer is no JSON object")
    return value


def _end(buffer: bytes) -> int | None:
    ends = [(buffer.find(mark), len(mark)) for mark in (b"\n\n", b"\r\n\r\n")]
    found = [at + size for at, size in ends if at >= 0]
    return min(found) if found else None


def _event(raw: bytes) -> Event:
    lines = raw.decode("utf-8", "replace").splitlines()
    data = [line[5:].removeprefix(" ") for line in lines if line.startswith("data:")]
    if not data:
        if any(line and not line.startswith((":", "event:", "id:", "retry:")) for line in lines):
            raise GarbageError("the stream is not of events")
        return Event(raw, None)
    said = "\n".join(data)
    if said.strip() == "[DONE]":
        return Event(raw, None, last=True)
    return Event(raw, parsed(said.encode()))
