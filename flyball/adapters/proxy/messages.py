"""Anthropic's messages (https://docs.anthropic.com/en/api/messages)."""

from __future__ import annotations

import json
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
    told_count,
)
from flyball.records import Usage


class MessagesDraft:
    """An answer, whole or in events."""

    def __init__(self) -> None:
        self.ended = False
        self._blocks: dict[int, dict[str, str]] = {}
        self._usage: dict[str, Any] = {}
        self._pieces = 0

    def add(self, data: Mapping[str, Any]) -> Passage:
        if "content" in data:
            return self._whole(data)
        match data.get("type"):
            case "message_start":
                self._usage |= table(table(data.get("message")).get("usage"))
            case "content_block_start":
                self._open(count(data.get("index")), table(data.get("content_block")))
            case "content_block_delta":
                self._grow(count(data.get("index")), table(data.get("delta")))
            case "message_delta":
                self._usage |= {k: v for k, v in table(data.get("usage")).items() if v is not None}
                self.ended = True
                return "hold"
            case "message_stop":
                return "hold"
        called = any(block["type"] == "tool_use" for block in self._blocks.values())
        return "hold" if called else "pass"

    def reply(self) -> Reply:
        blocks = [self._blocks[index] for index in sorted(self._blocks)]
        cached = count(self._usage.get("cache_read_input_tokens"))
        created = count(self._usage.get("cache_creation_input_tokens"))
        written = table(self._usage.get("output_tokens_details"))
        return Reply(
            text="\n".join(each["text"] for each in blocks if each["type"] == "text"),
            thought="\n".join(each["text"] for each in blocks if each["type"] == "thinking"),
            calls=tuple(
                Call(name=each["name"], arguments=each["text"] or "{}", id=each["id"])
                for each in blocks
                if each["type"] == "tool_use"
            ),
            usage=Usage(
                requests=1,
                input_tokens=count(self._usage.get("input_tokens")) + cached + created,
                cached_tokens=cached,
                output_tokens=max(count(self._usage.get("output_tokens")), self._pieces),
                reasoning_tokens=told_count(written.get("thinking_tokens")),
            ),
            counted="output_tokens" in self._usage,
        )

    def _whole(self, data: Mapping[str, Any]) -> Passage:
        self.ended = True
        self._usage = table(data.get("usage"))
        for index, block in enumerate(tables(data.get("content"))):
            self._open(index, block)
        return "hold"

    def _open(self, index: int, block: Mapping[str, Any]) -> None:
        text = str(block.get("text") or block.get("thinking") or "")
        if block.get("input"):
            text = json.dumps(block["input"], ensure_ascii=False)
        self._blocks[index] = {
            "type": str(block.get("type")),
            "text": text,
            "name": str(block.get("name") or ""),
            "id": str(block.get("id") or ""),
        }

    def _grow(self, index: int, delta: Mapping[str, Any]) -> None:
        block = self._blocks.setdefault(index, {"type": "text", "text": "", "name": "", "id": ""})
        piece = delta.get("text") or delta.get("thinking") or delta.get("partial_json")
        block["text"] += str(piece or "")
        # Until the end the server counts nothing: each piece is a token as a rule.
        self._pieces += 0 if self.ended else bool(piece)


