"""A report's rows as one HTML page that needs nothing else: tables, and bars with intervals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from flyball.bench.report import ALL, FAILURES, Row

BAR_WIDTH, BAR_HEIGHT = 120, 14

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem;
  color: #222 }
table { border-collapse: collapse; margin: 1rem 0 2rem; display: block; overflow-x: auto }
caption { text-align: left }
th, td { padding: .15rem .8rem .15rem 0; text-align: right; border-bottom: 1px solid #ddd }
td { white-space: nowrap }
th:nth-child(-n+2), td:nth-child(-n+2) { text-align: left } tr.all { font-weight: 600 }
svg { vertical-align: middle } .track { fill: #eee } .bar { fill: #4a7ebb }
.interval { stroke: #222; stroke-width: 1.5 } small { color: #666 }
@media (prefers-color-scheme: dark) { body { background: #181818; color: #ddd }
  .track { fill: #333 } .interval { stroke: #ddd } th, td { border-color: #333 } }
"""

TITLES = {
    "success": "success",
    "steps": "steps",
    "seconds": "seconds",
    "decision_ms": "ms a decision",
    "joules": "joules",
    "joules_per_success": "joules a success",
    "joules_per_decision": "joules a decision",
    "usd": "dollars",
    **{f"lost_by_{kind}": kind.replace("_", " ") for kind in FAILURES},
    "infrastructure_errors": "infrastructure errors",
}


def make_page(rows: Sequence[Row]) -> str:
    """Write the page: a table a suite, policy and split, with the whole split in its first line."""
    parts = "\n".join(_table(group) for group in _groups(rows)) or "<p>Nothing was played.</p>"
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>flyball bench</title><style>{STYLE}</style>
<h1>flyball bench</h1>
<p>Success with Wilson's 95 % interval; the other intervals are bootstrapped, over tasks for a
split and over episodes for a task. A dash is unknown, which is not zero. Joules are read from
counters unless marked as estimated. The columns from loop to step limit count how episodes were
lost.</p>
{parts}
</html>
"""


def _groups(rows: Sequence[Row]) -> Iterator[list[Row]]:
    keys = dict.fromkeys(_key(row) for row in rows)
    for key in keys:
        yield [row for row in rows if _key(row) == key]


def _key(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in ("suite", "policy", "monitor", "split"))


def _table(rows: Sequence[Row]) -> str:
    suite, policy, monitor, split = map(escape, _key(rows[0]))
    titles = "".join(f"<th>{title}</th>" for title in ("task", *TITLES.values()))
    lines = "\n".join(_line(task, rows) for task in dict.fromkeys(row["task"] for row in rows))
    return f"""<table><caption><b>{suite}, {split} tasks: {policy}</b>
<small>supervised by {monitor}</small></caption>
<tr>{titles}</tr>
{lines}
</table>"""


def _line(task: str, rows: Iterable[Row]) -> str:
    mine = {row["metric"]: row for row in rows if row["task"] == task}
    kind = ' class="all"' if task == ALL else ""
    cells = "".join(f"<td>{_cell(mine.get(metric))}</td>" for metric in TITLES)
    return f"<tr{kind}><td>{escape(task)}</td>{cells}</tr>"


def _cell(row: Row | None) -> str:
    if row is None or row["value"] is None:
        return "-"
    if row["metric"] == "success":
        note = f"{row['low']:.0%} to {row['high']:.0%}, n {row['n']}"
        return f"{_bar(row)} {row['value']:.0%} <small>{note}</small>"
    between = "" if row["low"] is None else f"{_figure(row['low'])} to {_figure(row['high'])}"
    note = " est." if row["method"] == "estimated" else ""
    return f'<span title="{between}">{_figure(row["value"])}{note}</span>'


def _bar(row: Row) -> str:
    value, low, high = (BAR_WIDTH * row[name] for name in ("value", "low", "high"))
    middle = BAR_HEIGHT / 2
    return (
        f'<svg width="{BAR_WIDTH}" height="{BAR_HEIGHT}" role="img">'
        f"<title>{row['low']:.1%} to {row['high']:.1%}</title>"
        f'<rect class="track" width="{BAR_WIDTH}" height="{BAR_HEIGHT}"/>'
        f'<rect class="bar" width="{value:.1f}" height="{BAR_HEIGHT}"/>'
        f'<line class="interval" x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}"/></svg>'
    )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 1_000 else f"{value:.3g}"
