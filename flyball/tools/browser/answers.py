"""What a page answers, and when it does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from flyball.errors import ToolError


@asynccontextmanager
async def answering(seconds: float) -> AsyncIterator[None]:
    """Wait for a page, as Playwright does for ever. Raises `ToolError` if it hangs."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise ToolError(f"the page hangs: no answer in {seconds:g} s") from error


def first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].removeprefix("Page.goto: ")
