"""An audit as one page of HTML that asks nobody for anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from flyball.audit.charts import Bar, Slice, bars, stack
from flyball.audit.replay import Saving
from flyball.audit.report import Report, ReportRow
from flyball.bench.intervals import Interval, wilson
from flyball.records import Metering

UNKNOWN = "-"
MOST_BARS = 40

STYLE = """
:root { color-scheme: light dark; --ground: #fff; --ink: #1d2328; --soft: #5c6873;
  --line: #d9dee3; --panel: #f5f7f9; --bar: #2f6f9f; --whisker: #1d2328;
  --c0: #2f6f9f; --c1: #d98032; --c2: #4f9a5b; --c3: #b0508c; --c4: #8a7a2f; --c5: #5b62b5;
  --c6: #3d9a98; --c7: #8b8f94 }
@media (prefers-color-scheme: dark) { :root { --ground: #14181c; --ink: #e4e8ec;
  --soft: #9aa6b1; --line: #323a42; --panel: #1d2329; --bar: #6aa9d6; --whisker: #e4e8ec;
  --c0: #6aa9d6; --c1: #e7a15f; --c2: #7fc48a; --c3: #d685b5; --c4: #c4b25e; --c5: #969de0;
  --c6: #6fcbc8; --c7: #a3a8ad } }
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 2rem 1.25rem;
  max-width: 78rem; background: var(--ground); color: var(--ink) }
h1 { font-size: 1.5rem; margin: 0 0 .25rem } h2 { font-size: 1.1rem; margin: 2.25rem 0 .75rem }
p, li { color: var(--soft) } p b, li b, dd b { color: var(--ink) }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); gap: .75rem }
dl div { background: var(--panel); border-radius: .4rem; padding: .7rem .9rem }
dt { color: var(--soft); font-size: .85rem } dd { margin: 0; color: var(--soft); font-size: .85rem }
dd b { display: block; font-size: 1.25rem }
.chart { width: 100%; max-width: 60rem; height: auto; display: block }
.chart text { font-size: 12px;
  fill: var(--ink) } .chart .name { text-anchor: end; fill: var(--soft) }
.bar { fill: var(--bar) } .whisker { stroke: var(--whisker); fill: none; stroke-width: 1.3 }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; padding: 0 }
.legend i { display: inline-block; width: .8em; height: .8em; margin-right: .4em }
.wide { overflow-x: auto } table { border-collapse: collapse; font-size: .88rem; width: 100% }
th, td { padding: .3rem .8rem .3rem 0; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap } th { color: var(--soft); font-weight: 500 }
th:first-child, td:first-child { text-align: left } tr.all { font-weight: 600 }
td small { color: var(--soft) }
""" + "\n".join(
    f".c{place} {{ fill: var(--c{place}); background: var(--c{place}) }}" for place in range(8)
)

COLUMNS = (
    "J/success", "95 %", "runs", "ok", "J", "method", "median J", "J failed", "J superv.",
    "J over idle", "J own", "$", "g CO2e", "s", "unknown s",
)  # fmt: skip


def make_page(report: Report, savings: Sequence[Saving] = ()) -> str:
    """Write the page: energy per success first, where the rest went, and what it rests on."""
    parts = (
        _head(report),
        _tiles(report.whole),
        _notes(report.notes),
        _per_success(report),
        _shares(report),
        _savings(savings),
        _table(report),
        _rests_on(report.meterings),
    )
    return "\n".join((*parts, "</html>\n"))


def _head(report: Report) -> str:
    row = report.whole.row
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,"><title>flyball audit</title><style>{STYLE}</style>
<h1>What {row.runs} runs took</h1>
<p>A dash is unknown, which is not zero. Intervals are 95 %, bootstrapped over tasks. Readings and
estimates are never added up.</p>"""


def _tiles(whole: ReportRow) -> str:
    row = whole.row
    failed = _share(row.joules_failed, row.joules)
    watching = _share(row.joules_supervision, row.joules)
    won, between = UNKNOWN, ""
    if row.successes is not None and row.runs:
        won = f"{row.successes} of {row.runs}"
        between = _between(wilson(row.successes, row.runs), percent=True)
    tiles = (
        ("energy per success", joules(row.joules_per_success), _between(whole.per_success)),
        ("succeeded", won, between),
        ("energy", joules(row.joules), _known(row.joules_at_least, row.energy_method, row.joules)),
        ("went into failures", failed, joules(row.joules_failed)),
        ("went into supervision", watching, joules(row.joules_supervision)),
        ("median run", joules(whole.median_j), _between(whole.median_interval)),
        ("of the memory's floor", _percent(whole.floor_share), "by writing answers locally"),
        ("money", _figure(row.cost_usd, " $"), f"{_figure(whole.dollars_per_success, ' $')} each"),
        ("carbon", _figure(whole.grams, " g CO2e"), "from the grid written down with each run"),
    )
    cells = "".join(
        f"<div><dt>{name}</dt><dd><b>{escape(value)}</b>{escape(more)}</dd></div>"
        for name, value, more in tiles
    )
    return f"<dl>{cells}</dl>"


def _notes(notes: Sequence[str]) -> str:
    if not notes:
        return ""
    return f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in notes)}</ul>"


def _per_success(report: Report) -> str:
    rows = sorted(report.rows, key=lambda each: -(each.row.joules_per_success or 0.0))
    told = [
        Bar(
            name=each.row.key or "(none)",
            value=each.row.joules_per_success,
            interval=each.per_success,
            label=_label(each),
        )
        for each in rows[:MOST_BARS]
    ]
    if not told:
        return "<p>No runs yet; flyball demo makes some.</p>"
    more = f"<p>and {len(rows) - MOST_BARS} more below</p>" if len(rows) > MOST_BARS else ""
    title = f"Energy per success, by {report.by}"
    return f"<h2>{title}</h2>\n{bars(told, title)}{more}"


