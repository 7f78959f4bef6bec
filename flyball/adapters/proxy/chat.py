"""OpenAI's chat completions (https://platform.openai.com/docs/api-reference/chat)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flyball.adapters.actions import Call
from flyball.adapters.proxy.talk import (
    Asked,
    Passage,
    Reply,
    Said,
    count,
    event,
    need,
    table,
    tables,
    text_in,
)
from flyball.models.wire import Draft as Wire
from flyball.records import Message, Request, Usage

DONE = b"data: [DONE]\n\n"
ROLES = {"assistant": "assistant", "system": "system", "developer": "system"}
ANY = Request(prompt=(Message(role="user", content=""),))


class ChatDraft:
    """An answer to a chat, whole or in chunks."""

    def __init__(self, counts: bool) -> None:
        self._wire = Wire()
        self._calls: dict[int, dict[str, str]] = {}
        self._counts = counts

    @property
    def ended(self) -> bool:
        return self._wire.finish is not None

    def add(self, data: Mapping[str, Any]) -> Passage:
        self._wire.add(data)
        choices = tables(data.get("choices"))
        if not choices:
            return "pass" if self._counts or "usage" not in data else "drop"
        called = False
        for choice in choices:
            message = table(choice.get("delta") or choice.get("message"))
            calls = tables(message.get("tool_calls"))
            called = called or bool(calls) or choice.get("finish_reason") is not None
            if not choice.get("index"):
                self._take(calls)
        return "hold" if called or self._calls else "pass"

    def reply(self) -> Reply:
        completion = self._wire.completion(ANY)
        calls = tuple(Call(**self._calls[index]) for index in sorted(self._calls))
        return Reply(
            text=completion.text,
            thought=completion.thought,
            calls=calls,
            usage=completion.usage,
            counted=self._wire.counted,
            logprobs=completion.logprobs,
            entropies=completion.entropies,
        )

    def _take(self, calls: Sequence[Mapping[str, Any]]) -> None:
        for place, call in enumerate(calls):
            index = call.get("index") if isinstance(call.get("index"), int) else place
            kept = self._calls.setdefault(int(index or 0), {"id": "", "name": "", "arguments": ""})
            function = table(call.get("function") or call.get("custom"))
            kept["id"] = str(call.get("id") or kept["id"])
            kept["name"] += str(function.get("name") or "")
            kept["arguments"] += str(function.get("arguments") or function.get("input") or "")


class Chat:
    path = "chat/completions"

    def read(self, body: Mapping[str, Any]) -> Asked:
        messages, names = need(body, "messages"), dict[str, str]()
        said = []
        for message in messages:
            known = table(message)
            for call in tables(known.get("tool_calls")):
                names[str(call.get("id"))] = str(table(call.get("function")).get("name") or "")
            said.append(_said(known, names))
        options = table(body.get("stream_options"))
        return Asked(
            said=tuple(said),
            body=body,
            counts=options.get("include_usage") is True,
        )

    def body(self, asked: Asked, *, stream: bool) -> dict[str, Any]:
        body = dict(asked.body)
        if stream:
            options = {**table(body.get("stream_options")), "include_usage": True}
            return {**body, "stream": True, "stream_options": options}
        body.pop("stream_options", None)
        return {**body, "stream": False} if asked.stream else body

    def draft(self, asked: Asked, *, stream: bool) -> ChatDraft:
        return ChatDraft(asked.counts or not stream)

    def handed_back(self, body: Mapping[str, Any], reply: Reply, reason: str) -> dict[str, Any]:
        said: dict[str, Any] = {"role": "assistant", "content": reply.text or None}
        told: list[dict[str, Any]] = [{"role": "user", "content": reason}]
        if reply.calls:
            said["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                }
                for call in reply.calls
            ]
            told = [
                {"role": "tool", "tool_call_id": call.id, "content": reason} for call in reply.calls
            ]
        return {**body, "messages": [*body["messages"], said, *told]}

    def noted(self, body: Mapping[str, Any], note: str) -> dict[str, Any]:
        return {**body, "messages": [*body["messages"], {"role": "user", "content": note}]}

    def final(self, asked: Asked, text: str, usage: Usage) -> dict[str, Any]:
        message = {"role": "assistant", "content": text, "refusal": None}
        return {
            "id": f"chatcmpl-flyball-{time.time_ns():x}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": asked.model,
            "choices": [
                {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
            ],
            "usage": {
                "prompt_tokens": usage.input_tokens,
                "completion_tokens": usage.output_tokens,
                "total_tokens": usage.input_tokens + usage.output_tokens,
            },
        }

    def tail(
        self, asked: Asked, answer: Mapping[str, Any], passed: Sequence[Mapping[str, Any]]
    ) -> Iterator[bytes]:
        first = passed[0] if passed else answer
        head = {
            "id": first.get("id"),
            "object": "chat.completion.chunk",
            "created": first.get("created"),
            "model": first.get("model"),
        }
        for choice in tables(answer.get("choices")) or [{}]:
            message, index = table(choice.get("message")), count(choice.get("index"))
            delta: dict[str, Any] = {"content": message.get("content")}
            delta = delta if passed else {"role": "assistant", **delta}
            if calls := tables(message.get("tool_calls")):
                delta["tool_calls"] = [{**call, "index": at} for at, call in enumerate(calls)]
            piece = {"index": index, "delta": delta, "finish_reason": None}
            yield event({**head, "choices": [piece]})
            finish = choice.get("finish_reason") or "stop"
            yield event({**head, "choices": [{**piece, "delta": {}, "finish_reason": finish}]})
        if asked.counts:
            yield event({**head, "choices": [], "usage": answer.get("usage")})
        yield DONE

    def error(self, status: int, message: str) -> dict[str, Any]:
        kind = "invalid_request_error" if status < 500 else "upstream_error"
        return {"error": {"message": message, "type": kind, "param": None, "code": None}}

    def error_event(self, message: str) -> bytes:
        return event(self.error(502, message))


def _said(message: Mapping[str, Any], names: Mapping[str, str]) -> Said:
    role, text = str(message.get("role")), text_in(message.get("content"))
    if role in ("tool", "function"):
        source = names.get(str(message.get("tool_call_id"))) or str(message.get("name") or "tool")
        return Said(role="tool", text=text, source=source)
    calls = tables(message.get("tool_calls"))
    told = [str(table(call.get("function")).get("arguments") or "") for call in calls]
    ids = tuple(str(call.get("id") or "") for call in calls)
    if role == "assistant":
        return Said(role="assistant", text="\n".join([text, *told]), calls=ids)
    return Said(role="system" if role in ROLES else "user", text=text)
