"""Play the office in process: what Chromium would show and do, without Chromium."""

from __future__ import annotations

from urllib.parse import urlencode

from flyball.bench.office.pages import Control, Field, Form, Page, controls, html, read
from flyball.bench.office.site import Site
from flyball.records import Action
from flyball.tools.page import Entry


class Tab:
    """One tab on one office. It knows links, forms, and the way back."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._past: list[str] = []
        self._page: Page = ()
        self._typed: dict[Field, str] = {}
        self._open("/")

    @property
    def entries(self) -> list[Entry]:
        """The page as the policy reads it."""
        return read(self._page, self._typed)

    @property
    def html(self) -> str:
        return html(self._page, "")

    def act(self, action: Action) -> bool:
        """Carry out an action; gives whether it could be."""
        if action.tool == "back":
            return self._back()
        found = self._control(action)
        if found is None:
            return False
        text = str(action.arguments.get("text", action.arguments.get("option", "")))
        match action.tool, found.role:
            case "click", "link" | "button":
                self._follow(found)
            case "fill", "textbox":
                self._type(found, text)
            case "select", "select":
                return self._choose(found, text)
            case "press", "textbox" if action.arguments.get("key") == "Enter":
                self._follow(found)
            case "click" | "press", _:
                pass  # the focus moves, and nothing that can be read
            case _:
                return False
        return True

    def _control(self, action: Action) -> Control | None:
        number, there = int(str(action.arguments.get("element", 0))), controls(self._page)
        return there[number - 1] if 1 <= number <= len(there) else None

    def _type(self, control: Control, text: str) -> None:
        if control.field is not None:
            self._typed[control.field] = text

    def _choose(self, control: Control, option: str) -> bool:
        offered = control.field is not None and option in control.field.options
        if offered:
            self._type(control, option)
        return offered

    def _follow(self, control: Control) -> None:
        element = control.element
        if not isinstance(element, Form):
            self._open(element.to)
            return
        sent = {field.name: self._typed.get(field, field.value) for field in element.fields}
        if element.method == "get":
            self._open(f"{element.to}?{urlencode(sent)}")
        else:
            self._open(self._site.post(element.to, sent))

    def _open(self, url: str) -> None:
        # A browser keeps one entry of its history for a page that is opened from itself.
        if self._past and self._past[-1] == url:
            self._past.pop()
        self._past.append(self._load(url))

    def _load(self, url: str) -> str:
        """Show the page at `url`; gives the address that it was found at."""
        made = self._site.get(url)
        while isinstance(made, str):
            url, made = made, self._site.get(made)
        self._page, self._typed = made, {}
        return url

    def _back(self) -> bool:
        if len(self._past) < 2:
            return False
        self._past.pop()
        self._past[-1] = self._load(self._past[-1])
        return True
