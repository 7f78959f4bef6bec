"""What a page answers, and when it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from flyball.errors import ToolError

T = TypeVar("T")


async def answered(asked: Awaitable[T], seconds: float) -> T:
    """Wait for the page, as Playwright does for ever. Raises `ToolError` if it hangs."""
    try:
        async with asyncio.timeout(seconds):
            return await asked
    except TimeoutError as error:
        raise ToolError(f"the page hangs: no answer in {seconds:g} s") from error


def first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].removeprefix("Page.goto: ")
