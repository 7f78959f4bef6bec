"""What a client asked and what a model answered, whichever protocol they speak."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from flyball.adapters.actions import Call
from flyball.errors import FlyballError
from flyball.records import Usage

Passage = Literal["pass", "hold", "drop"]
"""What becomes of an event: passed on at once, held until the action is judged, or never sent."""


class MalformedError(FlyballError):
    """A request is not what its protocol asks for."""


class GarbageError(FlyballError):
    """An upstream sent what nobody can read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of a conversation."""

    role: Literal["user", "assistant", "system", "tool"]
    text: str
    source: str = ""
    """For a tool's result: the tool's name, where that can be told."""
    ok: bool = True
    calls: tuple[str, ...] = ()
    """For an answer: the ids of its calls."""

    @property
    def digest(self) -> bytes:
        """The same for the same message, however its parts are written."""
        told = json.dumps([self.role, self.text, self.calls], ensure_ascii=True)
        return hashlib.blake2b(told.encode(), digest_size=16).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, as far as supervision looks at it."""

    said: tuple[Said, ...]
    body: Mapping[str, Any]
    counts: bool = True
    """Whether the client wants the stream to count tokens."""
    after: str = ""
    """The id of the answer it goes on from, where the upstream keeps the conversation."""

    @property
    def model(self) -> str:
        return str(self.body.get("model") or "")

    @property
    def stream(self) -> bool:
        return self.body.get("stream") is True

    def streamed(self, stream: bool) -> dict[str, Any]:
        """The body, to be answered in a stream or not, whatever the client asked for."""
        return {**self.body, "stream": stream} if stream or self.stream else dict(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a model answered, as far as it got."""

    text: str = ""
    thought: str = ""
    calls: tuple[Call, ...] = ()
    usage: Usage = Usage(requests=1)
    id: str = ""
    """What a later request may go on from, in place of saying it all again."""
    counted: bool = False
    """Whether the server told how many tokens it read and wrote."""
    logprobs: tuple[float, ...] | None = None
    entropies: tuple[float, ...] | None = None


class Draft(Protocol):
    """An answer as it comes in: whole, or in events."""

    @property
    def ended(self) -> bool:
        """Whether the server said that this is all."""
        ...

    def add(self, data: Mapping[str, Any]) -> Passage: ...

    def reply(self) -> Reply: ...


class Dialect(Protocol):
    """One protocol between clients and servers."""

    @property
    def path(self) -> str: ...

    def read(self, body: Mapping[str, Any]) -> Asked:
        """Raises `MalformedError`."""
        ...

    def body(self, asked: Asked, *, stream: bool) -> dict[str, Any]:
        """What the upstream is asked, so that a stream counts its tokens."""
        ...

    def draft(self, asked: Asked, *, stream: bool) -> Draft: ...

    def handed_back(self, body: Mapping[str, Any], reply: Reply, reason: str) -> dict[str, Any]:
        """The question once more, with what was proposed and why it was not carried out."""
        ...

    def noted(self, body: Mapping[str, Any], note: str) -> dict[str, Any]:
        """The question, with a note to whoever takes over."""
        ...

    def final(self, asked: Asked, text: str, usage: Usage) -> dict[str, Any]:
        """A whole answer that says `text` and calls nothing."""
        ...

    def tail(
        self, asked: Asked, answer: Mapping[str, Any], passed: Sequence[Mapping[str, Any]]
    ) -> Iterator[bytes]:
        """A whole answer as events that go on from those that were passed on."""
        ...

    def error(self, status: int, message: str) -> dict[str, Any]: ...

    def error_event(self, message: str) -> bytes: ...


def need(body: Mapping[str, Any], key: str) -> list[Any]:
    """The list under `key`. Raises `MalformedError`."""
    value = body.get(key)
    if not isinstance(value, list) or not value:
        raise MalformedError(f"{key!r} must be a list with a message in it")
    return value


def text_in(content: object) -> str:
    """The text of a message's content: a string, or parts of which some are text."""
    match content:
        case None:
            return ""
        case str():
            return content
        case list():
            return "\n".join(filter(None, map(_part, content)))
        case _:
            return json.dumps(content, ensure_ascii=False, default=str)


def table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def tables(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def told_count(value: object) -> int | None:
    """A count, or that nobody counted."""
    return count(value) if isinstance(value, int) and value >= 0 else None


def event(data: Mapping[str, Any], name: str = "") -> bytes:
    """A server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode(errors="replace")


def _part(part: object) -> str:
    if isinstance(part, str):
        return part
    known = table(part)
    said = known.get("text", known.get("refusal"))
    if isinstance(said, str):
        return said
    if known.get("type") == "tool_result":
        return text_in(known.get("content"))
    # An image's bytes are no text, but they tell one message from another.
    blob = json.dumps(part, sort_keys=True, default=str).encode(errors="replace")
    return f"[{known.get('type', 'part')} {hashlib.blake2b(blob, digest_size=6).hexdigest()}]"
