"""The proxy as an ASGI application: routes, who may ask, and errors that clients can read."""

from __future__ import annotations

import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from flyball.adapters.proxy.asking import Desk, Head
from flyball.adapters.proxy.asks import ANSWERS, Asks
from flyball.adapters.proxy.chat import Chat
from flyball.adapters.proxy.description import DESCRIPTION
from flyball.adapters.proxy.energy import Shares
from flyball.adapters.proxy.exchange import Exchange
from flyball.adapters.proxy.messages import Messages
from flyball.adapters.proxy.responses import Responses
from flyball.adapters.proxy.runs import MOST_IDLE, Runs
from flyball.adapters.proxy.talk import Dialect, MalformedError
from flyball.adapters.proxy.upstream import Upstream, returned
from flyball.adapters.supervision import DEFAULT, Supervision
from flyball.errors import FlyballError
from flyball.meters import NoMeter
from flyball.roles import Meter

LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")
DIALECTS: tuple[Dialect, ...] = (Chat(), Responses(), Messages())
RUN_KEY = "flyball_run"
LONGEST_BODY = 64_000_000
IDLE_SECONDS = 75
"""How long an idle connection is kept: for longer than clients do, most of which use one again for
up to 5 seconds, or a request would now and then meet the end of its connection."""


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """What a proxy is made of."""

    upstream: Upstream
    others: Mapping[str, Upstream] = field(default_factory=dict[str, Upstream])
    """Whom an escalation may go to, by the names that monitors know."""
    supervision: Supervision = DEFAULT
    meter: Meter = field(default_factory=NoMeter)
    usd_per_kwh: Decimal | None = None
    token: str | None = None
    """What clients have to show; `None`: they have to be on this machine."""
    silent_seconds: float = 300.0
    """How long an upstream may say nothing."""
    ask_seconds: float = 600.0
    """How long a step is held for approval; then the run is stopped."""
    most_idle: int = MOST_IDLE
    """Runs that are remembered while nobody asks."""
    transport: httpx.AsyncBaseTransport | None = None
    """Stands in for the network."""


def make_app(proxy: Proxy) -> Starlette:
    """Build the application; it holds its connections while it runs."""
    door = _Door(proxy)
    routes = [
        Route(f"/v1/{dialect.path}", _route(door, dialect), methods=["POST"])
        for dialect in DIALECTS
    ]
    app = Starlette(
        routes=[
            *routes,
            Route("/openapi.json", door.described, methods=["GET"]),
            Route("/flyball/asks", door.asked, methods=["GET"]),
            Route("/flyball/asks/{ask}", door.answered, methods=["POST"]),
            Route("/v1/{path:path}", door.others, methods=["GET", "POST", "DELETE"]),
        ],
        lifespan=door.open,
    )
    app.router.redirect_slashes = False
    return app


def serve(proxy: Proxy, *, host: str, port: int) -> None:
    """Serve it until the process is told to end."""
    import uvicorn  # noqa: PLC0415 - an application in somebody's own server needs none

    uvicorn.run(
        make_app(proxy),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=IDLE_SECONDS,
    )


