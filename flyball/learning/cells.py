"""Average what was seen of runs by how far they were, and by their risk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from flyball.learning.seen import Seen
from flyball.monitors.outlooks import COSTS, UNKNOWN, Outlook

STEPS = (1, 2, 4, 8, 16)
RISKS = (0.1, 0.25, 0.5, 0.75, 0.9)
PRIOR_RUNS = 10.0
"""A cell counts its wider cell as so many runs of its own."""

Cells = tuple[tuple[Outlook, ...], ...]
"""A row for each band of steps and one for any; a column for each band of risks and one for any."""


def make_cells(seen: Sequence[Seen]) -> Cells:
    """Fill in a table: where runs are few, risk tells of the chance, and the step of the costs."""
    whole = _outlook(seen, UNKNOWN)
    any_step = _row(seen, whole, [whole] * (len(RISKS) + 1))
    rows = list[tuple[Outlook, ...]]()
    for low, high in _bands((0, *STEPS)):
        here = [each for each in seen if low <= each.step < high]
        rows.append(_row(here, _outlook(here, whole), any_step))
    return (*rows, any_step)


def _row(
    seen: Sequence[Seen], any_risk: Outlook, any_step: Sequence[Outlook]
) -> tuple[Outlook, ...]:
    """The cells of some steps, the last of any risk; `any_step` has a cell for each risk."""
    row = list[Outlook]()
    for (low, high), column in zip(_bands((0.0, *RISKS)), any_step, strict=False):
        here = [each for each in seen if each.risk is not None and low <= each.risk < high]
        row.append(_outlook(here, replace(any_risk, chance=column.chance)))
    return (*row, any_risk)


def _bands(lows: Sequence[float]) -> list[tuple[float, float]]:
    return list(zip(lows, [*lows[1:], float("inf")], strict=True))


def _outlook(seen: Sequence[Seen], wider: Outlook) -> Outlook:
    """Average over runs, whatever their length, and lean on `wider` where they are few."""
    by_run = defaultdict[str, list[Seen]](list)
    for each in seen:
        by_run[each.run].append(each)
    runs = list(by_run.values())
    figures = {name: _lean(runs, name, getattr(wider, name)) for name in COSTS}
    won = [any(each.success for each in run) for run in runs]
    chance = rate(won) if wider.chance is None else _lean(runs, "success", wider.chance)
    return Outlook(chance=chance, runs=len(runs), **figures)


def rate(happened: Sequence[bool]) -> float | None:
    """How often it happens, by Laplace's rule of succession: a few times make nothing certain."""
    return (sum(happened) + 1) / (len(happened) + 2) if happened else None


def _lean(runs: Sequence[Sequence[Seen]], name: str, wider: float | None) -> float | None:
    known = [
        [float(value) for each in run if (value := getattr(each, name)) is not None] for run in runs
    ]
    means = [fmean(values) for values in known if values]
    if not means:
        return wider
    if wider is None:
        return fmean(means)
    return (sum(means) + PRIOR_RUNS * wider) / (len(means) + PRIOR_RUNS)


def corrected(seen: Sequence[Seen], wider: Cells) -> Cells:
    """Fill in a table whose cells each lean on that of `wider` where they are few."""
    bands = [*_bands((0, *STEPS)), (0, float("inf"))]
    rows = list[tuple[Outlook, ...]]()
    for (low, high), row in zip(bands, wider, strict=True):
        here = [each for each in seen if low <= each.step < high]
        by_risk = [
            _outlook([e for e in here if e.risk is not None and least <= e.risk < most], cell)
            for (least, most), cell in zip(_bands((0.0, *RISKS)), row, strict=False)
        ]
        rows.append((*by_risk, _outlook(here, row[-1])))
    return tuple(rows)
