"""Turns a chat into the text that a model was trained to continue."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.nodes import Node
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from flyball.errors import ModelError
from flyball.models.answers import function_of
from flyball.records import Message, ToolSpec

CHATML = (
    "{% for message in messages %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}{{ '<|im_end|>\n' }}"
    "{% endfor %}{{ '<|im_start|>assistant\n' }}"
)
"""For a model that has no template of its own."""
CHATML_STOP = "<|im_end|>"
CONTENT = "\ue000{}\ue001"
"""Stands for the content of a message while its template is filled in."""

Cut = Callable[[str, bool], list[int]]
"""Cuts a text into tokens; the flag says whether control tokens may be written as text."""


class ChatTemplate:
    """A model's Jinja template, run in a sandbox as Transformers does."""

    def __init__(self, source: str | None, *, marks: Mapping[str, str]) -> None:
        """Compile `source`. `marks` are the texts of `bos_token` and `eos_token`."""
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols]
        )
        environment.filters["tojson"] = _as_json
        environment.globals.update(
            raise_exception=_refuse, strftime_now=_now, add_generation_prompt=True, **marks
        )
        self.stops = () if source else (CHATML_STOP,)
        try:
            self._template = environment.from_string(source or CHATML)
        except jinja2.TemplateError as error:
            raise ModelError(f"the model's chat template cannot be read: {error}") from error

    def tokens(self, messages: Sequence[Message], tools: Sequence[ToolSpec], cut: Cut) -> list[int]:
        """Cut the chat into tokens, with control tokens from the template only.

        A message that happens to spell a control token is cut apart from the template, so
        that a page cannot end a turn or begin one. Raises `ModelError`.
        """
        if all(cut(each.content, True) == cut(each.content, False) for each in messages):
            return cut(self.text(messages, tools), True)
        return self._guarded(messages, tools, cut)

    def text(self, messages: Sequence[Message], tools: Sequence[ToolSpec] = ()) -> str:
        """The chat as one text, with the beginning of the answer. Raises `ModelError`."""
        try:
            return self._fill(messages, tools)
        except jinja2.TemplateError as error:
            if not messages or messages[0].role != "system":
                raise ModelError(f"the model's chat template refuses the chat: {error}") from error
        # Some templates know no system message: it then leads the user's first.
        return self.text(_led_by_user(messages), tools)

    def _fill(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> str:
        chat = [{"role": each.role, "content": each.content} for each in messages]
        offered = [function_of(tool) for tool in tools] or None
        return self._template.render(messages=chat, tools=offered)

    def _guarded(
        self, messages: Sequence[Message], tools: Sequence[ToolSpec], cut: Cut
    ) -> list[int]:
        masked = [
            Message(role=each.role, content=CONTENT.format(index))
            for index, each in enumerate(messages)
        ]
        rest, tokens = self.text(masked, tools), list[int]()
        for index, each in enumerate(messages):
            before, found, after = rest.partition(CONTENT.format(index))
            if found:
                tokens += cut(before, True) + cut(each.content, False)
                rest = after
        return tokens + cut(rest, True)


def _led_by_user(messages: Sequence[Message]) -> list[Message]:
    system, *others = messages
    if others and others[0].role == "user":
        content = f"{system.content}\n\n{others.pop(0).content}"
        return [Message(role="user", content=content), *others]
    return [Message(role="user", content=system.content), *others]


class _Generation(Extension):
    """Lets the tag `generation`, which only training looks at, through."""

    tags = {"generation"}  # noqa: RUF012

    def parse(self, parser: Parser) -> list[Node]:
        parser.stream.skip(1)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _refuse(reason: str) -> None:
    raise jinja2.TemplateError(reason)


def _now(layout: str) -> str:
    return datetime.now().astimezone().strftime(layout)


def _as_json(value: object, indent: int | None = None, **_: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)
