"""Find and read JSON objects in text that a language model wrote, near enough to JSON or not."""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Iterator, Mapping
from typing import NamedTuple

MOST_STARTS = 64
"""Opening braces that are tried, so that a page of braces does not take quadratic time."""

CLOSERS = {"{": "}", "[": "]", "(": ")"}
CONSTANTS = {"true": True, "false": False, "null": None, "none": None}
STRAIGHT = str.maketrans({"\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'"})


class Found(NamedTuple):
    value: Mapping[str, object]
    start: int
    """Where its opening brace stands in the text."""


def find_objects(text: str, *, mend_end: bool) -> Iterator[Found]:
    """Yield the objects in `text` in the order of their opening braces, inner ones too.

    With `mend_end` an object whose last brackets are missing is closed, which is right
    for an answer that ended by itself and wrong for one that was cut off.
    """
    start = text.find("{")
    for _ in range(MOST_STARTS):
        if start < 0:
            return
        value = _value_at(text, start, mend_end=mend_end)
        if isinstance(value, dict):
            yield Found(value, start)
        start = text.find("{", start + 1)


def read_value(text: str) -> object:
    """Read JSON, or what Python would take for a literal, bare words being strings.

    That covers single and curly quotes, trailing commas, unquoted keys, and
    `True`/`None`. Raises `ValueError`.
    """
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        pass
    for attempt in (text, text.translate(STRAIGHT)):
        try:
            return _plain(_parse(attempt))
        except (SyntaxError, RecursionError, MemoryError):
            continue
    raise ValueError("neither JSON nor near it")


def read_call(text: str) -> tuple[list[object], dict[str, object]]:
    """Read what stands between the brackets of a call like `click(3, button="left")`.

    Raises `ValueError`.
    """
    try:
        call = _parse(f"f({text})")
        if isinstance(call, ast.Call):
            named = {word.arg: _plain(word.value) for word in call.keywords if word.arg}
            return [_plain(node) for node in call.args], named
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError("not the arguments of a call") from error
    raise ValueError("not the arguments of a call")


def end_of_brackets(text: str, start: int) -> tuple[int | None, str]:
    """Say where the bracket at `start` closes, and what is missing where it does not.

    The first is the index after its closing bracket, or `None`; the second is then the
    brackets that would close it, or nothing where the text ends inside a string.
    """
    waiting: list[str] = []
    quote = ""
    escaped = False
    for index in range(start, len(text)):
        char = text[index]
        if quote:
            if not escaped and char == quote:
                quote = ""
            escaped = char == "\\" and not escaped
        elif char in "\"'":
            quote = char
        elif char in CLOSERS:
            waiting.append(CLOSERS[char])
        elif waiting and char == waiting[-1]:
            waiting.pop()
            if not waiting:
                return index + 1, ""
    return None, "" if quote else "".join(reversed(waiting))


def _value_at(text: str, start: int, *, mend_end: bool) -> object:
    try:
        return json.JSONDecoder(strict=False).raw_decode(text, start)[0]
    except (ValueError, RecursionError):
        pass
    end, missing = end_of_brackets(text, start)
    if end is None and not (mend_end and missing):
        return None
    try:
        return read_value(text[start:end].rstrip().rstrip("`").rstrip() + missing)
    except ValueError:
        return None


def _parse(text: str) -> ast.expr:
    with warnings.catch_warnings():
        # A backslash that means nothing to Python is worth no warning in a model's answer.
        warnings.simplefilter("ignore")
        return ast.parse(text.strip(), mode="eval").body


def _plain(node: ast.expr) -> object:
    match node:
        case ast.Constant(value=str() | int() | float() | None as value):
            return value
        case ast.Name(id=word):
            return CONSTANTS.get(word.lower(), word)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_plain(item) for item in items]
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return {str(_plain(key)): _plain(value) for key, value in pairs if key is not None}
    raise SyntaxError("not a literal")
