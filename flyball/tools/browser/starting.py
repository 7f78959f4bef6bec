"""Starts the browser: in the sandbox with its own inside, where that is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from playwright.async_api import Browser as Chromium
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Playwright

from flyball.errors import ToolError
from flyball.tools.browser.boxed import boxed
from flyball.tools.browser.chromium import QUIET, check_display, find_chromium, switches
from flyball.tools.browser.options import BrowserOptions

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
        return await launch(found, switches(), sandbox=False)
    except PlaywrightError as error:
        said = str(error).strip().splitlines()[0]
        where = f" in bubblewrap ({WITHOUT})" if options.sandbox else ""
        raise ToolError(f"the browser does not start{where}: {said}") from error
