"""What is sent to an OpenAI-compatible server, and how what it sends back is read.

Source: OpenAI's API reference, and how llama.cpp's server, llama-cpp-python's, vLLM,
Ollama and DeepSeek depart from it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from flyball.models.answers import function_of, split_thought, split_tool_calls
from flyball.models.gbnf import gbnf_of
from flyball.records import Completion, Message, Request, ToolCall, Usage
from flyball.records.dialogue import Finish

TOP = 20
"""Most alternatives to a token that OpenAI's chat gives; its old completions give 5."""
FINISHES: dict[str, Finish] = {
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
}
OPTIONAL = ("grammar", "logprobs", "response_format", "stream_options", "seed", "temperature")
"""What a question can do without, if a server refuses it."""
DOUBTFUL = ("grammar", "logprobs", "response_format", "stream_options")
RENAMED = {"max_tokens": "max_completion_tokens"}
"""What OpenAI's reasoning models want under another name."""


def path_of(request: Request) -> str:
    return "completions" if isinstance(request.prompt, str) else "chat/completions"


def body_of(
    request: Request, *, model: str, stream: bool, refused: Collection[str] = ()
) -> dict[str, object]:
    """The JSON of a question. `refused` names fields that the server does not take."""
    body: dict[str, object] = {
        "model": model,
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        **(
            {"prompt": request.prompt, "logprobs": TOP}
            if isinstance(request.prompt, str)
            else _chat(request.prompt, request)
        ),
    }
    if request.seed is not None:
        body["seed"] = request.seed
    if grammar := gbnf_of(request.lines) if request.lines else request.grammar:
        body["grammar"] = grammar
    if request.stop:
        body["stop"] = list(request.stop)
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    for field in refused:
        value = body.pop(field, None)
        if field in RENAMED and value is not None:
            body[RENAMED[field]] = value
    if "logprobs" not in body:
        body.pop("top_logprobs", None)
    return body


def refused_in(complaint: str, body: Mapping[str, object]) -> set[str]:
    """The fields of `body` that a server's error is about, as far as one can do without."""
    named = {field for field in OPTIONAL if field in body and field in complaint}
    if "json_schema" in complaint and "response_format" in body:
        named.add("response_format")
    return named | {
        field for field, other in RENAMED.items() if field in body and other in complaint
    }


def doubtful_in(body: Mapping[str, object]) -> set[str]:
    """The fields of `body` that servers take least often, for one that names none."""
    return {field for field in DOUBTFUL if field in body}


def _chat(messages: tuple[Message, ...], request: Request) -> dict[str, object]:
    # A tool's result needs the id of its call, which a record does not have.
    chat: dict[str, object] = {
        "messages": [
            {"role": "user" if each.role == "tool" else each.role, "content": each.content}
            for each in messages
        ],
        "logprobs": True,
        "top_logprobs": TOP,
    }
    if request.schema is not None:
        described = {"name": "answer", "schema": dict(request.schema), "strict": True}
        chat["response_format"] = {"type": "json_schema", "json_schema": described}
    if request.tools:
        chat["tools"] = [function_of(tool) for tool in request.tools]
    return chat


