"""Starts the browser: in the sandbox with its own inside, where that is wanted."""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

from playwright.async_api import Browser as Chromium
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Playwright

from flyball.errors import ToolError
from flyball.tools.browser.boxed import boxed
from flyball.tools.browser.chromium import QUIET, check_display, find_chromium
from flyball.tools.browser.options import BrowserOptions

LOG = logging.getLogger(__name__)
DOWNLOADS = "downloads"
WITHOUT = "[browser] sandbox = false goes without"


async def start(playwright: Playwright, options: BrowserOptions, folder: Path) -> Chromium:
    """Start it, with what it keeps in `folder`. Raises `ToolError` where that cannot be done."""
    if options.sandbox and not options.headless:
        raise ToolError(f"a visible browser does not run in bubblewrap; {WITHOUT}")
    if not options.headless:
        check_display()
    found = find_chromium(options.executable, own=Path(playwright.chromium.executable_path))
    downloads = folder / DOWNLOADS
    downloads.mkdir()

    async def launch(executable: Path, words: Sequence[str], *, sandbox: bool) -> Chromium:
        return await playwright.chromium.launch(
            executable_path=executable,
            headless=options.headless,
            args=words,
            chromium_sandbox=sandbox,
            downloads_path=downloads,
        )

    try:
        if options.sandbox:
            box = boxed(found, folder, downloads, options.readable)
            return await launch(box, QUIET, sandbox=True)
        return await _unboxed(partial(launch, found, QUIET))
    except PlaywrightError as error:
        said = str(error).strip().splitlines()[0]
        where = f" in bubblewrap ({WITHOUT})" if options.sandbox else ""
        raise ToolError(f"the browser does not start{where}: {said}") from error


async def _unboxed(launch: Callable[..., Awaitable[Chromium]]) -> Chromium:
    """Start it with its own sandbox, or without for root, and where the system bars it."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return await launch(sandbox=False)
    try:
        return await launch(sandbox=True)
    except PlaywrightError as error:
        browser = await launch(sandbox=False)
        said = str(error).strip().splitlines()[0]
        LOG.warning(
            "the browser runs without its own sandbox, with which it does not start: %s", said
        )
        return browser
