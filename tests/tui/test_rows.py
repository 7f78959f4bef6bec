"""The table of rows, by itself."""

import pytest
from textual.app import App

from flyball.tui.rows import Column, Rows

pytestmark = pytest.mark.anyio
HEIGHT = 20


class Table(App[None]):
    """With `first` rows that come before there is room for them."""

    first = 0

    def compose(self):
        yield Rows(
            [Column("number", 8)], lambda first, last: [[str(n)] for n in range(first, last)]
        )

    def on_mount(self):
        if self.first:
            self.query_one(Rows).grow(self.first, follow=True)


@pytest.mark.parametrize(("first", "top"), [(10, 0), (50, 50 - HEIGHT)])
async def test_rows_that_come_before_there_is_room_fill_it(first, top):
    app = Table()
    app.first = first
    async with app.run_test(size=(30, HEIGHT + 1)) as pilot:
        await pilot.pause(0.2)
        rows = app.query_one(Rows)
        assert (rows.top, rows.cursor) == (top, first - 1)


async def test_to_follow_what_grows_moves_all_lines_once_in_half_a_page_only(monkeypatch):
    drawn = []
    original = Rows.render_line
    monkeypatch.setattr(Rows, "render_line", lambda self, y: drawn.append(y) or original(self, y))
    app = Table()
    async with app.run_test(size=(30, HEIGHT + 1)) as pilot:
        rows = app.query_one(Rows)
        rows.grow(50, follow=True)
        await pilot.pause(0.2)
        assert rows.top == 50 - HEIGHT, "no line is left blank when it is opened"
        drawn.clear()
        for count in range(51, 51 + HEIGHT):
            rows.grow(count, follow=True)
            await pilot.pause(0.02)
            assert rows.top <= rows.cursor < rows.top + HEIGHT
        assert rows.cursor == 50 + HEIGHT - 1
        assert len(drawn) < 5 * HEIGHT, "two whole pages and a few lines each time"
        await pilot.resize_terminal(30, HEIGHT + 5)
        await pilot.pause(0.1)
        assert rows.top == rows.count - (HEIGHT + 4), "what was left blank is filled"


async def test_a_row_that_is_looked_at_stays_where_it_is_while_others_come():
    app = Table()
    async with app.run_test(size=(30, HEIGHT + 1)) as pilot:
        rows = app.query_one(Rows)
        rows.grow(50, follow=True)
        await pilot.pause(0.1)
        rows.move_to(35)
        top = rows.top
        rows.grow(80, follow=False)
        await pilot.pause(0.1)
        assert (rows.top, rows.cursor) == (top, 35)
