"""Make the arguments that a model wrote fit a tool's schema."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flyball.agents.lenient import read_value
from flyball.records import Arguments, ToolSpec

NUMBER = re.compile(r"[\[(#]?\s*(-?\d+(?:\.\d+)?)\s*[\])]?")
WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
WANTED = {
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "string": "a text",
    "array": "a list",
    "object": "an object",
}


class UnfitError(ValueError):
    """Why arguments cannot be used, in one line meant for the model."""


def fit_arguments(spec: ToolSpec, given: object) -> Arguments:
    """Turn what a model gave into arguments for `spec`.

    An object may come as the text of one; a bare value or a list is taken in the order
    of the schema. `"3"` becomes 3 where the schema says so, a default fills a gap, an
    argument of the wrong name fills the one gap there is, and what the tool does not
    know is left out. Raises `UnfitError`.
    """
    properties = _properties(spec)
    named = _named(list(properties), given)
    named = _rename(spec, properties, named)
    fitted: dict[str, object] = {}
    for name, schema in properties.items():
        value = named.get(name)
        if value is None:
            value = schema.get("default")
        if value is not None:
            fitted[name] = _fit(spec.name, name, schema, value)
    missing = [name for name in _required(spec) if name not in fitted]
    if missing:
        needs = ", ".join(f"{name} ({_wanted(properties.get(name, {}))})" for name in missing)
        raise UnfitError(f"{spec.name} needs {needs}")
    return fitted


def _properties(spec: ToolSpec) -> Mapping[str, Mapping[str, Any]]:
    properties: Any = spec.parameters.get("properties", {})
    return properties if isinstance(properties, Mapping) else {}


def _required(spec: ToolSpec) -> Sequence[str]:
    required: Any = spec.parameters.get("required", ())
    return list(required)


def _named(names: Sequence[str], given: object) -> dict[str, object]:
    if isinstance(given, str) and given.strip()[:1] in ("{", "["):
        try:
            given = read_value(given)
        except ValueError as error:
            raise UnfitError("the arguments are not a JSON object") from error
    if given is None or given == "":
        return {}
    if isinstance(given, Mapping):
        return {str(name): value for name, value in given.items()}
    in_order = given if isinstance(given, list) else [given]
    return dict(zip(names, in_order, strict=False))


def _rename(
    spec: ToolSpec, properties: Mapping[str, Any], named: dict[str, object]
) -> dict[str, object]:
    """Take the one unknown argument for the one that is missing: `id` for `element`."""
    strange = [name for name in named if name not in properties]
    missing = [name for name in _required(spec) if named.get(name) is None]
    if len(strange) != 1 or len(missing) != 1 or "default" in properties.get(missing[0], {}):
        return named
    return {**named, missing[0]: named[strange[0]]}


def _fit(tool: str, name: str, schema: Mapping[str, Any], value: object) -> object:
    kind = schema.get("type")
    try:
        fitted = FITTERS[kind](value) if isinstance(kind, str) and kind in FITTERS else value
    except ValueError as error:
        shown = repr(value)[:60]
        raise UnfitError(f"{tool}: {name} must be {_wanted(schema)}, not {shown}") from error
    options = schema.get("enum")
    if not options or fitted in options:
        return fitted
    for option in options:
        if str(option).casefold() == str(fitted).strip().casefold():
            return option
    raise UnfitError(f"{tool}: {name} must be {_wanted(schema)}, not {repr(value)[:60]}")


def _wanted(schema: Mapping[str, Any]) -> str:
    if options := schema.get("enum"):
        return "one of " + ", ".join(str(option) for option in options)
    return WANTED.get(str(schema.get("type")), "a value")


def _number(value: object) -> float:
    if isinstance(value, str) and (match := NUMBER.fullmatch(value.strip())):
        value = float(match.group(1))
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    raise ValueError


def _integer(value: object) -> int:
    number = _number(value)
    if number != int(number):
        raise ValueError
    return int(number)


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in WORDS:
        return WORDS[value.strip().lower()]
    if value in (0, 1):
        return value == 1
    raise ValueError


def _string(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _array(value: object) -> object:
    value = read_value(value) if isinstance(value, str) else value
    if not isinstance(value, list):
        raise ValueError
    return value


def _object(value: object) -> object:
    value = read_value(value) if isinstance(value, str) else value
    if not isinstance(value, dict):
        raise ValueError
    return value


FITTERS: Mapping[str, Callable[[object], object]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "string": _string,
    "array": _array,
    "object": _object,
}
