"""What monitors save against what they lose, as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from flyball.bench.baselines import AGENTSTOP
from flyball.bench.evaluation import cut, judge_by_fold, share_lost, share_saved
from flyball.bench.page import STYLE
from flyball.bench.report import Row
from flyball.bench.worth import Told
from flyball.monitors.learned.scored import ScoredRun

LOSSES = (0.0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.10, 0.15, 0.20, 0.30)
WIDTH, HEIGHT, MARGIN = 460, 300, 44
COLOURS = (
    "#4a7ebb",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#8a6d3b",
    "#777777",
    "#7b3fa0",
    "#b2182b",
    "#3f9e9e",
    "#c2508c",
)
"""As many as monitors and baselines there are to be told apart, on white and on black."""
TABLE = (
    "auc",
    "saving@0.01",
    "saving@0.05",
    "saving@0.10",
    "loss@0.05",
    "saving_by_task@0.05",
    "saving_cut@0.05",
    "loss_cut@0.05",
    "precision",
    "recall",
    "f1",
    "false_alarms",
    "judge_ms",
)

Points = list[tuple[float, float]]


def make_curves(groups: Sequence[Told], rows: Sequence[Row]) -> str:
    """Write the page: for each suite and model two charts and a table."""
    parts = "\n".join(_part(told, rows) for told in groups)
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>flyball monitors eval</title><style>{STYLE}</style>
<h1>flyball monitors eval</h1>
<p>All on tasks that no threshold was set on, with 95 % intervals bootstrapped over tasks. Left:
what failing runs took and would not have, against the successes that would have been stopped, for
thresholds that lose a given share of the other tasks' successes. Right: how well the score at a
step tells runs that fail from runs that do not, among those still going. In the table, <i>@x</i> is
the loss that was promised with 95 % confidence; <i>cut</i> promises nothing.</p>
{parts}
</html>
"""


def _part(told: Told, rows: Sequence[Row]) -> str:
    policy = told.policy or "all"
    mine = [row for row in rows if (row["suite"], row["policy"]) == (told.suite, policy)]
    curves = {name: _curve(name, runs) for name, runs in told.scored.items()}
    steps = {name: _by_step(name, mine) for name in told.scored}
    return f"""<h2>{escape(told.suite)}: {escape(policy)}</h2>
<p>{_legend(list(told.scored))}</p>
{_chart(curves, "loss of successes", f"{told.unit} of failing runs saved", (0.3, 1.0))}
{_chart(steps, "step", "AUC", (_last(steps), 1.0))}
{_table(list(told.scored), mine)}"""


def _curve(name: str, runs: Sequence[ScoredRun]) -> Points:
    points = Points()
    for loss in LOSSES:
        sums = list(judge_by_fold(runs, loss, cut, once=name == AGENTSTOP).values())
        points.append((share_lost(sums) or 0.0, share_saved(sums) or 0.0))
    return sorted(points)


def _by_step(name: str, rows: Sequence[Row]) -> Points:
    return [
        (float(row["step"]), row["value"])
        for row in rows
        if row["monitor"] == name and row["metric"] == "auc" and row["step"] is not None
    ]


def _last(steps: dict[str, Points]) -> float:
    return max((x for points in steps.values() for x, _ in points), default=1.0) or 1.0


def _legend(names: Sequence[str]) -> str:
    return " ".join(
        f'<b style="color:{_colour(place)}">\u25a0</b> {escape(name)}'
        for place, name in enumerate(names)
    )


def _colour(place: int) -> str:
    return COLOURS[place % len(COLOURS)]


def _chart(curves: dict[str, Points], across: str, up: str, most: tuple[float, float]) -> str:
    lines = "\n".join(
        f'<polyline fill="none" stroke="{_colour(place)}" stroke-width="2"'
        f' points="{_places(points, most)}"><title>{escape(name)}</title></polyline>'
        for place, (name, points) in enumerate(curves.items())
    )
    return f"""<svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{up} by {across}">
{"".join(_grid(most))}
<text x="{WIDTH / 2}" y="{HEIGHT - 6}" fill="currentColor" text-anchor="middle">{across}</text>
<text x="{MARGIN}" y="14" fill="currentColor">{up}</text>
{lines}</svg>"""


def _places(points: Points, most: tuple[float, float]) -> str:
    inside = [(x, y) for x, y in points if x <= most[0]]
    return " ".join(f"{_x(x, most):.1f},{_y(y, most):.1f}" for x, y in inside)


def _x(value: float, most: tuple[float, float]) -> float:
    return MARGIN + value / most[0] * (WIDTH - MARGIN - 10)


def _y(value: float, most: tuple[float, float]) -> float:
    return HEIGHT - MARGIN - value / most[1] * (HEIGHT - MARGIN - 24)


def _grid(most: tuple[float, float]) -> Iterator[str]:
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = _x(part * most[0], most), _y(part * most[1], most)
        yield f'<line class="track" x1="{MARGIN}" x2="{WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}"'
        yield f' stroke="#ccc"/><text x="{MARGIN - 6}" y="{y + 4:.1f}" fill="currentColor"'
        yield f' text-anchor="end" font-size="11">{part * most[1]:.2g}</text>'
        yield f'<text x="{x:.1f}" y="{HEIGHT - MARGIN + 16}" fill="currentColor"'
        yield f' text-anchor="middle" font-size="11">{part * most[0]:.2g}</text>'


def _table(names: Sequence[str], rows: Sequence[Row]) -> str:
    titles = "".join(f"<th>{title}</th>" for title in ("monitor", *TABLE))
    lines = "\n".join(_line(name, rows) for name in names)
    return f"<table><tr>{titles}</tr>\n{lines}</table>"


def _line(name: str, rows: Sequence[Row]) -> str:
    mine = {row["metric"]: row for row in rows if row["monitor"] == name and row["step"] is None}
    cells = "".join(f"<td>{_cell(mine.get(metric))}</td>" for metric in TABLE)
    return f"<tr><td>{escape(name)}</td>{cells}</tr>"


def _cell(row: Row | None) -> str:
    if row is None or row["value"] is None:
        return "-"
    if row["low"] is None:
        return f"{row['value']:.3g}"
    return f"{row['value']:.3f} <small>{row['low']:.2f} to {row['high']:.2f}</small>"
