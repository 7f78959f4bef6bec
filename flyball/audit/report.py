"""An audit of runs: a row a key, and what all of them come to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from flyball.audit.figures import RunFigure, figures
from flyball.bench.drawing import median_interval, ratio_interval
from flyball.bench.intervals import Interval
from flyball.ledger import AuditRow, By, Ledger, audit
from flyball.records import Metering, Run

Units = Sequence[Sequence[RunFigure]]
KEYS: Mapping[By, Callable[[RunFigure], str]] = {
    "task": lambda run: run.task,
    "model": lambda run: run.policy,
    "agent": lambda run: run.agent,
    "suite": lambda run: run.suite,
    "day": lambda run: run.day,
    "attempt": lambda run: run.attempt,
}
"""What a whole run belongs to; a tool has steps only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """A row of the audit, with what can be said of whole runs."""

    row: AuditRow
    per_success: Interval | None
    """95 % interval of joules for each success."""
    median_j: float | None
    """Of a run; unknown where one of the runs is."""
    median_interval: Interval | None
    grams: float | None
    """Of CO2 equivalents; unknown where a run's grid or joules are."""
    dollars_per_success: float | None
    floor_share: float | None
    """The fraction of the memory-bandwidth floor that writing answers reached: 1 is as fast as
    memory allows, one answer at a time. More than 1 is a model that fits into the caches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    by: By
    rows: tuple[ReportRow, ...]
    whole: ReportRow
    """All runs as one row."""
    policies: Mapping[str, float]
    """Joules that each policy's own answers took, largest first; of the runs that are known."""
    supervision_j: float
    tools_j: float
    prefill_j: float | None
    """Of the policies' joules, modelled by seconds; unknown where one run's are."""
    decode_j: float | None
    idle_j: float | None
    """Between the windows, which is no part of the rows; unknown where one run's is."""
    known_j: float
    """What the four figures before rest on: the joules of the runs that are known."""
    notes: tuple[str, ...]
    """What has to be said about these figures, a line each."""
    meterings: tuple[Metering, ...]
    """The different things that they rest on."""


def report(ledger: Ledger, runs: Sequence[Run], by: By) -> Report:
    """Audit `runs`. Figures of the same runs are the same every time."""
    runs = sorted(runs, key=lambda run: run.id)
    told, ids = figures(ledger, runs), [run.id for run in runs]
    groups = _grouped(told, by)
    rows = audit(ledger, by, runs=ids)
    whole = audit(ledger, "all", runs=ids)[0]
    known = [each for each in told if each.joules is not None]
    meterings = tuple(dict.fromkeys(_plain(run.metering) for run in runs if run.metering))
    return Report(
        by=by,
        rows=tuple(_row(row, groups.get(row.key, [])) for row in rows),
        whole=_row(whole, told),
        policies=_by_policy(known),
        supervision_j=_part(known, "monitor"),
        tools_j=_part(known, "tool"),
        prefill_j=_whole(each.prefill_j for each in known),
        decode_j=_whole(each.decode_j for each in known),
        idle_j=_whole(each.idle_j for each in known),
        known_j=sum(each.joules or 0.0 for each in known),
        notes=tuple(_notes(told, whole)),
        meterings=meterings,
    )


def per_success(runs: Sequence[RunFigure]) -> float | None:
    """All joules, failures and supervision included, for each success."""
    successes = sum(each.success is True for each in runs)
    joules = total(runs)
    return joules / successes if joules is not None and successes else None


def total(runs: Sequence[RunFigure]) -> float | None:
    """Unknown as soon as one run is, or where some were read and some estimated."""
    known = [each.joules for each in runs]
    methods = {each.method == "estimated" for each in runs}
    if not known or None in known or len(methods) > 1:
        return None
    return sum(joules for joules in known if joules is not None)


def median_of(runs: Sequence[RunFigure]) -> float | None:
    known = total(runs)
    return None if known is None else median(each.joules or 0.0 for each in runs)


