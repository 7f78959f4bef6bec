"""Charts as inline SVG, which need no script and take their colours from the page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from flyball.bench.intervals import Interval

WIDTH, LINE, BAR, LEFT, RIGHT = 720, 26, 14, 230, 150
LONGEST = 32
"""Characters of a name; its whole is in the tooltip."""


class Bar(NamedTuple):
    name: str
    value: float | None
    interval: Interval | None
    label: str
    """The figure in words."""


class Slice(NamedTuple):
    name: str
    value: float
    label: str


def bars(rows: Sequence[Bar], title: str) -> str:
    """Horizontal bars with their 95 % intervals as whiskers; unknown has no bar."""
    ends = [row.interval.high for row in rows if row.interval]
    most = max([*(row.value or 0.0 for row in rows), *ends], default=0.0) or 1.0
    scale = (WIDTH - LEFT - RIGHT) / most
    lines = "\n".join(_bar(row, place, scale) for place, row in enumerate(rows))
    height = LINE * len(rows)
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img"'
        f' aria-label="{escape(title)}">\n{lines}\n</svg>'
    )


def stack(slices: Sequence[Slice], title: str) -> str:
    """One bar that is cut into shares, with its legend below."""
    whole = sum(each.value for each in slices) or 1.0
    left, parts, legend = 0.0, [], []
    for place, each in enumerate(slices):
        width = WIDTH * each.value / whole
        parts.append(
            f'<rect class="c{place % 8}" x="{left:.1f}" width="{width:.1f}" height="22">'
            f"<title>{escape(each.name)}: {escape(each.label)}</title></rect>"
        )
        left += width
        legend.append(
            f'<li><i class="c{place % 8}"></i>{escape(each.name)} <b>{escape(each.label)}</b></li>'
        )
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} 22" role="img" aria-label="{escape(title)}">'
        f'{"".join(parts)}</svg>\n<ul class="legend">{"".join(legend)}</ul>'
    )


def _bar(row: Bar, place: int, scale: float) -> str:
    top, middle = LINE * place + (LINE - BAR) / 2, LINE * place + LINE / 2
    name = row.name if len(row.name) <= LONGEST else f"{row.name[: LONGEST - 1]}…"
    end = LEFT + (row.value or 0.0) * scale
    parts = [
        f'<text class="name" x="{LEFT - 10}" y="{middle + 4}">{escape(name)}'
        f"<title>{escape(row.name)}</title></text>"
    ]
    if row.value is not None:
        parts.append(
            f'<rect class="bar" x="{LEFT}" y="{top}" width="{end - LEFT:.1f}" height="{BAR}"/>'
        )
    if row.interval is not None:
        low, high = (LEFT + scale * each for each in row.interval)
        end = max(end, high)
        parts.append(
            f'<path class="whisker" d="M{low:.1f} {middle}H{high:.1f}M{low:.1f} {middle - 4}v8'
            f'M{high:.1f} {middle - 4}v8"/>'
        )
    parts.append(f'<text x="{end + 8:.1f}" y="{middle + 4}">{escape(row.label)}</text>')
    return "".join(parts)
