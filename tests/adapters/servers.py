"""Servers on loopback, in threads of their own: a scripted model, and the proxy in front of it."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from flyball import Usage
from flyball.adapters.proxy import Proxy, Upstream, make_app
from flyball.adapters.proxy.messages import Messages
from flyball.adapters.proxy.responses import Responses

USAGE = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}


def said(text=None, *calls, **more):
    """What a model says: text, and calls as (name, arguments); `thought=` tokens of thinking."""
    return {"text": text, "calls": calls} | more


class ScriptedServer:
    """An OpenAI-compatible server that says what it is told to, in order, and keeps what was asked.

    The last answer is repeated. `answers` may be different for each model's name.
    """

    def __init__(self, *answers, **by_model):
        self.answers = {None: list(answers)} | {
            name.replace("_", "-"): list(given) for name, given in by_model.items()
        }
        self.requests, self.headers, self.ids = [], [], []
        self.number = 0

    def next(self, model):
        script = self.answers.get(model, self.answers[None])
        return script.pop(0) if len(script) > 1 else script[0]

    async def chat(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        answer = self.next(body.get("model"))
        if isinstance(answer, Response):
            return answer
        if callable(answer):
            return answer(body)
        self.number += 1
        if body.get("stream"):
            lines = self.chunks(answer, body, self.number)
            return StreamingResponse(lines, media_type="text/event-stream")
        return JSONResponse(self.whole(answer, body, self.number))

    async def page(self, request: Request) -> Response:
        return HTMLResponse("<h1>A hall</h1><button>a door</button>")

    async def models(self, request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [{"id": "small", "object": "model"}]})

    def whole(self, answer, body, number):
        calls = calls_of(answer, number)
        message = {"role": "assistant", "content": answer["text"]}
        if calls:
            message["tool_calls"] = calls
        choice = {"index": 0, "message": message, "finish_reason": finish(calls)}
        if body.get("logprobs"):
            token = {"token": "x", "logprob": -0.25, "bytes": None, "top_logprobs": []}
            choice["logprobs"] = {"content": [token] * 5, "refusal": None}
        return {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion",
            "created": 1,
            "model": body.get("model"),
            "choices": [choice],
            "usage": usage(answer),
        }

    async def chunks(self, answer, body, number):
        head = {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": body.get("model"),
        }

        def chunk(delta, finish_reason=None):
            choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
            return f"data: {json.dumps({**head, 'choices': [choice]})}\n\n"

        yield chunk({"role": "assistant", "content": ""})
        for word in (answer["text"] or "").split(" ") if answer["text"] else ():
            yield chunk({"content": f"{word} "})
            await asyncio.sleep(answer.get("pause", 0))
        calls = calls_of(answer, number)
        for index, call in enumerate(calls):
            yield chunk({"tool_calls": [{**call, "index": index}]})
        yield chunk({}, finish(calls))
        if (body.get("stream_options") or {}).get("include_usage"):
            yield f"data: {json.dumps({**head, 'choices': [], 'usage': usage(answer)})}\n\n"
        yield "data: [DONE]\n\n"

    async def messages(self, request: Request) -> Response:
        """Anthropic's way to say it."""
        body = await request.json()
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        answer = self.next(body.get("model"))
        if callable(answer):
            return answer(body)
        self.number += 1
        content = [{"type": "text", "text": answer["text"]}] if answer["text"] else []
        content += [
            {"type": "tool_use", "id": f"toolu_{self.number}", "name": name, "input": arguments}
            for name, arguments in answer["calls"]
        ]
        whole = {
            "id": f"msg_{self.number}",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": content,
            "stop_reason": "tool_use" if answer["calls"] else "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 11, "output_tokens": 5},
        }
        if "thought" in answer:
            whole["usage"]["output_tokens_details"] = {"thinking_tokens": answer["thought"]}
        if not body.get("stream"):
            return JSONResponse(whole)
        lines = Messages().tail(Messages().read(body), whole, [])
        return StreamingResponse(iter(list(lines)), media_type="text/event-stream")

    async def responses(self, request: Request) -> Response:
        """The way of OpenAI's responses to say it."""
        body = await request.json()
        self.requests.append(body)
        answer = self.next(body.get("model"))
        if callable(answer):
            return answer(body)
        self.number += 1
        dialect = Responses()
        asked = dialect.read(body)
        took = Usage(input_tokens=11, output_tokens=5, reasoning_tokens=answer.get("thought"))
        whole = dialect.final(asked, answer["text"] or "", took)
        self.ids.append(whole["id"])
        if "thought" not in answer:
            whole["usage"]["output_tokens_details"] = {"reasoning_tokens": None}
        whole["output"] = whole["output"] if answer["text"] else []
        whole["output"] += [
            {
                "type": "function_call",
                "id": f"fc_{self.number}",
                "call_id": f"call_{self.number}",
                "name": name,
                "arguments": json.dumps(arguments),
                "status": "completed",
            }
            for name, arguments in answer["calls"]
        ]
        if not body.get("stream"):
            return JSONResponse(whole)
        lines = list(dialect.tail(asked, whole, []))
        return StreamingResponse(iter(lines), media_type="text/event-stream")

    @property
    def app(self):
        return Starlette(
            routes=[
                Route("/v1/chat/completions", self.chat, methods=["POST"]),
                Route("/v1/models", self.models),
                Route("/page", self.page),
                Route("/v1/messages", self.messages, methods=["POST"]),
                Route("/v1/responses", self.responses, methods=["POST"]),
            ]
        )


def calls_of(answer, number):
    return [
        {
            "id": f"call_{number}_{place}",
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(arguments)},
        }
        for place, (name, arguments) in enumerate(answer["calls"])
    ]


def usage(answer):
    details = {"completion_tokens_details": {"reasoning_tokens": answer.get("thought")}}
    return USAGE | details if "thought" in answer else USAGE


def finish(calls):
    return "tool_calls" if calls else "stop"


@contextmanager
def served(app) -> Iterator[str]:
    """Serve an application on loopback; yields the base of its API."""
    config = uvicorn.Config(app, port=0, log_level="error", access_log=False, timeout_keep_alive=60)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            thread.join(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.should_exit = True
        thread.join()


def upstream(url: str, name: str = "home", model: str | None = None, **more) -> Upstream:
    return Upstream(name=name, url=httpx.URL(f"{url}/"), model=model, local=True, **more)


@contextmanager
def proxied(server: ScriptedServer, make: Callable[[str], Proxy]) -> Iterator[str]:
    """A proxy in front of a scripted server."""
    with served(server.app) as behind, served(make_app(make(behind))) as front:
        yield front
