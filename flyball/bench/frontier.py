"""A comparison as one HTML page that needs nothing else: success against what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import NamedTuple

from flyball.bench.page import STYLE
from flyball.bench.report import Row

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 500, 360, 52, 44, 34, 34
MARK_PX = 8
COLOURS = ("#4a7ebb", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#a07d4a", "#888888")
COSTS: Mapping[str, str] = {
    "strong_requests": "requests to the strong policy, an episode",
    "joules": "joules an episode",
    "usd": "dollars an episode",
}
TABLE: Mapping[str, str] = {
    "success": "success",
    "strong_calls": "strong calls",
    "tokens": "tokens",
    "joules": "joules",
    "usd": "dollars",
    "seconds": "seconds",
    "joules_per_success": "joules a success",
    "usd_per_success": "dollars a success",
    "seconds_per_success": "seconds a success",
    "success_difference": "success, difference",
    "strong_requests_ratio": "strong requests, ratio",
    "joules_ratio": "joules, ratio",
    "usd_ratio": "dollars, ratio",
    "above_line_strong_calls": "above the line, by calls",
    "above_line_joules": "by joules",
    "above_line_usd": "by dollars",
}
SHARES = ("success", "strong_calls", "success_difference", "above_")
FRONT_STYLE = """
figure { display: inline-block; margin: 0 1rem 1rem 0; width: 500px; vertical-align: top }
.axis { stroke: #ccc } .front { fill: none; stroke: currentColor; stroke-width: 1.5 }
.line { stroke: #888; stroke-dasharray: 5 4 } .whisker { stroke-width: 1.5; opacity: .55 }
.scroll { overflow-x: auto } svg text { fill: currentColor; font-size: 12px }
svg text.live { fill: #fff; font-weight: 600; font-size: 10px }
@media (prefers-color-scheme: dark) { .axis { stroke: #3a3a3a } small { color: #aaa } }
"""


class Point(NamedTuple):
    """One contender: its cost and its success, each with an interval where there is one."""

    number: int
    name: str
    colour: str
    x: tuple[float, float, float]
    """Low, value, high."""
    y: tuple[float, float, float]
    live: bool


def make_front(rows: Sequence[Row], baseline: str) -> str:
    """Write the page: for each split a chart a kind of cost, and a table."""
    parts = "\n".join(_part(split, rows) for split in dict.fromkeys(row["split"] for row in rows))
    suite = escape(str(rows[0]["suite"])) if rows else ""
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>flyball bench compare</title>
<style>{STYLE}{FRONT_STYLE}</style>
<h1>flyball bench compare: {suite}</h1>
<p>Played live on the same tasks and seeds; 95 % intervals, bootstrapped over tasks and paired.
The dashed line is what tossing a coin between the small and the strong policy reaches; the solid
one is the Pareto front of what was played. A hollow mark is no live run: it is computed from both
runs of each episode, the small policy's where it wins, else the strong one's. Differences and
ratios are to {escape(baseline)}. A dash is unknown, which is not zero.</p>
{parts}
</html>
"""


def _part(split: str, rows: Sequence[Row]) -> str:
    mine = [row for row in rows if row["split"] == split]
    charts = "\n".join(
        _chart(_points(mine, cost), title, _method(mine, cost)) for cost, title in COSTS.items()
    )
    return f"<h2>{escape(split)} tasks</h2>\n{charts}\n{_table(mine)}"


def _points(rows: Sequence[Row], cost: str) -> list[Point]:
    points = list[Point]()
    for place, policy in enumerate(dict.fromkeys(row["policy"] for row in rows)):
        mine = {row["metric"]: row for row in rows if row["policy"] == policy}
        x, y = _spread(mine.get(cost)), _spread(mine.get("success"))
        if x and y:
            live = mine["success"]["kind"] == "live"
            points.append(Point(place + 1, str(policy), COLOURS[place % len(COLOURS)], x, y, live))
    return points


def _spread(row: Row | None) -> tuple[float, float, float] | None:
    if row is None or row["value"] is None:
        return None
    low, high = (row["value"] if row[end] is None else row[end] for end in ("low", "high"))
    return float(low), float(row["value"]), float(high)


def _method(rows: Sequence[Row], cost: str) -> str:
    known = {row["method"] for row in rows if row["metric"] == cost and row["method"]}
    return ", ".join(sorted(map(str, known)))


def _chart(points: Sequence[Point], across: str, method: str) -> str:
    across = f"{across} ({method})" if method else across
    if not points:
        return f"<figure><figcaption>{escape(across)}: unknown</figcaption></figure>"
    most = max(point.x[2] for point in points) or 1.0
    marks = "\n".join(_mark(point, most) for point in points)
    return f"""<figure><svg width="{WIDTH}" height="{HEIGHT}" role="img"
 aria-label="success by {escape(across)}">
{"".join(_axes(most))}{_coin(points, most)}{_front(points, most)}
{marks}
<text x="{LEFT}" y="12">success</text>
<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{escape(across)}</text>
</svg><figcaption>{_legend(points)}</figcaption></figure>"""


def _x(value: float, most: float) -> float:
    return LEFT + value / most * (WIDTH - LEFT - RIGHT)


def _y(value: float) -> float:
    return HEIGHT - BOTTOM - value * (HEIGHT - BOTTOM - TOP)


def _axes(most: float) -> Iterator[str]:
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = _x(part * most, most), _y(part)
        yield f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{part:.0%}</text>'
        yield f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">'
        yield f"{part * most:.3g}</text>"


def _coin(points: Sequence[Point], most: float) -> str:
    ends = {point.name: point for point in points if point.name in ("small", "strong")}
    if len(ends) < 2:
        return ""
    small, strong = ends["small"], ends["strong"]
    return (
        f'<line class="line" x1="{_x(small.x[1], most):.1f}" y1="{_y(small.y[1]):.1f}"'
        f' x2="{_x(strong.x[1], most):.1f}" y2="{_y(strong.y[1]):.1f}"/>'
    )


def front(points: Sequence[Point]) -> list[Point]:
    """The live contenders that no other beats at the same or a lower cost, cheapest first."""
    best = list[Point]()
    for point in sorted(points, key=lambda each: (each.x[1], -each.y[1])):
        if point.live and (not best or point.y[1] > best[-1].y[1]):
            best.append(point)
    return best


def _front(points: Sequence[Point], most: float) -> str:
    places = " ".join(f"{_x(p.x[1], most):.1f},{_y(p.y[1]):.1f}" for p in front(points))
    return f'<polyline class="front" points="{places}"/>'


def _mark(point: Point, most: float) -> str:
    left, x, right = (_x(value, most) for value in point.x)
    low, y, high = (_y(value) for value in point.y)
    colour, fill = point.colour, point.colour if point.live else "none"
    kind = "live" if point.live else "bound"
    title = f"{point.name}: {point.y[1]:.1%} ({point.y[0]:.1%} to {point.y[2]:.1%}), "
    title += f"{point.x[1]:.4g} ({point.x[0]:.4g} to {point.x[2]:.4g})"
    return (
        f"<g><title>{escape(title)}</title>"
        f'<line class="whisker" stroke="{colour}" x1="{left:.1f}" x2="{right:.1f}"'
        f' y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<line class="whisker" stroke="{colour}" x1="{x:.1f}" x2="{x:.1f}"'
        f' y1="{low:.1f}" y2="{high:.1f}"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{MARK_PX}" stroke="{colour}" stroke-width="2"'
        f' fill="{fill}"/><text class="{kind}" x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle">'
        f"{point.number}</text></g>"
    )


def _legend(points: Sequence[Point]) -> str:
    return " ".join(
        f'<b style="color:{point.colour}">{point.number}</b> {escape(point.name)}'
        for point in points
    )


def _table(rows: Sequence[Row]) -> str:
    titles = "".join(f"<th>{title}</th>" for title in ("policy", "n", *TABLE.values()))
    lines = list[str]()
    for policy in dict.fromkeys(row["policy"] for row in rows):
        mine = {row["metric"]: row for row in rows if row["policy"] == policy}
        cells = "".join(f"<td>{_cell(metric, mine.get(metric))}</td>" for metric in TABLE)
        lines.append(
            f"<tr><td>{escape(str(policy))}</td><td>{mine['success']['n']}</td>{cells}</tr>"
        )
    body = "\n".join(lines)
    return f'<div class="scroll"><table><tr>{titles}</tr>\n{body}\n</table></div>'


def _cell(metric: str, row: Row | None) -> str:
    spread = _spread(row)
    if row is None or spread is None:
        return "-"
    kind = ".1%" if metric.startswith(SHARES) else ".3g"
    low, value, high = (format(figure, kind) for figure in spread)
    between = "" if row["low"] is None else f" <small>{low} to {high}</small>"
    return f"{value}{between}"
