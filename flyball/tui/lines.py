"""Lines of text of which only those that changed are drawn again."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class Lines(Widget):
    """Takes its size from the layout; what does not fit is cut."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.lines: Sequence[Text] = ()
        self._base: Style | None = None

    @property
    def plain(self) -> str:
        """What is said, without its looks."""
        return "\n".join(line.plain for line in self.lines)

    def show(self, lines: Sequence[Text]) -> None:
        """Show other lines in place of these."""
        before, self.lines = self.lines, lines
        for place in range(max(len(before), len(lines))):
            if place >= min(len(before), len(lines)) or before[place] != lines[place]:
                self.refresh(Region(0, place, self.content_size.width, 1))

    def notify_style_update(self) -> None:
        self._base = None
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        if self._base is None:
            self._base = self.rich_style
        if y >= len(self.lines) or width <= 0:
            return Strip.blank(max(width, 0), self._base)
        line = self.lines[y].copy()
        line.truncate(width, overflow="ellipsis")
        told = Segment.apply_style(line.render(self.app.console, end=""), self._base)
        return Strip(told).adjust_cell_length(width, self._base)
