"""What the proxy accepts, as an OpenAPI document: what it reads itself, and no more.

The rest of a body is the upstream's to judge, and is passed on.
"""

from __future__ import annotations

from typing import Any

from flyball.adapters.proxy.asks import ANSWERS

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
MESSAGE: Schema = {"type": "object", "properties": {"role": TEXT, "content": {}}}
MESSAGES: Schema = {"type": "array", "items": MESSAGE, "minItems": 1}
INPUT: Schema = {"oneOf": [TEXT, {"type": "array", "items": MESSAGE, "minItems": 1}]}
METADATA: Schema = {"type": "object", "properties": {"flyball_run": TEXT}}
RULING: Schema = {"type": "string", "enum": list(ANSWERS)}


def _operation(summary: str, statuses: tuple[int, ...], body: Schema | None = None) -> Schema:
    told: Schema = {
        "summary": summary,
        "responses": {str(status): {"description": SAID[status]} for status in statuses},
    }
    if body is not None:
        content = {"application/json": {"schema": body}}
        told["requestBody"] = {"required": True, "content": content}
    return told


SAID = {
    200: "the answer, in the protocol of the question",
    400: "the body is not what the protocol asks for",
    403: "the client may not ask",
    404: "nothing is there",
    502: "an upstream did not answer, or sent what nobody can read",
    503: "the ledger takes no more",
}


def _question(summary: str, key: str, conversation: Schema, **more: Schema) -> Schema:
    properties = {
        key: conversation,
        "model": TEXT,
        "stream": {"type": "boolean"},
        "metadata": METADATA,
        **more,
    }
    body = {"type": "object", "required": [key], "properties": properties}
    told = _operation(summary, (200, 400, 403, 502, 503), body)
    headers = ("X-Flyball-Run", "X-Flyball-Agent")
    told["parameters"] = [{"name": name, "in": "header", "schema": TEXT} for name in headers]
    return {"post": told}


ANSWER: Schema = {
    "type": "object",
    "required": ["ruling"],
    "properties": {"ruling": RULING, "reason": TEXT},
}
ASK_ID: Schema = {"name": "ask", "in": "path", "required": True, "schema": TEXT}
DESCRIPTION: Schema = {
    "openapi": "3.1.0",
    "info": {"title": "Flyball's proxy", "version": "1"},
    "paths": {
        "/v1/chat/completions": _question("Ask as OpenAI's chats do", "messages", MESSAGES),
        "/v1/responses": _question(
            "Ask as OpenAI's responses do", "input", INPUT, previous_response_id=TEXT
        ),
        "/v1/messages": _question("Ask as Anthropic's messages do", "messages", MESSAGES),
        "/flyball/asks": {"get": _operation("What is held for approval", (200, 403))},
        "/flyball/asks/{ask}": {
            "parameters": [ASK_ID],
            "post": _operation("Answer what is held", (200, 400, 403, 404), ANSWER),
        },
    },
}
