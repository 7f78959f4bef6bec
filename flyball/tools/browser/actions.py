"""What can be done to a page: one function for each of the browser's tools."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from flyball.records import Arguments
from flyball.tools.browser.hosts import may_open
from flyball.tools.browser.options import LONGEST_WAIT_SECONDS
from flyball.tools.page import TEXT_ROLES

if TYPE_CHECKING:
    from flyball.tools.browser.session import Browser

SCROLLED_SHARE = 0.8
HOVER_SECONDS = 0.4
"""Menus open a moment after the mouse has come to rest on them."""
TAB_SECONDS, TAB_LOOKS = 1.0, 20
"""Chromium may tell of a tab that a link asks for a moment late: it is waited for so long."""
_ASKS_FOR_TAB = "e => e.closest('a[target=_blank]') !== null"
_CHOSEN = "e => e.multiple ? [...e.selectedOptions].map(option => option.index) : null"


class RefusedError(Exception):
    """Why an action was not carried out; it becomes an observation with `ok=False`."""


async def click(browser: Browser, arguments: Arguments) -> None:
    shown, element = await browser.target(arguments)
    tabs = browser.tabs
    asks = shown.role == "link" and await element.evaluate(_ASKS_FOR_TAB)
    await element.click()
    for _ in range(TAB_LOOKS if asks else 0):
        if browser.tabs > tabs:  # a download, or a host that is refused, opens none
            break
        await asyncio.sleep(TAB_SECONDS / TAB_LOOKS)
    if shown.role == "menuitem":  # what it opens comes as if the mouse had come to rest on it
        await asyncio.sleep(HOVER_SECONDS)


async def hover(browser: Browser, arguments: Arguments) -> None:
    _, element = await browser.target(arguments, enabled=False)
    await element.hover()
    await asyncio.sleep(HOVER_SECONDS)


async def fill(browser: Browser, arguments: Arguments) -> None:
    shown, element = await browser.target(arguments)
    if shown.role not in TEXT_ROLES:
        raise RefusedError(f"{shown.label} takes no text")
    if shown.readonly:
        raise RefusedError(f"{shown.label} is read-only: its text comes from something to click")
    await element.fill(text(arguments, "text"))


async def select(browser: Browser, arguments: Arguments) -> None:
    shown, element = await browser.target(arguments)
    wanted = text(arguments, "option")
    if wanted not in shown.options:
        offered = ", ".join(shown.options) or "none"
        raise RefusedError(f"{shown.label} has no option {wanted!r}; there are: {offered}")
    index = shown.options.index(wanted)
    chosen = await element.evaluate(_CHOSEN)
    # Where several may be chosen, as with a click while Control is held: the rest stay.
    await element.select_option(index=index if chosen is None else sorted({*chosen} ^ {index}))


async def check(browser: Browser, arguments: Arguments) -> None:
    _, element = await browser.target(arguments)
    await element.set_checked(bool(arguments.get("on", True)))


async def press(browser: Browser, arguments: Arguments) -> None:
    key = text(arguments, "key")
    if arguments.get("element") is None:
        await browser.page.keyboard.press(key)
    else:
        _, element = await browser.target(arguments)
        await element.press(key)


async def type_text(browser: Browser, arguments: Arguments) -> None:
    await browser.page.keyboard.type(text(arguments, "text"))


async def scroll(browser: Browser, arguments: Arguments) -> None:
    sign = -1 if arguments.get("direction") == "up" else 1
    if arguments.get("element") is not None:
        _, element = await browser.target(arguments, enabled=False)
        await element.hover()
    await browser.page.mouse.wheel(0, sign * browser.options.viewport[1] * SCROLLED_SHARE)


async def goto(browser: Browser, arguments: Arguments) -> None:
    given = text(arguments, "url")
    try:
        url = urljoin(browser.page.url, given)
        allows = may_open(url, browser.hosts)
    except ValueError:
        raise RefusedError(f"{given!r} is not an address") from None
    if not allows:
        allowed = ", ".join(browser.hosts)
        raise RefusedError(f"refused: {url} is not on an allowed host (allowed: {allowed})")
    await browser.page.goto(url, wait_until="domcontentloaded")


async def back(browser: Browser, arguments: Arguments) -> None:
    if await browser.page.go_back(wait_until="domcontentloaded") is not None:
        return
    if browser.tabs == 1:
        raise RefusedError("there is no page to go back to")
    await browser.page.close()


async def wait(browser: Browser, arguments: Arguments) -> None:
    seconds = arguments.get("seconds", 1)
    if not isinstance(seconds, int | float):
        raise RefusedError("wait needs seconds: a number")
    await asyncio.sleep(min(LONGEST_WAIT_SECONDS, max(0.0, seconds)))


def text(arguments: Arguments, name: str) -> str:
    """Read a text argument. Raises `RefusedError`."""
    value = arguments.get(name)
    if not isinstance(value, str | int | float):
        raise RefusedError(f"the argument {name!r} is missing: a text is needed")
    return str(value)


def integer(arguments: Arguments, name: str) -> int:
    """Read an integer argument. Raises `RefusedError`."""
    try:
        return int(str(arguments.get(name)))
    except ValueError:
        raise RefusedError(f"the argument {name!r} is missing: an element's number") from None


ACTIONS: Mapping[str, Callable[[Browser, Arguments], Awaitable[None]]] = {
    action.__name__: action
    for action in (click, hover, fill, select, check, press, scroll, goto, back, wait)
} | {"type": type_text}
