"""Puts a browser back as it was: its address, cookies, local storage and what its fields held.

Nothing is done again. The page is loaded by GET, which asks for nothing to be changed (RFC 9110,
section 9.2.1), its fields are set without the events that send them off, and once something was
sent by any other method the way back is closed: it cannot be taken back, and a policy that is shown
the page of before would send it again. What a page keeps in memory or in its session is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import BrowserContext, Page, Request, WebSocket
from playwright.async_api import Error as PlaywrightError

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")

_READ = """() => [...document.querySelectorAll('input,select,textarea')].map(e => ({
  kind: e.tagName + '|' + e.type + '|' + e.name,
  value: e.type === 'file' ? null : e.value,
  checked: 'checked' in e ? e.checked : null,
  chosen: e.multiple && e.options ? [...e.options].map(o => o.selected) : null,
}))"""

_WRITE = """fields => {
  const found = [...document.querySelectorAll('input,select,textarea')];
  const kind = e => e.tagName + '|' + e.type + '|' + e.name;
  const others = found.some((e, i) => kind(e) !== fields[i]?.kind);
  if (found.length !== fields.length || others) return false;
  found.forEach((e, i) => {
    const was = fields[i], box = ['checkbox', 'radio'].includes(e.type);
    const same = box ? e.checked === was.checked : !was.chosen && e.value === was.value;
    if (was.value === null || same) return;
    if (box) e.checked = was.checked;
    else if (was.chosen) [...e.options].forEach((o, n) => { o.selected = !!was.chosen[n]; });
    // The setter of the page's own framework would take the value for one that it has set itself.
    else Object.getOwnPropertyDescriptor(Object.getPrototypeOf(e), 'value').set.call(e, was.value);
    e.dispatchEvent(new Event('input', { bubbles: true }));
  });
  return true;
}"""

_STORE = """wanted => {
  const now = JSON.stringify(Object.entries(localStorage).sort());
  if (now === JSON.stringify([...wanted].sort())) return false;
  localStorage.clear();
  wanted.forEach(([name, value]) => localStorage.setItem(name, value));
  return true;
}"""


class ShutError(Exception):
    """Why there is no way back; it becomes an observation with `ok=False`."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A browser at one moment. It holds what was typed, and is kept in memory only."""

    page: Page
    pages: int
    url: str
    sent: int
    storage: dict[str, Any] = field(repr=False)
    fields: Sequence[dict[str, Any]] = field(repr=False)


class Sent:
    """Counts what was sent by a method that is not safe, or through a socket."""

    def __init__(self) -> None:
        self.count = 0
        self._answers: dict[Page, bool] = {}

    def watch(self, context: BrowserContext) -> None:
        context.on("request", self._hear)
        context.on("page", lambda page: page.on("websocket", self._hear_socket))

    def _hear_socket(self, socket: WebSocket) -> None:
        socket.on("framesent", self._count)

    def _count(self, _: object) -> None:
        self.count += 1

    def _hear(self, request: Request) -> None:
        safe = request.method in SAFE
        self.count += not safe
        try:
            if request.is_navigation_request() and request.frame.parent_frame is None:
                self._answers[request.frame.page] = not safe
        except PlaywrightError:
            return  # a request that has no frame yet, or none any more

    def answered(self, page: Page) -> bool:
        """Whether what `page` shows is the answer to what was sent."""
        return self._answers.get(page, False)


async def take(context: BrowserContext, pages: Sequence[Page], sent: Sent) -> Snapshot:
    """Take down what `put_back` needs."""
    page = pages[-1]
    return Snapshot(
        page=page,
        pages=len(pages),
        url=page.url,
        sent=-1 if sent.answered(page) else sent.count,
        storage=dict(await context.storage_state()),
        fields=await page.evaluate(_READ),
    )


async def put_back(
    context: BrowserContext, pages: Sequence[Page], sent: Sent, taken: object
) -> None:
    """Go back to what `take` gave. Raises `ShutError`, with all as it was, where that is barred."""
    if not isinstance(taken, Snapshot):
        raise ShutError("this is no snapshot of a browser")
    if taken.sent < 0:
        raise ShutError("the page was the answer to what was sent, and would be sent again")
    if sent.count != taken.sent:
        raise ShutError("something was sent since that cannot be taken back")
    if len(pages) != taken.pages or pages[-1] is not taken.page:
        raise ShutError("tabs were opened or closed since")
    await context.clear_cookies()
    await context.add_cookies(taken.storage.get("cookies", []))
    await taken.page.goto(taken.url, wait_until="domcontentloaded")
    if await _restore_storage(taken):
        await taken.page.reload(wait_until="domcontentloaded")
    await taken.page.wait_for_load_state("load")
    await taken.page.evaluate(_WRITE, list(taken.fields))


async def _restore_storage(taken: Snapshot) -> bool:
    """Give the page's origin the local storage that it had; says whether that changed it."""
    if not taken.url.startswith(("http://", "https://")):
        return False
    origin = await taken.page.evaluate("location.origin")
    kept = [each for each in taken.storage.get("origins", []) if each["origin"] == origin]
    wanted = [[item["name"], item["value"]] for each in kept for item in each["localStorage"]]
    return bool(await taken.page.evaluate(_STORE, wanted))
