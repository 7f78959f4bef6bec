"""What a policy is told about the browser's tools."""

from __future__ import annotations

from collections.abc import Mapping

from flyball.records import ToolSpec

_ELEMENT: Mapping[str, object] = {"type": "integer", "description": "the element's number"}
_NAME: Mapping[str, object] = {
    "type": "string",
    "description": 'the element as its line begins, for a check: button "Login"',
}


def _spec(name: str, description: str, required: str = "", **properties: object) -> ToolSpec:
    schema = {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }
    return ToolSpec(name=name, description=description, parameters=schema)


def _string(description: str) -> Mapping[str, object]:
    return {"type": "string", "description": description}


SPECS = (
    _spec("click", "Click an element.", "element", element=_ELEMENT, target=_NAME),
    _spec(
        "hover",
        "Rest the mouse on an element, for a menu that opens without a click.",
        "element",
        element=_ELEMENT,
        target=_NAME,
    ),
    _spec(
        "fill",
        "Replace the text of a textbox.",
        "element text",
        element=_ELEMENT,
        text=_string("the whole new text"),
        target=_NAME,
    ),
    _spec(
        "select",
        "Choose an option of a select element; where it takes several, add or remove one.",
        "element option",
        element=_ELEMENT,
        option=_string("the option's text"),
        target=_NAME,
    ),
    _spec(
        "check",
        "Tick or untick a checkbox or radio button.",
        "element on",
        element=_ELEMENT,
        on={"type": "boolean"},
        target=_NAME,
    ),
    _spec(
        "press",
        "Press a key, in an element if one is named: Enter, Tab, Escape, ArrowDown, Control+a.",
        "key",
        key=_string("the key's name"),
        element=_ELEMENT,
        target=_NAME,
    ),
    _spec(
        "type",
        "Type on the keyboard into what has the focus, as in a terminal or a drawn editor.",
        "text",
        text=_string("what is typed, added to what is there"),
    ),
    _spec(
        "scroll",
        "Scroll the page, or the list that an element is in, by most of a screen.",
        "direction",
        direction={"type": "string", "enum": ["up", "down"]},
        element=_ELEMENT,
        target=_NAME,
    ),
    _spec("goto", "Open an address.", "url", url=_string("an absolute or relative address")),
    _spec("back", "Go back to the page before, or close a tab that has none."),
    _spec(
        "wait",
        "Wait for the page to change by itself.",
        "seconds",
        seconds={"type": "number", "minimum": 0, "maximum": 30},
    ),
)
