"""Any OpenAI-compatible server: llama-server, llama-cpp-python, Ollama, vLLM, the clouds."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import stamina

from flyball.errors import ModelError
from flyball.meters.prices import price_usd
from flyball.meters.remote import with_remote_range
from flyball.models.server import (
    LONGEST_WAIT_SECONDS,
    BusyError,
    RefusedError,
    Server,
    failed,
    is_loopback,
    unreachable,
    wait_for,
)
from flyball.models.wire import Draft, body_of, complaint_in, doubtful_in, path_of, refused_in
from flyball.records import Completion, Request, Usage

CONNECT_SECONDS = 10.0

# Without a handler of its own, stamina's notes on retries end up on the user's screen.
logging.getLogger("stamina").addHandler(logging.NullHandler())


class OpenAIModel:
    """A model behind a server. `on_text` is told of thoughts too, as they come in.

    Lines and a grammar are sent as `grammar`, in GBNF, which llama.cpp's servers keep to. Others
    pass it over or refuse it, and are then asked without: `flyball models check` says which.
    """

    def __init__(
        self, server: Server, *, name: str, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        """Ask nothing yet. `transport` stands in for the network. Raises `ModelError`."""
        self._server = server
        self._name = name
        self._transport = transport
        self._refused: frozenset[str] = frozenset()
        self._streams = True
        self._url = server.base()
        self._loopback = is_loopback(self._url)
        # Connections live for one question: nothing is left open in a loop that has ended.
        # Certificates take longer to load than a local model to answer, so they are kept.
        secure = self._url.scheme == "https"
        self._tls = (
            httpx.create_ssl_context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        )

    @property
    def name(self) -> str:
        return self._name

    @property
    def local(self) -> bool:
        """Whether the server's electricity is this machine's."""
        return self._loopback if self._server.local is None else self._server.local

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        """Answer `request`; cancelling closes the connection. Raises `ModelError`."""
        server = self._server
        asking = stamina.AsyncRetryingCaller(
            attempts=server.attempts,
            timeout=None,
            wait_initial=server.wait_seconds,
            wait_jitter=server.wait_seconds,
            wait_max=LONGEST_WAIT_SECONDS,
        )
        began = time.monotonic()
        try:
            draft = await asking(wait_for, self._agree, request, on_text)
        except BusyError as error:
            raise ModelError(f"{error} (asked {server.attempts} times)") from error
        completion = draft.completion(request)
        usage = await self._priced(completion.usage, draft.counted)
        return replace(completion, usage=await self._ranged(usage, time.monotonic() - began))

    async def served(self) -> tuple[str, ...]:
        """The names of the models that the server has. Raises `ModelError`."""
        try:
            async with self._client() as client:
                response = await client.get("models")
        except httpx.HTTPError as error:
            raise unreachable(self._server, error, begun=False) from error
        if not response.is_success:
            raise failed(self._server, response, complaint_in(response.text), {})
        models = self._parsed(response.text).get("data")
        return tuple(str(each.get("id")) for each in models or () if isinstance(each, dict))

    async def _agree(self, request: Request, on_text: Callable[[str], None] | None) -> Draft:
        """Ask, and ask again without the fields that the server does not take."""
        refused = self._refused
        while True:
            stream = on_text is not None and self._streams
            body = body_of(request, model=self._server.model, stream=stream, refused=refused)
            try:
                draft = await self._ask(path_of(request), body, on_text)
            except RefusedError as error:
                fewer = refused | (refused_in(error.complaint, body) or doubtful_in(body))
                if fewer == refused:
                    raise
                refused = fewer
            else:
                self._refused = refused
                # A stream without a count hides what a step took: better late than unknown.
                self._streams = self._streams and (draft.counted or not stream)
                return draft

    async def _ask(
        self, path: str, body: Mapping[str, object], on_text: Callable[[str], None] | None
    ) -> Draft:
        draft, tell = Draft(), on_text or _ignore
        try:
            async with self._client() as client, client.stream("POST", path, json=body) as answer:
                if answer.is_success and "event-stream" in answer.headers.get("Content-Type", ""):
                    await self._listen(answer, draft, tell)
                else:
                    tell(draft.add(self._whole(await answer.aread(), answer, body)))
        except httpx.HTTPError as error:
            raise unreachable(self._server, error, begun=draft.begun) from error
        if not draft.begun:
            raise self._server.error("the answer is empty; look at the server's log")
        return draft

    def _whole(
        self, data: bytes, answer: httpx.Response, body: Mapping[str, object]
    ) -> Mapping[str, Any]:
        said = data.decode("utf-8", "replace")
        if not answer.is_success:
            raise failed(self._server, answer, self._unkeyed(complaint_in(said)), body)
        return self._parsed(said)

    async def _listen(
        self, answer: httpx.Response, draft: Draft, tell: Callable[[str], None]
    ) -> None:
        """Read server-sent events (https://html.spec.whatwg.org, section 9.2) to their end."""
        async for line in answer.aiter_lines():
            field, _, said = line.partition(":")
            if field == "data" and said.strip() == "[DONE]":
                return
            if field == "data" and (text := draft.add(self._parsed(said))):
                tell(text)
        if draft.finish is None:
            raise self._server.error("the stream broke off in mid-answer; look at its log")

    def _parsed(self, text: str) -> Mapping[str, Any]:
        """The JSON object in `text`. Raises `ModelError`, also where it is about an error."""
        try:
            data = json.loads(text)
        except ValueError as error:
            web = text.lstrip().startswith("<")
            what = "a web page came instead of JSON" if web else "the answer is not whole JSON"
            raise self._server.error(
                f"{what}; correct the address, which as a rule ends in /v1"
            ) from error
        if not isinstance(data, dict):
            raise self._server.error(
                "the answer is not that of a language model; correct the address"
            )
        if "error" in data and not data.get("choices"):
            complaint = self._unkeyed(complaint_in(text))
            raise self._server.error(f"it failed: {complaint[:200]}; look at its log")
        return data

    def _client(self) -> httpx.AsyncClient:
        silent, key = self._server.timeout_seconds, self._key()
        return httpx.AsyncClient(
            base_url=self._url,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(silent, connect=min(silent, CONNECT_SECONDS)),
            transport=self._transport,
            trust_env=not self._loopback,
            verify=self._tls,
        )

    def _key(self) -> str:
        """The key, or "" where none is needed. Raises `ModelError`."""
        variable = self._server.api_key_env
        key = os.environ.get(variable, "").strip() if variable else ""
        if variable and not key:
            raise self._server.error(f"the key is missing; set the environment variable {variable}")
        return key

    def _unkeyed(self, text: str) -> str:
        key = self._key()
        return text.replace(key, "(the key)") if key else text

    async def _priced(self, usage: Usage, counted: bool) -> Usage:
        """Add what the request cost, where that is known."""
        if self.local:
            return replace(usage, local_requests=1)
        price = await self._price(usage) if counted else None
        if price is None:
            return replace(usage, unpriced_requests=1)
        return replace(usage, cost_usd=price)

    async def _ranged(self, usage: Usage, seconds: float) -> Usage:
        """Add what it may have taken elsewhere, where something is known of that."""
        server = self._server
        if self.local or server.provider is None:
            return usage
        return await asyncio.to_thread(
            with_remote_range,
            usage,
            provider=server.provider,
            model=server.model,
            seconds=seconds,
        )

    async def _price(self, usage: Usage) -> Decimal | None:
        server = self._server
        if server.input_usd_per_mtok is not None and server.output_usd_per_mtok is not None:
            dollars = (
                usage.input_tokens * server.input_usd_per_mtok
                + usage.output_tokens * server.output_usd_per_mtok
            )
            return dollars / 1_000_000
        # The first look at the price list takes a third of a second.
        return await asyncio.to_thread(
            price_usd, usage, model=server.model, provider=server.provider
        )


def _ignore(_: str) -> None:
    """Tell nobody."""
