"""The same screen in a browser on this machine, for whoever has the token."""

from __future__ import annotations

import re
import secrets
import shlex
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web
from textual_serve.server import Server

from flyball.errors import ConfigError
from flyball.tui.desk import PROGRAM

HOST = "127.0.0.1"
COOKIE = "flyball_token"
ELSEWHERE = re.compile(rb"<link[^>]*https?://(?!127\.0\.0\.1)[^>]*>", re.DOTALL)
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline';"
    " connect-src 'self' ws://{host}; img-src 'self' data:; font-src 'self'; frame-ancestors 'none'"
)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def serve_screen(ledger: Path | None, theme: str | None, port: int) -> None:
    """Serve the screen until ctrl+c. Raises `ConfigError` where the port is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ConfigError(
                f"port {port} cannot be listened on: {error.strerror}; give another --port"
            ) from error
    words = [*PROGRAM, "tui"]
    words += ["--ledger", str(ledger.absolute())] if ledger else []
    words += ["--theme", theme] if theme else []
    Served(shlex.join(words), port, secrets.token_urlsafe(24)).serve()


class Served(Server):
    """Listens on loopback alone, and lets nobody in without the token."""

    def __init__(self, command: str, port: int, token: str) -> None:
        super().__init__(command, host=HOST, port=port, title="flyball")
        self.token = token

    @property
    def address(self) -> str:
        """Where a browser gets in."""
        return f"{self.public_url}/?token={self.token}"

    def initialize_logging(self) -> None:
        """Keep quiet: addresses in a log would tell the token."""

    async def on_startup(self, app: web.Application) -> None:
        self.console.print(f"flyball is at {self.address}", soft_wrap=True, highlight=False)
        self.console.print("ctrl+c ends it", highlight=False)

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._guard(request, handler)

        app.middlewares.append(guard)
        return app

    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        own = f"{HOST}:{self.port}"
        origin = request.headers.get("Origin", f"http://{own}")
        # Another page of the same browser, or another name for this address, gets nothing.
        if request.host != own or origin != f"http://{own}":
            raise web.HTTPForbidden(text=f"this is {own}, and nothing else")
        if self._knows(request.query.get("token", "")):
            found = web.HTTPFound("/")
            found.set_cookie(COOKIE, self.token, httponly=True, samesite="Strict")
            raise found
        if not self._knows(request.cookies.get(COOKIE, "")):
            raise web.HTTPForbidden(text="open the whole address that flyball tui --serve printed")
        response = await handler(request)
        if isinstance(response, web.Response) and response.content_type == "text/html":
            # The page asks for a font elsewhere; nothing is to leave this machine.
            response.body = ELSEWHERE.sub(b"", bytes(response.body or b""))  # type: ignore[arg-type]
            response.headers["Content-Security-Policy"] = POLICY.format(host=own)
        return response

    def _knows(self, token: str) -> bool:
        return secrets.compare_digest(token.encode(), self.token.encode())
