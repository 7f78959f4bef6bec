"""An audit in words, the same in the terminal as on the screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flyball.audit.report import Report, ReportRow
from flyball.bench.intervals import Interval
from flyball.telling import UNKNOWN, amount


def cells(each: ReportRow) -> Mapping[str, str]:
    """A row's figures by the names of their columns, energy per success first."""
    row = each.row
    part = UNKNOWN if row.joules_at_least is None else f"≥{amount(row.joules_at_least)}"
    return {
        "": row.key,
        "J/success": amount(row.joules_per_success),
        "95 %": between(each.per_success),
        "runs": f"{row.runs:,}",
        "ok": UNKNOWN if row.successes is None else f"{row.successes:,}",
        "steps": f"{row.steps:,}",
        "J": part if row.joules is None else amount(row.joules),
        "method": row.energy_method or UNKNOWN,
        "median J": amount(each.median_j),
        "J failed": amount(row.joules_failed),
        "failed": share(row.joules_failed, row.joules),
        "J superv.": amount(row.joules_supervision),
        "superv.": share(row.joules_supervision, row.joules),
        "$": amount(row.cost_usd),
        "g CO2e": amount(each.grams),
        "tokens in": f"{row.input_tokens:,}",
        "cached": f"{row.cached_tokens:,}",
        "out": f"{row.output_tokens:,}",
        "s": amount(row.seconds),
    }


def headline(report: Report) -> str:
    """Tell what all runs came to, energy per success first."""
    row, all_of = report.whole.row, cells(report.whole)
    interval = f" ({all_of['95 %']})" if all_of["95 %"] else ""
    return (
        f"by {report.by}: {amount(row.joules_per_success, ' J')} a success{interval};"
        f" {all_of['ok']} of {all_of['runs']} runs succeeded, {all_of['J']} J,"
        f" ${all_of['$']}, {all_of['g CO2e']} g CO2e"
    )


def where_it_went(report: Report) -> Iterable[str]:
    """Tell the shares of policies, supervision, tools and failures, a line each."""
    whole = report.known_j
    if not whole:
        return
    parts = [(f"policy {name}", taken) for name, taken in report.policies.items()]
    parts += [("supervision", report.supervision_j), ("tools", report.tools_j)]
    told = ", ".join(f"{name} {taken / whole:.1%}" for name, taken in parts)
    yield f"of {amount(whole, ' J')} in all windows: {told}"
    if report.prefill_j is not None and report.decode_j is not None:
        yield (
            f"of the policies' own, reading prompts {amount(report.prefill_j, ' J')} and writing"
            f" answers {amount(report.decode_j, ' J')}: modelled, by their seconds"
        )
    row = report.whole.row
    if row.joules_failed is not None and row.joules:
        yield f"into failures: {share(row.joules_failed, row.joules)}"
    if report.whole.floor_share is not None:
        yield (
            f"writing answers reached {report.whole.floor_share:.0%} of what memory's bandwidth"
            " allows, one answer at a time"
        )
    if report.idle_j is not None:
        yield f"between the windows: {amount(report.idle_j, ' J')} more"


def share(part: float | None, whole: float | None) -> str:
    """A share in percent; unknown where either is."""
    return UNKNOWN if part is None or not whole else f"{part / whole:.1%}"


def between(interval: Interval | None) -> str:
    """Tell an interval; an unknown one is empty."""
    return "" if interval is None else f"{amount(interval.low)} to {amount(interval.high)}"