class Draft:
    """An answer as it comes in: whole, or in the pieces of a stream."""

    def __init__(self) -> None:
        self.finish: str | None = None
        """Why the server says that it ended; `None` while it has not."""
        self.begun = False
        """Whether the server has answered anything yet."""
        self._text: list[str] = []
        self._thought: list[str] = []
        self._calls: dict[int, tuple[str, str]] = {}
        self._logprobs: list[float | None] = []
        self._entropies: list[float | None] = []
        self._usage: dict[str, Any] = {}
        self._timings: dict[str, Any] = {}

    def add(self, data: Mapping[str, Any]) -> str:
        """Take a whole answer or a piece, and return the text in it, thoughts included."""
        self._usage |= _table(data.get("usage"))
        self._timings |= _table(data.get("timings"))
        choices = _tables(data.get("choices"))
        if not choices:
            return ""
        self.begun = True
        choice = choices[0]
        message = _table(choice.get("delta") or choice.get("message"))
        self._read_logprobs(_table(choice.get("logprobs")))
        self._read_calls(_tables(message.get("tool_calls")))
        self.finish = choice.get("finish_reason") or self.finish
        thought = message.get("reasoning_content") or message.get("reasoning") or ""
        text = choice.get("text") or message.get("content") or ""
        self._thought.append(str(thought))
        self._text.append(str(text))
        return f"{thought}{text}"

    def completion(self, request: Request) -> Completion:
        """What the server said, as an answer to `request`; without its price."""
        text, thought = "".join(self._text), "".join(self._thought)
        calls = tuple(ToolCall(name=name, arguments=said) for name, said in self._calls.values())
        if not isinstance(request.prompt, str):
            tagged, text = split_thought(text)
            thought += tagged
        if request.tools and not calls:
            calls, text = split_tool_calls(text)
        return Completion(
            text=text,
            thought=thought,
            tool_calls=calls,
            logprobs=_all_known(self._logprobs),
            entropies=_all_known(self._entropies),
            usage=self._used(),
            finish="tool_calls" if calls else FINISHES.get(self.finish or "", "stop"),
        )

    @property
    def counted(self) -> bool:
        """Whether the server told how many tokens it read and wrote."""
        return "prompt_tokens" in self._usage

    def _used(self) -> Usage:
        details = _table(self._usage.get("prompt_tokens_details"))
        cached = (
            details.get("cached_tokens")
            or self._usage.get("prompt_cache_hit_tokens")
            or self._timings.get("cache_n")
        )
        # Without a count, each piece of a stream is a token as a rule.
        pieces = len(self._logprobs) or sum(map(bool, [*self._text, *self._thought]))
        return Usage(
            requests=1,
            input_tokens=_count(self._usage.get("prompt_tokens")),
            cached_tokens=_count(cached),
            output_tokens=_count(self._usage.get("completion_tokens", pieces)),
            reasoning_tokens=_told(
                _table(self._usage.get("completion_tokens_details")).get("reasoning_tokens")
            ),
            # As llama.cpp's server tells them.
            prefill_seconds=_seconds(self._timings.get("prompt_ms")),
            decode_seconds=_seconds(self._timings.get("predicted_ms")),
        )

    def _read_logprobs(self, logprobs: Mapping[str, Any]) -> None:
        """Read either shape: of the chat (`content`), or of the old completions."""
        for token in _tables(logprobs.get("content")):
            others = [each.get("logprob") for each in _tables(token.get("top_logprobs"))]
            self._logprobs.append(_number(token.get("logprob")))
            self._entropies.append(entropy(others))
        chosen = logprobs.get("token_logprobs")
        if isinstance(chosen, list):
            tops = logprobs.get("top_logprobs") or [None] * len(chosen)
            self._logprobs += map(_number, chosen)
            self._entropies += [entropy(list(_table(top).values())) for top in tops]

    def _read_calls(self, calls: Sequence[Mapping[str, Any]]) -> None:
        for place, call in enumerate(calls):
            index = _count(call.get("index", place))
            function = _table(call.get("function"))
            name, said = self._calls.get(index, ("", ""))
            more = function.get("arguments") or ""
            self._calls[index] = (name + (function.get("name") or ""), said + str(more))


def entropy(logprobs: Sequence[object]) -> float | None:
    """Entropy in nats of the renormalised alternatives; `None` where there are none."""
    known = [value for value in map(_number, logprobs) if value is not None]
    if not known:
        return None
    high = max(known)
    weights = [math.exp(value - high) for value in known]
    total = sum(weights)
    mean = sum(weight * (value - high) for weight, value in zip(weights, known, strict=True))
    return max(math.log(total) - mean / total, 0.0)


def complaint_in(text: str) -> str:
    """The error message in what a server sent, or all of it where there is no such part."""
    try:
        data = _table(json.loads(text))
    except ValueError:
        return "" if text.lstrip().startswith("<") else text
    error = data.get("error") or data.get("detail") or data.get("message") or text
    message = _table(error).get("message", error)
    return message if isinstance(message, str) else json.dumps(message)


def _all_known(values: Sequence[float | None]) -> tuple[float, ...] | None:
    known = tuple(value for value in values if value is not None)
    return known if known and len(known) == len(values) else None


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and math.isfinite(value)
    return float(value) if is_number and isinstance(value, int | float) else None


def _seconds(milliseconds: object) -> float | None:
    known = isinstance(milliseconds, int | float) and milliseconds >= 0
    return float(milliseconds) / 1000 if known else None  # type: ignore[arg-type]


def _told(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _count(value: object) -> int:
    return max(value, 0) if isinstance(value, int) else 0


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _tables(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
