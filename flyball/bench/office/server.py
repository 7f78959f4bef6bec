"""Serve offices on loopback: `/e/NAME/...` is the office called NAME."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl

from flyball.bench.office.pages import html
from flyball.bench.office.site import Site

PREFIX = "/e/"


@contextmanager
def serve(sites: Mapping[str, Site]) -> Iterator[str]:
    """Serve `sites`, now and as they come and go, on a free port; gives the address."""

    class Answer(_Answer):
        offices = sites

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Answer(BaseHTTPRequestHandler):
    offices: Mapping[str, Site]

    def do_GET(self) -> None:
        site, base, url = self._called()
        made = site.get(url) if site else None
        if made is None:
            self.send_error(HTTPStatus.NOT_FOUND)
        elif isinstance(made, str):
            self._send_on(base + made)
        else:
            body = html(made, base).encode()
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            # The way back should ask again, since what a page shows may have changed.
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

    def do_POST(self) -> None:
        site, base, url = self._called()
        sent = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        if site is None:
            self.send_error(HTTPStatus.NOT_FOUND)
        else:
            self._send_on(base + site.post(url, dict(parse_qsl(sent, keep_blank_values=True))))

    def _called(self) -> tuple[Site | None, str, str]:
        name, _, rest = self.path.removeprefix(PREFIX).partition("/")
        return self.offices.get(name), PREFIX + name, f"/{rest}"

    def _send_on(self, location: str) -> None:
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has
        """Say nothing: the screen belongs to the run."""
