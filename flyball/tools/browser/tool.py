"""One of a browser's actions, as a tool of a crew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flyball.records import Arguments, Observation, ToolSpec

if TYPE_CHECKING:
    from flyball.tools.browser.session import Browser


class BrowserTool:
    """Acts in a browser and reads the page that it leaves."""

    def __init__(self, spec: ToolSpec, browser: Browser) -> None:
        self.spec = spec
        self._browser = browser

    async def call(self, arguments: Arguments) -> Observation:
        return await self._browser.act(self.spec.name, arguments)
