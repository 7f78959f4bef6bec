"""OpenAI's responses (https://platform.openai.com/docs/api-reference/responses)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flyball.adapters.actions import Call
from flyball.adapters.proxy.chat import Chat
from flyball.adapters.proxy.talk import (
    Asked,
    MalformedError,
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

SAME = ("id", "created_at", "model")
"""What does not change within one answer, whoever goes on with it."""
ENDS = ("response.completed", "response.incomplete")
AFTER = "previous_response_id"
CALLS = ("function_call", "custom_tool_call")


class ResponsesDraft:
    """An answer, whole or in events."""

    def __init__(self) -> None:
        self.ended = False
        self._response: dict[str, Any] = {}
        self._text: list[str] = []
        self._called = False

    def add(self, data: Mapping[str, Any]) -> Passage:
        kind = str(data.get("type") or "")
        if "output" in data and not kind:
            self._response, self.ended = dict(data), True
            return "hold"
        if kind in ENDS:
            self._response, self.ended = table(data.get("response")), True
            return "hold"
        if kind == "response.output_text.delta":
            self._text.append(str(data.get("delta") or ""))
        item = table(data.get("item"))
        self._called = self._called or item.get("type") in CALLS
        return "hold" if self._called else "pass"

    def reply(self) -> Reply:
        items, usage = tables(self._response.get("output")), table(self._response.get("usage"))
        details = table(usage.get("input_tokens_details"))
        written = table(usage.get("output_tokens_details"))
        said = [text_in(item.get("content")) for item in items if item.get("type") == "message"]
        thought = [
            text_in(item.get("summary")) for item in items if item.get("type") == "reasoning"
        ]
        return Reply(
            text="\n".join(said) if items else "".join(self._text),
            thought="\n".join(filter(None, thought)),
            calls=tuple(
                Call(
                    name=str(item.get("name") or ""),
                    arguments=str(item.get("arguments") or item.get("input") or ""),
                    id=str(item.get("call_id") or ""),
                )
                for item in items
                if item.get("type") in CALLS
            ),
            usage=Usage(
                requests=1,
                input_tokens=count(usage.get("input_tokens")),
                cached_tokens=count(details.get("cached_tokens")),
                output_tokens=count(usage.get("output_tokens", len(self._text))),
                reasoning_tokens=told_count(written.get("reasoning_tokens")),
            ),
            id=str(self._response.get("id") or ""),
            counted="output_tokens" in usage,
        )


class Responses:
    path = "responses"

    def read(self, body: Mapping[str, Any]) -> Asked:
        given = body.get("input")
        said = [Said(role="system", text=text_in(body.get("instructions")))]
        if isinstance(given, str):
            said.append(Said(role="user", text=given))
        elif given is None:
            raise MalformedError("'input' must be a text or a list of items")
        else:
            said += _all_said(tables(need(body, "input")))
        return Asked(said=tuple(said), body=body, after=str(body.get(AFTER) or ""))

    def body(self, asked: Asked, *, stream: bool) -> dict[str, Any]:
        body = asked.streamed(stream)
        return {**body, AFTER: asked.after} if asked.after else body

    def draft(self, asked: Asked, *, stream: bool) -> ResponsesDraft:
        return ResponsesDraft()

    def handed_back(self, body: Mapping[str, Any], reply: Reply, reason: str) -> dict[str, Any]:
        items = _items(body)
        if reply.text:
            items.append({"role": "assistant", "content": reply.text})
        for call in reply.calls:
            named = {"call_id": call.id, "name": call.name, "arguments": call.arguments}
            items.append({"type": "function_call", **named})
        items += [
            {"type": "function_call_output", "call_id": call.id, "output": reason}
            for call in reply.calls
        ] or [{"role": "user", "content": reason}]
        return {**body, "input": items}

    def noted(self, body: Mapping[str, Any], note: str) -> dict[str, Any]:
        return {**body, "input": [*_items(body), {"role": "user", "content": note}]}

    def final(self, asked: Asked, text: str, usage: Usage) -> dict[str, Any]:
        stamp = f"{time.time_ns():x}"
        part = {"type": "output_text", "text": text, "annotations": []}
        return {
            "id": f"resp_flyball_{stamp}",
            "object": "response",
            "created_at": int(time.time()),
            "status": "completed",
            "error": None,
            "incomplete_details": None,
            "instructions": None,
            "metadata": {},
            "model": asked.model,
            "output": [
                {
                    "id": f"msg_flyball_{stamp}",
                    "type": "message",
                    "role": "assistant",
                    "status": "completed",
                    "content": [part],
                }
            ],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "usage": {
                "input_tokens": usage.input_tokens,
                "input_tokens_details": {"cached_tokens": usage.cached_tokens},
                "output_tokens": usage.output_tokens,
                "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens or 0},
                "total_tokens": usage.input_tokens + usage.output_tokens,
            },
        }

    def tail(
        self, asked: Asked, answer: Mapping[str, Any], passed: Sequence[Mapping[str, Any]]
    ) -> Iterator[bytes]:
        number = len(passed)
        first = table(passed[0].get("response")) if passed else {}
        same: dict[str, Any] = {
            key: first[key] for key in ("id", "created_at", "model") if key in first
        }
        answer = {**dict(answer), **same}
        items = [
            table(each.get("item"))
            for each in passed
            if each.get("type") == "response.output_item.done"
        ]
        if not passed:
            begun = {**answer, "status": "in_progress", "output": [], "usage": None}
            yield _event("response.created", number, response=begun)
            number += 1
        opened = sum(each.get("type") == "response.output_item.added" for each in passed)
        for index, item in enumerate(tables(answer.get("output")), start=opened):
            for kind, data in _told(index, item):
                yield _event(kind, number, **data)
                number += 1
        whole = {**answer, "output": [*items, *tables(answer.get("output"))]}
        yield _event("response.completed", number, response=whole)

    def error(self, status: int, message: str) -> dict[str, Any]:
        return Chat().error(status, message)

    def error_event(self, message: str) -> bytes:
        told = {"code": "upstream_error", "message": message, "param": None}
        return _event("error", 0, **told)


def _told(index: int, item: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    at = {"output_index": index, "item_id": item.get("id")}
    if item.get("type") == "message":
        yield "response.output_item.added", {"output_index": index, "item": {**item, "content": []}}
        for place, part in enumerate(tables(item.get("content"))):
            here = {**at, "content_index": place}
            empty = {**part, "text": ""}
            yield "response.content_part.added", {**here, "part": empty}
            said: dict[str, Any] = {"delta": part.get("text"), "logprobs": []}
            yield "response.output_text.delta", {**here, **said}
            yield "response.output_text.done", {**here, "text": part.get("text"), "logprobs": []}
            yield "response.content_part.done", {**here, "part": part}
    else:
        yield "response.output_item.added", {"output_index": index, "item": item}
        if item.get("type") == "function_call":
            written = {"arguments": item.get("arguments"), "name": item.get("name")}
            yield "response.function_call_arguments.done", {**at, **written}
    yield "response.output_item.done", {"output_index": index, "item": item}


def _event(kind: str, number: int, **data: Any) -> bytes:
    return event({"type": kind, "sequence_number": number, **data}, kind)


def _items(body: Mapping[str, Any]) -> list[Any]:
    given = body.get("input")
    return [{"role": "user", "content": given}] if isinstance(given, str) else list(given or ())


def _all_said(items: Sequence[Mapping[str, Any]]) -> Iterator[Said]:
    """One message for an answer, whatever items it was written in."""
    names, text, calls = dict[str, str](), list[str](), list[str]()

    def _answer() -> Iterator[Said]:
        if text or calls:
            yield Said(role="assistant", text="\n".join(text), calls=tuple(calls))
            text.clear()
            calls.clear()

    for item in items:
        kind, role = item.get("type"), item.get("role")
        if kind in CALLS:
            names[str(item.get("call_id"))] = str(item.get("name") or "")
            calls.append(str(item.get("call_id") or ""))
            text.append(str(item.get("arguments") or item.get("input") or ""))
        elif role == "assistant":
            text.append(text_in(item.get("content")))
        elif kind != "reasoning":
            yield from _answer()
            yield _heard(item, names)
    yield from _answer()


def _heard(item: Mapping[str, Any], names: Mapping[str, str]) -> Said:
    if "output" in item:
        source = names.get(str(item.get("call_id"))) or "tool"
        return Said(role="tool", text=text_in(item["output"]), source=source)
    role = item.get("role")
    text = text_in(item.get("content"))
    return Said(role="system" if role in ("system", "developer") else "user", text=text)