class Messages:
    path = "messages"

    def read(self, body: Mapping[str, Any]) -> Asked:
        names = dict[str, str]()
        said = [Said(role="system", text=text_in(body.get("system")))] if "system" in body else []
        for message in tables(need(body, "messages")):
            said += _said(message, names)
        return Asked(said=tuple(said), body=body)

    def body(self, asked: Asked, *, stream: bool) -> dict[str, Any]:
        return asked.streamed(stream)

    def draft(self, asked: Asked, *, stream: bool) -> MessagesDraft:
        return MessagesDraft()

    def handed_back(self, body: Mapping[str, Any], reply: Reply, reason: str) -> dict[str, Any]:
        content: list[dict[str, Any]] = [{"type": "text", "text": reply.text}] if reply.text else []
        told: list[dict[str, Any]] = [{"type": "text", "text": reason}]
        if reply.calls:
            content += [
                {"type": "tool_use", "id": call.id, "name": call.name, "input": _input(call)}
                for call in reply.calls
            ]
            told = [
                {
                    "type": "tool_result",
                    "tool_use_id": call.id,
                    "content": reason,
                    "is_error": True,
                }
                for call in reply.calls
            ]
        said = {"role": "assistant", "content": content or [{"type": "text", "text": "..."}]}
        return {**body, "messages": [*body["messages"], said, {"role": "user", "content": told}]}

    def noted(self, body: Mapping[str, Any], note: str) -> dict[str, Any]:
        """Put the note into the last message: two of one role in a row are refused by some."""
        *before, last = body["messages"]
        content = table(last).get("content")
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
        parts = [*parts, {"type": "text", "text": note}]
        return {**body, "messages": [*before, {**table(last), "content": parts}]}

    def final(self, asked: Asked, text: str, usage: Usage) -> dict[str, Any]:
        return {
            "id": f"msg_flyball_{time.time_ns():x}",
            "type": "message",
            "role": "assistant",
            "model": asked.model,
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens},
        }

    def tail(
        self, asked: Asked, answer: Mapping[str, Any], passed: Sequence[Mapping[str, Any]]
    ) -> Iterator[bytes]:
        if not passed:
            begun = {**answer, "content": [], "stop_reason": None, "stop_sequence": None}
            yield _event("message_start", message=begun)
        begun_blocks = sum(each.get("type") == "content_block_start" for each in passed)
        ended_blocks = sum(each.get("type") == "content_block_stop" for each in passed)
        if begun_blocks > ended_blocks:
            yield _event("content_block_stop", index=begun_blocks - 1)
        for index, block in enumerate(tables(answer.get("content")), start=begun_blocks):
            yield from _block(index, block)
        delta = {"stop_reason": answer.get("stop_reason"), "stop_sequence": None}
        yield _event("message_delta", delta=delta, usage=answer.get("usage"))
        yield _event("message_stop")

    def error(self, status: int, message: str) -> dict[str, Any]:
        kinds = {400: "invalid_request_error", 403: "permission_error", 404: "not_found_error"}
        return {
            "type": "error",
            "error": {"type": kinds.get(status, "api_error"), "message": message},
        }

    def error_event(self, message: str) -> bytes:
        return event(self.error(502, message), "error")


def _block(index: int, block: Mapping[str, Any]) -> Iterator[bytes]:
    match block.get("type"):
        case "text":
            start = {**block, "text": ""}
            delta = {"type": "text_delta", "text": block.get("text")}
        case "tool_use":
            start = {**block, "input": {}}
            written = json.dumps(block.get("input"), ensure_ascii=False)
            delta = {"type": "input_json_delta", "partial_json": written}
        case _:
            return
    yield _event("content_block_start", index=index, content_block=start)
    yield _event("content_block_delta", index=index, delta=delta)
    yield _event("content_block_stop", index=index)


def _event(kind: str, **data: Any) -> bytes:
    return event({"type": kind, **data}, kind)


def _input(call: Call) -> Any:
    try:
        return json.loads(call.arguments)
    except ValueError:
        return {"input": call.arguments}


def _said(message: Mapping[str, Any], names: dict[str, str]) -> Iterator[Said]:
    content, role = message.get("content"), message.get("role")
    parts = tables(content)
    if role == "assistant":
        calls = [part for part in parts if part.get("type") == "tool_use"]
        names |= {str(call.get("id")): str(call.get("name") or "") for call in calls}
        written = [json.dumps(call.get("input"), sort_keys=True) for call in calls]
        spoken = [part for part in parts if part.get("type") == "text"]
        text = content if isinstance(content, str) else text_in(spoken)
        ids = tuple(str(call.get("id") or "") for call in calls)
        yield Said(role="assistant", text="\n".join([text, *written]), calls=ids)
        return
    results = [part for part in parts if part.get("type") == "tool_result"]
    if not results:
        yield Said(role="user", text=text_in(content))
        return
    yield Said(
        role="tool",
        text=text_in(content),
        source=names.get(str(results[0].get("tool_use_id"))) or "tool",
        ok=not any(part.get("is_error") for part in results),
    )
