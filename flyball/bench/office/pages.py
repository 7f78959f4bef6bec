"""What the office's pages are made of; a page renders to HTML and reads as `page.js` reads it.

The elements are the single source: a run in Chromium and one in process see the same lines,
which is what makes demonstrations cheap to collect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import NamedTuple

from flyball.tools.page import Entry

NAME_LENGTH, TEXT_LENGTH = 60, 200
"""Where `page.js` cuts the names of elements and pieces of text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What the page is."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A line to read."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A way to another page; in a list, `beside` tells what the row is about."""

    text: str
    to: str
    beside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A text box, or with `options` a list to choose from."""

    label: str
    name: str
    value: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Fields and the one button that submits them."""

    to: str
    button: str
    fields: tuple[Field, ...] = ()
    method: str = "post"


Element = Heading | Text | Link | Form
Page = tuple[Element, ...]


class Control(NamedTuple):
    """Something on a page that can be acted on."""

    element: Link | Form
    field: Field | None = None

    @property
    def role(self) -> str:
        if isinstance(self.element, Link):
            return "link"
        if self.field is None:
            return "button"
        return "select" if self.field.options else "textbox"

    @property
    def name(self) -> str:
        if isinstance(self.element, Link):
            return self.element.text
        return self.field.label if self.field else self.element.button


def controls(page: Page) -> list[Control]:
    """Give what can be acted on; number n of the reading stands at n - 1."""
    found: list[Control] = []
    for element in page:
        if isinstance(element, Form):
            found += [Control(element, field) for field in element.fields]
        if isinstance(element, Link | Form):
            found.append(Control(element))
    return found


def read(page: Page, typed: Mapping[Field, str]) -> list[Entry]:
    """Read the page as `page.js` does; `typed` is what was put into its fields since it came."""
    numbers = iter(range(1, len(controls(page)) + 1))
    return [entry for element in page for entry in _entries(element, typed, numbers)]


def _entries(
    element: Element, typed: Mapping[Field, str], numbers: Iterator[int]
) -> Iterator[Entry]:
    match element:
        case Heading():
            yield Entry(role="heading", name=_short(element.text, NAME_LENGTH))
        case Text():
            yield Entry(role="text", name=_short(element.text, TEXT_LENGTH))
        case Link():
            yield Entry(role="link", name=_short(element.text, NAME_LENGTH), number=next(numbers))
            if element.beside:
                yield Entry(role="text", name=_short(element.beside, TEXT_LENGTH))
        case Form():
            for field in element.fields:
                yield Entry(
                    role="select" if field.options else "textbox",
                    name=field.label,
                    number=next(numbers),
                    value=_short(typed.get(field, field.value), TEXT_LENGTH),
                    options=field.options,
                )
            yield Entry(role="button", name=element.button, number=next(numbers))


def html(page: Page, base: str) -> str:
    """Write the page; `base` goes in front of every address."""
    groups = groupby(page, key=lambda e: isinstance(e, Link) and not e.beside)
    body = "\n".join(
        _line_of_links(list(group), base) if links else "\n".join(_html(e, base) for e in group)
        for links, group in groups
    )
    return f"{_HEAD}\n{body}\n"


def _line_of_links(links: Sequence[Element], base: str) -> str:
    return f"<nav>{' '.join(_html(link, base) for link in links)}</nav>"


def _html(element: Element, base: str) -> str:
    match element:
        case Heading():
            return f"<h1>{escape(element.text)}</h1>"
        case Text():
            return f"<p>{escape(element.text)}</p>"
        case Link():
            link = f'<a href="{escape(base + element.to)}">{escape(element.text)}</a>'
            if not element.beside:
                return link
            return f"<div class=row>{link} <span>{escape(element.beside)}</span></div>"
        case Form():
            fields = "\n".join(map(_field_html, element.fields))
            return (
                f'<form method={element.method} action="{escape(base + element.to)}" '
                f"autocomplete=off>\n{fields}\n<button>{escape(element.button)}</button></form>"
            )


def _field_html(field: Field) -> str:
    if not field.options:
        control = f'<input name="{field.name}" value="{escape(field.value)}">'
    else:
        options = "".join(
            f"<option{' selected' if option == field.value else ''}>{escape(option)}</option>"
            for option in field.options
        )
        control = f'<select name="{field.name}">{options}</select>'
    return f"<label>{escape(field.label)} {control}</label>"


def _short(text: str, length: int) -> str:
    return text[: length - 1] + "…" if len(text) > length else text


_HEAD = """<!doctype html>
<html lang=en><meta charset=utf-8><title>Office</title>
<style>
body { font: 15px/1.4 sans-serif; max-width: 44em; margin: 1em auto; color: #222 }
nav { display: flex; gap: 1.2em; margin: .5em 0 }
h1 { font-size: 1.4em; margin: .6em 0 } p { margin: .25em 0 }
a { color: #0645ad } .row { padding: .2em 0; border-bottom: 1px solid #ddd }
.row a { display: inline-block; min-width: 12em }
form { margin: .5em 0 } label { display: grid; grid-template-columns: 8em 14em; margin: .25em 0 }
input, select { font: inherit } button { font: inherit; padding: .1em .8em }
</style>"""
