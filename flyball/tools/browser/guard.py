"""Keep a browser on its allowed hosts: a refused navigation leaves the page as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, CDPSession, Page, Route
from playwright.async_api import Error as PlaywrightError

from flyball.tools.browser.hosts import may_open, outside

NO_CONTENT = 204
"""The status at which a browser stays where it is, rather than on an error page."""


class Guard:
    """Refuses navigations away from `hosts`, and tells `refused` the host of each.

    Playwright's routes see the first request of a tab that a page opens, and not the hops of
    a redirect; the debugger's Fetch domain sees the hops, and not the first request.
    """

    def __init__(self, hosts: Sequence[str], refused: Callable[[str], None]) -> None:
        self.hosts = tuple(hosts)
        self._refused = refused

    async def watch_context(self, context: BrowserContext) -> None:
        await context.route(outside(self.hosts), self._route)

    async def watch_page(self, page: Page) -> None:
        try:
            session = await page.context.new_cdp_session(page)
            session.on("Fetch.requestPaused", lambda event: self._hop(session, event))
            await session.send("Fetch.enable", {"patterns": [{"resourceType": "Document"}]})
        except PlaywrightError:
            return  # the tab was closed again at once

    async def _route(self, route: Route) -> None:
        url = route.request.url
        inside = url.startswith("file:") and may_open(url, self.hosts)
        if inside or not route.request.is_navigation_request():
            await route.fallback()
            return
        self._refused(_place(url))
        await route.fulfill(status=NO_CONTENT)

    async def _hop(self, session: CDPSession, event: dict[str, Any]) -> None:
        url, request = str(event["request"]["url"]), {"requestId": event["requestId"]}
        try:
            if may_open(url, self.hosts):
                await session.send("Fetch.continueRequest", request)
                return
            self._refused(_place(url))
            await session.send("Fetch.fulfillRequest", {**request, "responseCode": NO_CONTENT})
        except PlaywrightError:
            return  # the tab is gone, and its request with it


def _place(url: str) -> str:
    return urlsplit(url).netloc or url
