"""Find the tool calls in a model's text, whichever way it likes to write them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from flyball.agents.lenient import end_of_brackets, find_objects, read_call

NAMES = ("tool", "tool_name", "name", "function", "action")
ARGUMENTS = ("arguments", "args", "parameters", "params", "action_input", "input")
THOUGHTS = ("thought", "thoughts", "reasoning", "thinking")

NAME_BEFORE = re.compile(
    r"\b([A-Za-z_][\w.:/-]*)\W*"
    r"(?:\b(?:arguments|args|input|action input|parameters)\b\W*)?"
    r"(?:```\w*\s*)?$",
    re.IGNORECASE,
)
"""`click {`, `click: {`, a name before a fence, and ReAct's `Action: click, Action Input: {`."""
LONGEST_NAME = 120
BRACKETED = re.compile(r"\b([A-Za-z_][\w.]*)\(")
XML = re.compile(r"<function=([\w.-]+)>(.*?)</function>", re.DOTALL)
"""How Qwen3-Coder writes a call that its server has not read."""
XML_ARGUMENT = re.compile(r"<parameter=([\w.-]+)>\s*(.*?)\s*</parameter>", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call as it was written: the tool may not exist, and the arguments may not fit."""

    name: str
    arguments: object = None
    thought: str = ""
    start: int = 0
    """Where in the text it begins; what stands before it is the model thinking aloud."""


def known_name(name: str, tools: Collection[str]) -> str | None:
    """Find the tool that `name` means, whatever its case and whatever stands before it.

    `Click`, `browser.click`, `functions:click` and `click()` all mean `click`.
    """
    by_name = {tool.casefold(): tool for tool in tools}
    plain = name.strip().strip("`'\".:").removesuffix("()").casefold()
    for candidate in (plain, re.split(r"[.:/]", plain)[-1]):
        for spelled in (candidate, candidate.replace("-", "_"), candidate.replace(" ", "_")):
            if spelled in by_name:
                return by_name[spelled]
    return None


def find_calls(text: str, tools: Collection[str], *, mend_end: bool) -> Iterator[Call]:
    """Yield the calls in `text`: first those written as JSON, then those of other kinds.

    `mend_end` closes a JSON object whose last brackets are missing.
    """
    for value, start in find_objects(text, mend_end=mend_end):
        call = _call_of(value, tools, start) or _named_before(text, value, tools, start)
        if call:
            yield call
    yield from _xml_calls(text)
    yield from _bracketed_calls(text, tools)
    if name := known_name(text, tools):
        yield Call(name=name)


def _call_of(value: Mapping[str, object], tools: Collection[str], start: int) -> Call | None:
    thought = next((str(value[key]) for key in THOUGHTS if value.get(key)), "")
    name = next((value[key] for key in NAMES if value.get(key)), None)
    if isinstance(name, Mapping):
        inner = _call_of(name, tools, start)
        return inner and Call(
            name=inner.name,
            arguments=inner.arguments,
            thought=inner.thought or thought,
            start=start,
        )
    if isinstance(name, str):
        return Call(name=name, arguments=_arguments_of(value), thought=thought, start=start)
    keyed = [key for key in value if key not in THOUGHTS]
    if len(keyed) == 1 and known_name(keyed[0], tools):
        return Call(name=keyed[0], arguments=value[keyed[0]], thought=thought, start=start)
    return None


def _arguments_of(value: Mapping[str, object]) -> object:
    """What stands under a key for arguments, or else everything that is not one of ours."""
    for key in ARGUMENTS:
        if key in value:
            return value[key]
    return {key: value[key] for key in value if key not in (*NAMES, *THOUGHTS)}


def _named_before(
    text: str, value: Mapping[str, object], tools: Collection[str], start: int
) -> Call | None:
    """Take `value` for the arguments of the tool whose name stands right before it."""
    first = max(0, start - LONGEST_NAME)
    match = NAME_BEFORE.search(text[first:start])
    if match and known_name(match[1], tools):
        return Call(name=match[1], arguments=value, start=first + match.start())
    return None


def _xml_calls(text: str) -> Iterator[Call]:
    for match in XML.finditer(text):
        arguments = dict(XML_ARGUMENT.findall(match[2]))
        yield Call(name=match[1], arguments=arguments, start=match.start())


def _bracketed_calls(text: str, tools: Collection[str]) -> Iterator[Call]:
    for match in BRACKETED.finditer(text):
        end, _ = end_of_brackets(text, match.end() - 1)
        if end is None or not known_name(match[1], tools):
            continue
        try:
            in_order, named = read_call(text[match.end() : end - 1])
        except ValueError:
            continue
        yield Call(name=match[1], arguments=named or in_order, start=match.start())
