"""A small web site on loopback, for tests that need real pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

LOGIN = """<title>Login</title><h1>Welcome back</h1>
<form action="/welcome.html"><label for=u>Username</label><input id=u name=u>
<label for=p>Password</label><input id=p type=password name=p><button>Login</button></form>"""

PAGES = {
    "/login.html": LOGIN,
    "/welcome.html": "<title>Hello</title><h1>Hello</h1><p>You are in.</p>"
    "<a href=/login.html>Log out</a>",
    "/search.html": "<title>Search</title><form action=/results.html>"
    "<input name=q placeholder=Search><button>Search</button></form>",
    "/results.html": "<title>Results</title><h2>Results</h2><a href=/login.html>First result</a>",
}


class Site:
    """Pages by path; `asked` lists the paths that were asked for."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.pages = dict(PAGES)
        self.redirects: dict[str, str] = {}
        self.headers: dict[str, Mapping[str, str]] = {}
        self.asked: list[str] = []

    def url(self, path: str) -> str:
        return self.address + path


@contextmanager
def serve_site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            site.asked.append(self.path)
            if path in site.redirects:
                self.send_response(302)
                self.send_header("Location", site.redirects[path])
                self.end_headers()
                return
            body = site.pages.get(path)
            self.send_response(200 if body is not None else 404)
            for name, value in site.headers.get(path, {"Content-Type": "text/html"}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write((body or "not here").encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        site = Site(f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield site
        finally:  # a server that is closed but not shut down spins for ever
            server.shutdown()
            thread.join()
