"""A model behind a real server on loopback, which answers what a script says."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Scripted(ThreadingHTTPServer):
    """A server that knows only one way of answering, and refuses the others as servers do."""

    def __init__(self, moves, style):
        super().__init__(("127.0.0.1", 0), Answering)
        self.moves, self.style, self.asked = list(moves), style, []

    def move(self, asked):
        return self.moves.pop(0) if len(self.moves) > 1 else self.moves[0]


class Answering(BaseHTTPRequestHandler):
    server: Scripted

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        style = self.server.style
        if style != "tools" and "tools" in asked:
            return self.say(400, {"error": {"message": "this server knows no tools"}})
        if style == "text" and "response_format" in asked:
            return self.say(400, {"error": {"message": "response_format is not supported"}})
        self.server.asked.append(asked)
        return self.say(200, answer(style, *self.server.move(asked)))

    def say(self, status, answer):
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Keep the tests' output clean."""


def answer(style, name, arguments):
    message = {"role": "assistant", "content": ""}
    if style == "tools":
        function = {"name": name, "arguments": json.dumps(arguments)}
        message["tool_calls"] = [{"id": "1", "type": "function", "function": function}]
    elif style == "json":
        told = {"thought": "next", "tool": name, "arguments": arguments}
        message["content"] = json.dumps(told)
    else:
        message["content"] = f"Next I do this.\n{name} {json.dumps(arguments)}"
    usage = {"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"choices": [choice], "usage": usage}


@contextmanager
def served(server):
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
