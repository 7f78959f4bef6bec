"""Puts a model's answer together: whole characters, stop strings, thoughts, tool calls."""

from __future__ import annotations

import codecs
import json
import re
from typing import NamedTuple

from flyball.records import ToolCall, ToolSpec

THOUGHTS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("[THINK]", "[/THINK]"),
    ("<seed:think>", "</seed:think>"),
    ("<|channel|>analysis<|message|>", "<|end|>"),
)
"""How model families mark their reasoning; the last is the harmony format of gpt-oss."""
HARMONY_ANSWER = re.compile(r"\s*(<\|start\|>assistant)?<\|channel\|>final<\|message\|>")
TOOL_CALL = re.compile(r"<tool_call>\s*(.*?)\s*</tool_call>", re.DOTALL)
"""The Hermes format, which Qwen and many others write their tool calls in."""


class Outlet:
    """Turns tokens' bytes into text, and ends the text at a stop string.

    Text that may be the beginning of a stop string, and bytes that are a part of a
    character, are held back until more has come.
    """

    def __init__(self, stops: tuple[str, ...] = ()) -> None:
        self.text = ""
        """Everything up to the stop string, what is held back included."""
        self.stopped = False
        self._stops = tuple(stop for stop in stops if stop)
        self._sent = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, piece: bytes) -> str:
        """Take the bytes of a token, and return the text that is now sure to stay."""
        return self.push_text(self._decoder.decode(piece))

    def push_text(self, text: str) -> str:
        """Take a piece of text, and return the text that is now sure to stay."""
        if self.stopped or not text:
            return ""
        before = len(self.text)
        self.text += text
        if not self._stops:
            return self._send(len(self.text))
        found = [at for stop in self._stops if (at := self._find(stop, before)) >= 0]
        if found:
            self.text, self.stopped = self.text[: min(found)], True
            return self._send(len(self.text))
        return self._send(len(self.text) - self._doubtful())

    def rest(self) -> str:
        """What was held back: there will be no more."""
        return self._send(len(self.text))

    def _find(self, stop: str, before: int) -> int:
        return self.text.find(stop, max(0, before - len(stop) + 1))

    def _doubtful(self) -> int:
        """Length of the longest end of the text that a stop string begins with."""
        longest = 0
        for stop in self._stops:
            for size in range(min(len(stop) - 1, len(self.text)), longest, -1):
                if self.text.endswith(stop[:size]):
                    longest = size
                    break
        return longest

    def _send(self, until: int) -> str:
        start, self._sent = self._sent, max(self._sent, until)
        return self.text[start:until]


class Parts(NamedTuple):
    thought: str
    text: str


def split_thought(text: str) -> Parts:
    """Part a chat answer from the reasoning in front of it.

    Reasoning that was cut off leaves no answer. A closing mark without an opening one
    ends reasoning too, because some chat templates write the opening one themselves.
    """
    body = text.lstrip()
    for opening, closing in THOUGHTS:
        before, found, after = body.partition(closing)
        if body.startswith(opening):
            return Parts(before.removeprefix(opening).strip(), _answer(after))
        if found and closing.startswith(("</", "[/")) and opening not in before:
            return Parts(before.strip(), _answer(after))
    return Parts("", _answer(text))


def _answer(text: str) -> str:
    harmony = HARMONY_ANSWER.match(text)
    return text[harmony.end() :] if harmony else text.lstrip("\n")


class Called(NamedTuple):
    calls: tuple[ToolCall, ...]
    text: str


def split_tool_calls(text: str) -> Called:
    """Part the tool calls in the Hermes format from the text around them.

    What is inside the marks and is not a call stays in the text, for the policy to judge.
    """
    calls: list[ToolCall] = []

    def _take(match: re.Match[str]) -> str:
        call = _tool_call(match[1])
        if call is None:
            return match[0]
        calls.append(call)
        return ""

    rest = TOOL_CALL.sub(_take, text)
    return Called(tuple(calls), rest.strip() if calls else text)


def _tool_call(text: str) -> ToolCall | None:
    try:
        said = json.loads(text)
    except ValueError:
        return None
    if not isinstance(said, dict) or not isinstance(said.get("name"), str):
        return None
    arguments = said.get("arguments", {})
    written = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return ToolCall(name=said["name"], arguments=written)


def function_of(tool: ToolSpec) -> dict[str, object]:
    """A tool in the shape that OpenAI gave to them, which servers and templates expect."""
    described = {
        "name": tool.name,
        "description": tool.description,
        "parameters": dict(tool.parameters),
    }
    return {"type": "function", "function": described}
