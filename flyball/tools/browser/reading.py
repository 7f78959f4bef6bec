"""Reads a page and its frames as lines, and says where on the screen each of them stands."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import ElementHandle, Frame

from flyball.tools.browser.actions import RefusedError
from flyball.tools.page import Entry, entry

_READ = """ignore => {
  // As JSON, which is quicker to hand over; a page may have a `toJSON` of its own for all things.
  const plain = thing => thing && Object.assign(thing, { toJSON: undefined });
  const entries = window.__flyball ? __flyball.read(ignore) : [];
  return JSON.stringify(plain(entries.map(e => plain({ ...e, options: plain(e.options) }))));
}"""


@dataclass(kw_only=True)
class Reading:
    """What one look at a page found."""

    height: int
    """Of the screen, in pixels."""
    lines: list[str] = field(default_factory=list)
    away: list[float] = field(default_factory=list)
    """How many screens each line is away: 0 for what is on the screen, below 0 for what is above
    it."""
    targets: list[tuple[Frame, int, Entry]] = field(default_factory=list)
    """The elements in the order of their numbers, each with its number in its frame."""
    secret: list[int] = field(default_factory=list)
    unread: int = 0
    """How many lines more there are at the end of a page without end."""

    async def add(self, frame: Frame, ignore: str, top: float = 0.0) -> None:
        """Read a frame that begins `top` pixels below the top of the screen."""
        for raw in json.loads(await frame.evaluate(_READ, ignore)):
            if raw["role"] == "rest":
                self.unread += raw["left"]
            elif raw["role"] == "frame":
                inner = await (await element_of(frame, raw["number"])).content_frame()
                if inner:
                    await self.add(inner, ignore, top + raw["top"])
            else:
                self._list(frame, raw, top)

    def _list(self, frame: Frame, raw: dict[str, Any], top: float) -> None:
        shown = entry(raw)
        if "number" in raw:
            shown = entry(raw, len(self.targets) + 1)
            self.targets.append((frame, raw["number"], shown))
            self.secret += [len(self.targets)] if raw.get("secret") else []
        self.lines.append(shown.line)
        self.away.append(self._away(top + raw["top"], top + raw["bottom"]))

    def _away(self, top: float, bottom: float) -> float:
        return (max(0.0, top - self.height) + min(0.0, bottom)) / self.height


async def element_of(frame: Frame, index: int) -> ElementHandle:
    """Give an element by its number in its frame. Raises `RefusedError` if it is gone."""
    handle = await frame.evaluate_handle("n => __flyball.elements[n - 1]", index)
    element = handle.as_element()
    if element is None:
        raise RefusedError("the element is gone")
    return element
