"""Tables that fit the terminal: columns are left out rather than figures cut in half."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

GAP = 2
PIPE_WIDTH = 200
"""Nobody's terminal: what is piped is not cut."""


def console() -> Console:
    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)


def print_table(
    names: Sequence[str], rows: Sequence[Sequence[str]], *, left: int, spare: Sequence[str] = ()
) -> None:
    """Print `rows` under `names`, the first `left` columns aligned to the left.

    Where the terminal is too narrow, columns are left out in the order of `spare`, and named
    below; a text that still does not fit is shortened in the first column.
    """
    screen = console()
    shown, gone = list(names), list[str]()
    for name in spare:
        if _width(names, rows, shown) <= screen.width:
            break
        shown.remove(name)
        gone.append(name)
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    for name in shown:
        is_text = names.index(name) < left
        table.add_column(
            name, justify="left" if is_text else "right", no_wrap=True, overflow="ellipsis"
        )
    for row in rows:
        cells = dict(zip(names, row, strict=True))
        table.add_row(*(Text(cells[name]) for name in shown))
    screen.print(table)
    if gone:
        screen.print(f"(a wider terminal also shows: {', '.join(gone)})", style="dim")


def _width(names: Sequence[str], rows: Sequence[Sequence[str]], shown: Sequence[str]) -> int:
    places = [names.index(name) for name in shown]
    widths = [max([len(names[i]), *(len(row[i]) for row in rows)]) for i in places]
    return sum(widths) + GAP * len(widths)