class _Door:
    """Lets requests in, and answers out."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.asks = Asks(proxy.ask_seconds)
        self.runs = Runs(proxy.supervision, self.asks, most_idle=proxy.most_idle)
        self._desk: Desk | None = None

    @asynccontextmanager
    async def open(self, app: Starlette) -> AsyncIterator[None]:
        async with self._client() as client:
            self._desk = self._made(client)
            yield
        self.runs.close()

    @property
    def desk(self) -> Desk:
        if self._desk is None:
            self._desk = self._made(self._client())
        return self._desk

    async def supervised(self, dialect: Dialect, request: Request) -> Response:
        """Answer a question to a model."""
        if refusal := self._refused(request):
            return _said(dialect, 403, refusal)
        try:
            body = await _body(request)
            name = _run_name(request, body)
            asked = dialect.read(_unnamed(body))
            agent = request.headers.get("x-flyball-agent", "proxy")[:100]
            live = self.runs.find(asked, name=name, agent=agent)
        except ClientDisconnect:
            return Response(status_code=499)
        except MalformedError as error:
            return _said(dialect, 400, str(error))
        except FlyballError as error:
            return _said(dialect, 503, str(error))
        headers = self._given(request)
        pieces = Exchange(self.desk, dialect, asked, live, headers).answer()
        head = await anext(pieces)
        assert isinstance(head, Head)
        if not asked.stream or "event-stream" not in head.headers.get("content-type", ""):
            return Response(await _joined(pieces), head.status, head.headers)
        return StreamingResponse(_only_bytes(pieces), head.status, head.headers)

    async def others(self, request: Request) -> Response:
        """Pass on what is no question to a model: models, embeddings, files."""
        path = request.path_params["path"]
        if refusal := self._refused(request):
            return _said(DIALECTS[0], 403, refusal)
        if any(part in (".", "..", "") for part in path.split("/")) or ":" in path:
            return _said(DIALECTS[0], 404, f"there is no /v1/{path}")
        address = self.desk.home.url.join(path).copy_with(query=request.url.query.encode() or None)
        try:
            headers = self.desk.home.headers(self._given(request))
            answer = await self.desk.client.request(
                request.method, address, content=await request.body(), headers=headers
            )
        except (httpx.HTTPError, FlyballError) as error:
            return _said(DIALECTS[0], 502, f"{self.desk.home.name} did not answer: {error}")
        return Response(answer.content, answer.status_code, returned(answer.headers))

    async def described(self, request: Request) -> Response:
        """What the proxy accepts, as an OpenAPI document."""
        if refusal := self._refused(request):
            return _said(DIALECTS[0], 403, refusal)
        return JSONResponse(DESCRIPTION)

    async def asked(self, request: Request) -> Response:
        """What is held for approval."""
        if refusal := self._refused(request):
            return _said(DIALECTS[0], 403, refusal)
        return JSONResponse({"asks": self.asks.listed()})

    async def answered(self, request: Request) -> Response:
        """Take what a person says of a step that is held."""
        if refusal := self._refused(request):
            return _said(DIALECTS[0], 403, refusal)
        try:
            body = await _body(request)
            ruling, reason = str(body.get("ruling")), str(body.get("reason") or "")
            if ruling not in ANSWERS:
                raise MalformedError(f"'ruling' must be one of: {', '.join(ANSWERS)}")
        except MalformedError as error:
            return _said(DIALECTS[0], 400, str(error))
        found = self.asks.answered(request.path_params["ask"], ruling, " ".join(reason.split()))
        return JSONResponse({"found": found}, 200 if found else 404)

    def _client(self) -> httpx.AsyncClient:
        silent = self.proxy.silent_seconds
        return httpx.AsyncClient(
            timeout=httpx.Timeout(silent, connect=min(silent, 10.0), pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
            transport=self.proxy.transport,
            trust_env=not self.proxy.upstream.local,
        )

    def _made(self, client: httpx.AsyncClient) -> Desk:
        proxy = self.proxy
        return Desk(
            client=client,
            home=proxy.upstream,
            others=proxy.others,
            shares=Shares(proxy.meter),
            usd_per_kwh=proxy.usd_per_kwh,
        )

    def _refused(self, request: Request) -> str:
        """Why the client may not ask; empty where it may."""
        token, headers = self.proxy.token, request.headers
        if token is None:
            # A web page that has its own name lead here must not spend what is another's.
            host = headers.get("host", "").rpartition(":")[0] or headers.get("host", "")
            return "" if host in LOOPBACK else "this proxy answers to its own machine only"
        shown = [headers.get("x-flyball-token", ""), headers.get("x-api-key", "")]
        shown.append(headers.get("authorization", "").removeprefix("Bearer "))
        known = any(hmac.compare_digest(each.encode(), token.encode()) for each in shown)
        return "" if known else "show the proxy's token, as X-Flyball-Token or as the API key"

    def _given(self, request: Request) -> dict[str, str]:
        """The client's headers, without the proxy's own token."""
        token = self.proxy.token
        return {
            name: value
            for name, value in request.headers.items()
            if token is None or token not in value
        }


def _route(door: _Door, dialect: Dialect) -> Any:
    async def _answer(request: Request) -> Response:
        return await door.supervised(dialect, request)

    return _answer


async def _body(request: Request) -> dict[str, Any]:
    """The JSON object that was sent. Raises `MalformedError`."""
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > LONGEST_BODY:
            raise MalformedError("the question is too long")
    try:
        body = json.loads(data, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"the question is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise MalformedError("the question must be a JSON object")
    return body


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _run_name(request: Request, body: Mapping[str, Any]) -> str:
    told = body.get("metadata")
    named = told.get(RUN_KEY) if isinstance(told, dict) else None
    return str(request.headers.get("x-flyball-run") or named or "")[:200]


def _unnamed(body: dict[str, Any]) -> dict[str, Any]:
    """The question without what it says to the proxy."""
    told = body.get("metadata")
    if not isinstance(told, dict) or RUN_KEY not in told:
        return body
    rest = {key: value for key, value in told.items() if key != RUN_KEY}
    bare = {key: value for key, value in body.items() if key != "metadata"}
    return {**bare, "metadata": rest} if rest else bare


def _said(dialect: Dialect, status: int, message: str) -> Response:
    return JSONResponse(dialect.error(status, message), status)


async def _joined(pieces: AsyncIterator[Head | bytes]) -> bytes:
    return b"".join([piece async for piece in _only_bytes(pieces)])


async def _only_bytes(pieces: AsyncIterator[Head | bytes]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        if isinstance(piece, bytes):
            yield piece
