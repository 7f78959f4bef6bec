"""What is said to a language model, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from flyball.records.spending import Usage
from flyball.records.trajectory import ToolSpec

Role = Literal["system", "user", "assistant", "tool"]
Finish = Literal["stop", "length", "tool_calls"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a chat."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A call that the model asks for. `arguments` is the text that it wrote, JSON or not."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The one-line answers that are offered to a model."""

    whole: tuple[str, ...] = ()
    begun: tuple[str, ...] = ()
    """Beginnings that any text may follow, up to a quotation mark that ends the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question to a model."""

    prompt: str | tuple[Message, ...]
    """Raw text to be continued as it is, or a chat that goes through the model's template."""
    max_tokens: int = 512
    temperature: float = 0.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    schema: Mapping[str, object] | None = None
    """JSON schema that the answer must keep to, where the backend can see to it."""
    grammar: str | None = None
    """GBNF grammar that the answer must keep to, where the backend can see to it; goes before
    `schema`."""
    lines: Lines | None = None
    """Lines of which the answer must be one, where the backend can see to it; goes before
    `grammar`."""
    tools: tuple[ToolSpec, ...] = ()
    """Tools that the model may call through its own tool-call format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What a model answered, and what the answer took."""

    text: str
    thought: str = ""
    """Reasoning that the server or the chat template keeps apart from the answer."""
    tool_calls: tuple[ToolCall, ...] = ()
    logprobs: tuple[float, ...] | None = None
    """Natural log-probability of each generated token, where the backend gives them."""
    entropies: tuple[float, ...] | None = None
    """Entropy in nats of the renormalised top k at each generated token."""
    forbidden: float | None = None
    """Chance from 0 to 1 that the model, left to itself, would have left `Request.lines` somewhere
    along the answer: 1 minus the product, over its tokens, of the probability of what was allowed.
    `None` where nothing was forbidden, or the backend does not tell."""
    usage: Usage = field(default_factory=Usage)
    finish: Finish = "stop"
