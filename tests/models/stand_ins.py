"""GGUF files made by hand, and servers on loopback that say what they are told to."""

import json
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

STRING, ARRAY, UINT32, FLOAT32, BOOL = 8, 9, 4, 6, 7


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def pair(key: str, kind: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + value


def gguf(*pairs: bytes, version: int = 3, count: int | None = None) -> bytes:
    """The bytes of a GGUF without tensors."""
    head = struct.pack("<IQQ", version, 0, len(pairs) if count is None else count)
    return b"GGUF" + head + b"".join(pairs)


def answer(data: object, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=data, headers=headers)


def events(*pieces: object, done: bool = True) -> httpx.Response:
    """A stream of server-sent events."""
    lines = [f"data: {json.dumps(piece)}\n\n" for piece in pieces] + ["data: [DONE]\n\n"] * done
    return httpx.Response(
        200, content="".join(lines).encode(), headers={"Content-Type": "text/event-stream"}
    )


def chat(content: str | None = "", **more: object) -> dict[str, object]:
    """A whole answer to a chat."""
    message = {"role": "assistant", "content": content} | more
    return {
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3},
    }


def delta(content: str = "", finish: str | None = None, **more: object) -> dict[str, object]:
    """A piece of a streamed answer to a chat."""
    return {
        "choices": [{"index": 0, "delta": {"content": content} | more, "finish_reason": finish}]
    }


class Script:
    """Gives the answers of a list, one to a question, and keeps the questions."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.requests: list[httpx.Request] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        said = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(said, Exception):
            raise said
        return said

    @property
    def bodies(self) -> list[dict[str, object]]:
        return [json.loads(request.content) for request in self.requests]


Reply = tuple[int, Mapping[str, str], bytes]
"""Status, headers, body. A body shorter than its Content-Length breaks the connection."""


@contextmanager
def serve(reply: Callable[[str, str, Mapping[str, str]], Reply]) -> Iterator[str]:
    """Serve on loopback what `reply(method, path, headers)` says; yields the address."""

    class _Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            status, headers, body = reply(self.command, self.path, dict(self.headers))
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | dict(headers)).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
            self.close_connection = True

        do_GET = do_HEAD = do_POST = _answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    class _Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing of a browser that was closed while it was asking."""
            if not isinstance(sys.exception(), ConnectionError):
                super().handle_error(request, client_address)

    server = _Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
