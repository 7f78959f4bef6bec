"""A table of which only what is on the screen is asked for and drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

Cell = str | tuple[str, str]
"""A text, or a text and how it is meant: `good`, `bad`, `warn` or `dim`."""
Fetch = Callable[[int, int], Sequence[Sequence[Cell]]]
"""The cells of the rows from one place up to another."""
GAP = 1
WHEEL = 3


class Column(NamedTuple):
    """One column. A `width` of 0 takes what the others leave."""

    title: str
    width: int
    right: bool = False
    key: str = ""
    """What a click on its title sorts by; empty: nothing."""
    least: int = 0
    """How wide the table must be for it to be shown."""


class Rows(Widget, can_focus=True):
    """Rows under titles, with a cursor."""

    COMPONENT_CLASSES = {
        *("rows--title", "rows--cursor", "rows--blurred"),
        *("rows--good", "rows--bad", "rows--warn", "rows--dim"),
    }
    BINDINGS = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "jump(0)", "First", show=False),
        Binding("end,G", "jump(-1)", "Last", show=False),
        Binding("enter", "choose", "Open", show=False),
    ]

    class Moved(Message):
        """The cursor stands elsewhere, moved by a person."""

        def __init__(self, rows: Rows) -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> Rows:
            return self.rows

    class Chosen(Moved):
        """A row was chosen, by Enter or a click on the row at the cursor."""

    class SortAsked(Message):
        """A title was clicked."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, columns: Sequence[Column], fetch: Fetch, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.columns = tuple(columns)
        self.cursor = 0
        self.count = 0
        self.top = 0
        self.sorted_by, self.descending = "", True
        self._fetch = fetch
        self._kept = dict[int, Sequence[Cell]]()
        self._looks = dict[str, Style]()

    def show(self, count: int, cursor: int | None = None) -> None:
        """Show `count` rows anew, with the cursor where it was or at `cursor`."""
        self._kept.clear()
        self.count = count
        wanted = self.cursor if cursor is None else cursor
        self.cursor = min(max(wanted, 0), max(count - 1, 0))
        self.top = min(self.top, max(count - self._height, 0))
        self._keep_in_sight()
        self.refresh()

    def grow(self, count: int, *, follow: bool) -> None:
        """Show that there are more rows at the end; of what stands, only the last has changed."""
        before, top, cursor = self.count, self.top, self.cursor
        self._kept.pop(before - 1, None)
        self.count = count
        self.cursor = count - 1 if follow else cursor
        if self.cursor >= self.top + self._height:
            # By half a page, blank at first: to move every line for each new one takes time.
            ahead = self._height // 2 if before and follow else 0
            self.top = max(self.cursor + 1 + ahead - self._height, 0)
        if top != self.top:
            self.refresh()
            return
        first = max(min(before - 1, cursor) if follow else before - 1, 0)
        last = min(count, self.top + self._height)
        self.refresh(Region(0, first + 1 - self.top, self.size.width, max(last - first, 0)))

    def notify_style_update(self) -> None:
        self._looks.clear()
        super().notify_style_update()

    def on_resize(self) -> None:
        self._kept.clear()
        self.top = min(self.top, max(self.count - self._height, 0))
        self._keep_in_sight()
        self.refresh()

    @property
    def _height(self) -> int:
        return max(self.size.height - 1, 1)

    def render_line(self, y: int) -> Strip:
        width = self.size.width - 1
        if y == 0:
            cells = [self._title(column) for column in self.columns]
            title = self._look("title")
            return self._strip(cells, width, title).adjust_cell_length(width + 1, title)
        row = y - 1 + self.top
        if row >= self.count:
            return Strip.blank(self.size.width, self._look("base"))
        base = self._look("base")
        if row == self.cursor:
            base = self._look("cursor" if self.has_focus else "blurred")
        strip = self._strip(self._cells(row), width, base, plain=row == self.cursor)
        return Strip(
            [*strip, Segment(self._scrollbar(y - 1), self._look("base") + self._look("dim"))],
            width + 1,
        )

    def _scrollbar(self, line: int) -> str:
        """The character at the right of a line: where in all the rows these stand."""
        if self.count <= self._height:
            return " "
        long = max(round(self._height**2 / self.count), 1)
        share = min(self.top / (self.count - self._height), 1.0)
        first = round(share * (self._height - long))
        return "█" if first <= line < first + long else "│"

    def action_move(self, by: int) -> None:
        self.move_to(self.cursor + by)

    def action_page(self, by: int) -> None:
        self.move_to(self.cursor + by * max(self.size.height - 2, 1))

    def action_jump(self, to: int) -> None:
        self.move_to(self.count - 1 if to < 0 else to)

    def action_choose(self) -> None:
        if self.count:
            self.post_message(self.Chosen(self))

    def move_to(self, row: int, *, tell: bool = True) -> None:
        row = min(max(row, 0), max(self.count - 1, 0))
        if row == self.cursor:
            return
        top, before, self.cursor = self.top, self.cursor, row
        self._keep_in_sight()
        if top != self.top:
            self.refresh()
        else:
            for each in (before, row):
                self.refresh(Region(0, each + 1 - top, self.size.width, 1))
        if tell:
            self.post_message(self.Moved(self))

    def on_click(self, event: events.Click) -> None:
        if event.y == 0:
            place = 0
            for column, width in self._shown(self.size.width - 1):
                if place <= event.x < place + width and column.key:
                    self.post_message(self.SortAsked(column.key))
                place += width + GAP
            return
        row = event.y - 1 + self.top
        if row == self.cursor and row < self.count:
            self.action_choose()
        elif row < self.count:
            self.move_to(row)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._scroll(WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._scroll(-WHEEL)

    def _scroll(self, by: int) -> None:
        self.top = min(max(self.top + by, 0), max(self.count - self._height, 0))
        self.refresh()

    def _keep_in_sight(self) -> None:
        if self.cursor < self.top:
            self.top = self.cursor
        elif self.cursor >= self.top + self._height:
            self.top = self.cursor - self._height + 1

    def _cells(self, row: int) -> Sequence[Cell]:
        if row not in self._kept:
            if len(self._kept) > 1_000:
                self._kept.clear()
            first = min(row, self.top)
            last = min(max(row + 1, self.top + self.size.height), self.count)
            found = self._fetch(first, last)
            self._kept.update(enumerate(found, start=first))
        return self._kept.get(row, ())

    def _title(self, column: Column) -> Cell:
        if column.key and column.key == self.sorted_by:
            return f"{column.title} {'▼' if self.descending else '▲'}"
        return column.title

    def _shown(self, width: int) -> list[tuple[Column, int]]:
        columns = [column for column in self.columns if column.least <= width]
        left = width - sum(column.width + GAP for column in columns)
        takers = sum(not column.width for column in columns) or 1
        return [(column, column.width or max(left // takers, 4)) for column in columns]

    def _strip(
        self, cells: Sequence[Cell], width: int, base: Style, *, plain: bool = False
    ) -> Strip:
        segments = list[Segment]()
        wide_of = {id(column): wide for column, wide in self._shown(width)}
        for column, cell in zip(self.columns, cells, strict=False):
            wide = wide_of.get(id(column), 0)
            if not wide:
                continue
            text, look = (cell, "") if isinstance(cell, str) else cell
            style = base if plain or not look else base + self._look(look)
            segments.append(Segment(fitted(text, wide, right=column.right), style))
            segments.append(Segment(" " * GAP, base))
        return Strip(segments).adjust_cell_length(width, base)

    def _look(self, name: str) -> Style:
        if name not in self._looks:
            self._looks[name] = (
                self.rich_style
                if name == "base"
                else self.get_component_rich_style(f"rows--{name}", partial=name in MEANINGS)
            )
        return self._looks[name]


MEANINGS = ("good", "bad", "warn", "dim")


def fitted(text: str, width: int, *, right: bool = False) -> str:
    """Make `text` just `width` cells wide; what is cut ends in an ellipsis."""
    text = " ".join(text.split())
    if len(text) > width:
        text = f"{set_cell_size(text, max(width - 1, 0))}…"
    return text.rjust(width) if right and text.isascii() else set_cell_size(text, width)
