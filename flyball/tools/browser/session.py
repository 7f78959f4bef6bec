"""A Chromium that a policy can read and act on, through Playwright."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.async_api import (
    Dialog,
    Download,
    ElementHandle,
    Page,
    async_playwright,
)
from playwright.async_api import Error as PlaywrightError

from flyball.errors import ToolError
from flyball.records import Arguments, Observation
from flyball.roles import Tool
from flyball.tools.browser.actions import ACTIONS, RefusedError, integer
from flyball.tools.browser.answers import answering, first_line
from flyball.tools.browser.guard import Guard
from flyball.tools.browser.hosts import folder_of
from flyball.tools.browser.options import BrowserOptions
from flyball.tools.browser.reading import Reading, element_of
from flyball.tools.browser.showing import Showing
from flyball.tools.browser.snapshots import Sent, ShutError, Snapshot, put_back, take
from flyball.tools.browser.specs import SPECS
from flyball.tools.browser.starting import start
from flyball.tools.browser.tool import BrowserTool
from flyball.tools.page import Entry

READER = Path(__file__).with_name("page.js")
QUIET_MS, SETTLE_LIMIT_MS = 30, 1_000
READINGS = 4
"""How often a page is read at most that turns into another one meanwhile."""
REFUSED = "refused: "


class Browser:
    """One browser with one profile. Use it as an async context manager."""

    def __init__(self, options: BrowserOptions | None = None) -> None:
        self.options = options or BrowserOptions()
        self.downloads: list[Path] = []
        self._guard = Guard(self.options.allow_hosts, self._refuse)
        self._pages: list[Page] = []
        self._reading = Reading(height=self.options.viewport[1])
        self._showing = Showing(self.options.budget_tokens)
        self._notes: list[str] = []
        self._sent = Sent()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            folder = tempfile.TemporaryDirectory(prefix="flyball-", ignore_cleanup_errors=True)
            self._folder = Path(stack.enter_context(folder))
            playwright = await async_playwright().start()
            stack.push_async_callback(playwright.stop)
            self._chromium = await start(playwright, self.options, self._folder)
            stack.push_async_callback(self._chromium.close)
            await self._open_context()
            self._closing = stack.pop_all()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._closing.aclose()

    async def _open_context(self) -> None:
        width, height = self.options.viewport
        self._context = await self._chromium.new_context(
            viewport={"width": width, "height": height}, service_workers="block"
        )
        self._context.set_default_timeout(self.options.timeout_seconds * 1_000)
        await self._context.add_init_script(path=READER)
        self._context.on("page", self._adopt)
        self._sent.watch(self._context)

    @property
    def tools(self) -> Mapping[str, Tool]:
        """The tools by name, for a crew."""
        return {spec.name: BrowserTool(spec, self) for spec in SPECS}

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that may be navigated to."""
        return self._guard.hosts

    @property
    def version(self) -> str:
        return self._chromium.version

    @property
    def tabs(self) -> int:
        """How many tabs are open."""
        return len(self._pages)

    @property
    def page(self) -> Page:
        """The tab that is being looked at, for a suite that sets up or checks its page."""
        if not self._pages:
            gone = hasattr(self, "_chromium") and not self._chromium.is_connected()
            why = "is gone" if gone else "has no page open; open an address first"
            raise ToolError(f"the browser {why}")
        return self._pages[-1]

    async def evaluate(self, script: str, argument: object = None) -> Any:
        """Run a suite's script in the loaded page. Raises `ToolError` where that fails."""
        try:
            await self.page.wait_for_load_state("load")
            async with self._answering():
                return await self.page.evaluate(script, argument)
        except PlaywrightError as error:
            raise ToolError(f"the page does not run a script: {first_line(error)}") from error

    async def text(self) -> str:
        """All that the page says, for a checker."""
        async with self._answering():
            return await self.page.inner_text("body")

    async def picture(self, path: Path) -> None:
        """Write what the page looks like to a PNG file; a page that is gone leaves none."""
        with suppress(PlaywrightError, ToolError):
            await self.page.screenshot(path=path, scale="css")

    async def open(self, url: str) -> Observation:
        """Open the first page. Raises `ToolError` where it cannot be loaded."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https", "file", "about", "data"):
            raise ToolError(f"{url!r} is not an address: it should begin with http:// or https://")
        if not self._pages:
            own = folder_of(url) if parts.scheme == "file" else parts.hostname
            self._guard.hosts = (*self._guard.hosts, *([own] if own else []))
        if not self._pages:
            await self._guard.watch_context(self._context)
            await self._guard.watch_page(await self._context.new_page())
        try:
            await self.page.goto(url, wait_until="domcontentloaded")
        except PlaywrightError as error:
            raise ToolError(f"cannot open {url}: {first_line(error)}") from error
        return await self.observe("open")

    async def observe(self, source: str, failure: str = "") -> Observation:
        """Read the page. `failure` says why the last action was not carried out."""
        try:
            async with self._answering():
                self._reading = await self._settled_lines()
        except PlaywrightError as error:
            raise ToolError(f"the browser is gone: {first_line(error)}") from error
        scrolled = source == "scroll" and not failure
        shown = self._showing.show(self._reading, scrolled=scrolled)
        notes = [*([failure] if failure else []), *self._notes]
        self._notes.clear()
        ok = not failure and not any(note.startswith(REFUSED) for note in notes)
        told, secret = "\n".join(shown), tuple(self._reading.secret)
        return Observation(source=source, text=told, ok=ok, note="; ".join(notes), secret=secret)

    async def act(self, name: str, arguments: Arguments) -> Observation:
        """Carry out an action and read the page it leaves."""
        try:
            async with self._answering():
                await ACTIONS[name](self, arguments)
        except RefusedError as refusal:
            return await self.observe(name, str(refusal))
        except PlaywrightError as error:
            return await self.observe(name, first_line(error))
        return await self.observe(name)

    async def snapshot(self) -> Snapshot:
        """Take down what `restore` needs. Raises `ToolError` where the page cannot be read."""
        try:
            async with self._answering():
                return await take(self._context, self._pages, self._sent)
        except (PlaywrightError, IndexError) as error:
            raise ToolError(f"the page cannot be kept: {first_line(error)}") from error

    async def restore(self, snapshot: object) -> Observation:
        """Go back by GET, where nothing was sent since; see `snapshots`."""
        try:
            async with self._answering():
                await put_back(self._context, self._pages, self._sent, snapshot)
        except (PlaywrightError, ShutError) as error:
            return await self.observe("recovery", first_line(error))
        return await self.observe("recovery")

    async def _adopt(self, page: Page) -> None:
        self._pages.append(page)
        page.on("dialog", self._answer)
        page.on("download", self._keep)
        page.on("close", self._forget)
        if len(self._pages) > 1:
            self._notes.append("a new tab was opened")
            await self._guard.watch_page(page)

    def _forget(self, page: Page) -> None:
        if page in self._pages:
            self._pages.remove(page)

    async def _answer(self, dialog: Dialog) -> None:
        """Accept what a page asks, as nobody is there to ask; a prompt gets its default."""
        self._notes.append(f'{dialog.type} "{dialog.message[:200]}" was accepted')
        await dialog.accept(dialog.default_value)

    async def _keep(self, download: Download) -> None:
        path = Path(self._folder, "kept", Path(download.suggested_filename).name)
        await download.save_as(path)
        self.downloads.append(path)
        self._notes.append(f"{path.name} was downloaded")

    def _refuse(self, host: str) -> None:
        allowed = ", ".join(self.hosts)
        self._notes.append(f"{REFUSED}{host} is not an allowed host (allowed: {allowed})")

    def _answering(self) -> AbstractAsyncContextManager[None]:
        return answering(self.options.answer_seconds)

    async def _settle(self) -> None:
        """Wait for a navigation under way and for the page to fall quiet."""
        await self.page.wait_for_load_state("domcontentloaded")
        await self.page.evaluate(
            "([quiet, limit]) => window.__flyball?.settled(quiet, limit)",
            [QUIET_MS, SETTLE_LIMIT_MS],
        )

    async def _settled_lines(self) -> Reading:
        """Read the page, and again where it turned into another or a tab came or went meanwhile."""
        left = READINGS
        while True:
            read, left = self.page, left - 1
            try:
                await self._settle()
                lines = await self._lines()
            except PlaywrightError as error:
                if "context was destroyed" not in str(error) or not left:
                    raise
                continue
            if self.page is read:
                return lines

    async def _lines(self) -> Reading:
        head = [f"url {self.page.url}", f"title {await self.page.title()}"]
        head += [f"tabs {self.tabs}"] if self.tabs > 1 else []
        reading = Reading(height=self.options.viewport[1], lines=head, away=[0.0] * len(head))
        await reading.add(self.page.main_frame, self.options.ignore)
        return reading

    async def target(
        self, arguments: Arguments, *, enabled: bool = True
    ) -> tuple[Entry, ElementHandle]:
        """Find the element that an action names. Raises `RefusedError` if it cannot be acted on.

        Not `enabled`: a disabled element will do, since it can be hovered over and scrolled.
        """
        number = integer(arguments, "element")
        targets = self._reading.targets
        if not 1 <= number <= len(targets):
            raise RefusedError(f"there is no element {number}; there are {len(targets)}")
        frame, index, shown = targets[number - 1]
        meant = arguments.get("target") or shown.label
        if meant not in (shown.label, shown.quoted):
            raise RefusedError(f"element {number} is {shown.label}, not {meant}")
        judge = "([number, enabled]) => __flyball.obstacle(number, enabled)"
        if obstacle := await frame.evaluate(judge, [index, enabled]):
            raise RefusedError(f"{shown.label} {number} is {obstacle}")
        return shown, await element_of(frame, index)