def _label(each: ReportRow) -> str:
    row = each.row
    if row.joules_per_success is None and row.successes == 0 and row.joules is not None:
        return f"no success for {joules(row.joules)}"
    return joules(row.joules_per_success)


def _shares(report: Report) -> str:
    slices = [*_policies(report), *_others(report)]
    known = [each for each in slices if each.value > 0]
    if not known:
        return ""
    title = "Where it went"
    whole = sum(each.value for each in known)
    told = [
        each._replace(label=f"{each.value / whole:.1%}, {joules(each.value)}") for each in known
    ]
    return f"<h2>{title}</h2>\n{stack(told, title)}"


def _policies(report: Report) -> Iterator[Slice]:
    for policy, taken in report.policies.items():
        yield Slice(f"policy {policy}", taken, "")


def _others(report: Report) -> Iterator[Slice]:
    yield Slice("supervision", report.supervision_j, "")
    yield Slice("tools", report.tools_j, "")
    if report.idle_j is not None:
        yield Slice("between the windows", max(report.idle_j, 0.0), "")


def _savings(savings: Sequence[Saving]) -> str:
    if not savings:
        return ""
    lines = "".join(
        f"<tr><td>{escape(each.monitor)}</td><td>{each.stopped} of {each.runs}</td>"
        f"<td>{each.stopped_successes}</td><td>{joules(each.saved_j)}</td>"
        f"<td>{UNKNOWN if each.share is None else f'{each.share:.1%}'}</td></tr>"
        for each in savings
    )
    kind = "estimated" if savings[0].method == "estimated" else "read"
    head = "".join(
        f"<th>{name}</th>" for name in ("stop rule", "runs stopped", "successes lost", "saved", "")
    )
    return (
        "<h2>What stopping earlier would have saved</h2>\n<p>Stop rules, put step by step to"
        f" the runs that nothing was run beside and whose energy was {kind}.</p>\n"
        f'<div class="wide"><table><tr>{head}</tr>{lines}</table></div>'
    )


def _table(report: Report) -> str:
    head = "".join(f"<th>{name}</th>" for name in (report.by, *COLUMNS))
    lines = "\n".join(_line(each) for each in report.rows)
    return (
        f'<h2>By {report.by}</h2>\n<div class="wide"><table><tr>{head}</tr>\n{lines}\n'
        f"{_line(report.whole, whole=True)}</table></div>"
    )


def _line(each: ReportRow, *, whole: bool = False) -> str:
    row = each.row
    cells = (
        _figure(row.joules_per_success),
        _between(each.per_success),
        str(row.runs),
        UNKNOWN if row.successes is None else str(row.successes),
        _figure(row.joules) if row.joules is not None else _at_least(row.joules_at_least),
        row.energy_method or UNKNOWN,
        _figure(each.median_j),
        _figure(row.joules_failed),
        _figure(row.joules_supervision),
        _figure(row.joules_over_idle),
        _figure(row.joules_own),
        _figure(row.cost_usd),
        _figure(each.grams),
        _figure(row.seconds),
        _figure(row.unmetered_seconds),
    )
    kind, why = (' class="all"' if whole else ""), escape(row.unknown_why or "", quote=True)
    told = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f'<tr{kind} title="{why}"><td>{escape(row.key or "(none)")}</td>{told}</tr>'


def _rests_on(meterings: Sequence[Metering]) -> str:
    lines = "".join(f"<li>{escape(line)}</li>" for each in meterings for line in told(each))
    return f"<h2>What the figures rest on</h2>\n<ul>{lines}</ul>" if lines else ""


def told(metering: Metering) -> Iterator[str]:
    """Tell what figures rest on, a line each."""
    yield from metering.sources
    if metering.idle_watts is not None and metering.idle_measured_at is not None:
        when = f"{metering.idle_measured_at:%Y-%m-%d}"
        yield f"idle baseline: {metering.idle_watts:.3g} W, measured on {when}"
    if metering.usd_per_kwh is not None:
        yield f"electricity: {metering.usd_per_kwh:g} $/kWh"
    if metering.price_list:
        yield f"remote requests: {metering.price_list}"
    if metering.grams_per_kwh is not None:
        yield f"grid: {metering.grams_per_kwh:g} g CO2e/kWh, {metering.grid}"


def joules(value: float | None) -> str:
    """Write joules with three digits that count, in kJ from a thousand on."""
    if value is None:
        return UNKNOWN
    return f"{value / 1000:,.3g} kJ" if abs(value) >= 1000 else f"{value:.3g} J"


def _percent(share: float | None) -> str:
    return UNKNOWN if share is None else f"{share:.0%}"


def _known(at_least: float | None, method: str | None, known: float | None) -> str:
    if known is None and at_least is not None:
        return f"at least {joules(at_least)}, {method}"
    return method or ""


def _at_least(value: float | None) -> str:
    return UNKNOWN if value is None else f"≥ {_figure(value)}"


def _share(part: float | None, whole: float | None) -> str:
    return UNKNOWN if part is None or not whole else f"{part / whole:.1%}"


def _between(interval: Interval | None, *, percent: bool = False) -> str:
    if interval is None:
        return ""
    low, high = interval
    return f"{low:.0%} to {high:.0%}" if percent else f"{_figure(low)} to {_figure(high)}"


def _figure(value: float | None, unit: str = "") -> str:
    if value is None:
        return UNKNOWN
    return (f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}") + unit