def units(runs: Sequence[RunFigure]) -> Units:
    """What is drawn for intervals: tasks, whose runs are alike, or the runs of a single one."""
    by_task = defaultdict[str, list[RunFigure]](list)
    for each in runs:
        by_task[each.task].append(each)
    return list(by_task.values()) if len(by_task) > 1 else [[each] for each in runs]


def success_interval(runs: Sequence[RunFigure]) -> Interval | None:
    """95 % interval of `per_success`; `None` where some draws have no success to divide by."""
    if per_success(runs) is None:
        return None
    return ratio_interval(
        [
            (sum(each.joules or 0.0 for each in unit), sum(each.success is True for each in unit))
            for unit in units(runs)
        ]
    )


def interval_of_median(runs: Sequence[RunFigure]) -> Interval | None:
    """95 % interval of `median_of`."""
    if median_of(runs) is None:
        return None
    return median_interval([[each.joules or 0.0 for each in unit] for unit in units(runs)])


def _grouped(told: Sequence[RunFigure], by: By) -> dict[str, list[RunFigure]]:
    groups = defaultdict[str, list[RunFigure]](list)
    key = KEYS.get(by)
    for each in told if key else ():
        groups[key(each) if key else ""].append(each)
    return groups


def _row(row: AuditRow, mine: Sequence[RunFigure]) -> ReportRow:
    grams = [each.grams for each in mine]
    dollars = None if row.cost_usd is None or not row.successes else row.cost_usd / row.successes
    return ReportRow(
        row=row,
        per_success=success_interval(mine),
        median_j=median_of(mine),
        median_interval=interval_of_median(mine),
        grams=None if not grams or None in grams else sum(each or 0.0 for each in grams),
        dollars_per_success=dollars,
        floor_share=_floor_share(mine),
    )


def _floor_share(mine: Sequence[RunFigure]) -> float | None:
    told = [each for each in mine if each.floor_seconds is not None and each.decode_seconds]
    decoding = sum(each.decode_seconds or 0.0 for each in told)
    return sum(each.floor_seconds or 0.0 for each in told) / decoding if decoding else None


def _by_policy(known: Iterable[RunFigure]) -> dict[str, float]:
    sums = defaultdict[str, float](float)
    for each in known:
        for (policy, part), joules in each.parts.items():
            if part == "policy":
                sums[policy] += joules
    return dict(sorted(sums.items(), key=lambda item: -item[1]))


def _part(known: Iterable[RunFigure], wanted: str) -> float:
    return sum(
        joules for each in known for (_, part), joules in each.parts.items() if part == wanted
    )


def _whole(figures: Iterable[float | None]) -> float | None:
    """The sum; one unknown makes it unknown."""
    told = list(figures)
    known = [each for each in told if each is not None]
    return sum(known) if known and len(known) == len(told) else None


def _plain(metering: Metering) -> Metering:
    return replace(metering, beside=0)


def _notes(told: Sequence[RunFigure], whole: AuditRow) -> Iterable[str]:
    lost = [each for each in told if each.unknown_why]
    why = ", ".join(dict.fromkeys(each.unknown_why or "" for each in lost))
    if lost:
        yield f"energy is unknown, or known in part only, of {len(lost)} of {len(told)} runs: {why}"
    if whole.energy_method == "estimated":
        yield "joules are estimated from CPU time and memory: no counter of a processor was read"
    if whole.energy_method == "mixed":
        yield "some runs were read and some estimated, which have no sum: choose runs of one kind"
    if whole.remote_high_j is not None:
        yield (
            f"remote models that EcoLogits knows may have taken {whole.remote_low_j:.3g} to"
            f" {whole.remote_high_j:.3g} J elsewhere, as it estimates; no other figure holds any of"
            " that"
        )
    unchecked = sum(each.success is None for each in told)
    if unchecked:
        yield f"nothing checked {unchecked} of {len(told)} runs: they are no successes"
    if any(each.joules is not None and each.grams is None for each in told):
        yield 'carbon is unknown where no grid was set: [energy] country = "DE", say'
