"""Learn how steps and risks follow one another in the runs that one policy drove to the end."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise
from statistics import fmean
from typing import TypeVar

from flyball.learning.seen import Seen
from flyball.monitors.chains import Cell, Transition
from flyball.monitors.outlooks import COSTS

WON, LOST = (-1, 0), (-1, 1)
"""Where a run ends, in place of its next cell."""
ENDS = (WON, LOST)
PRIOR_STEPS = 10.0
"""A cell counts what steps of its risk come to at any time as so many steps of its own."""

Hashed = TypeVar("Hashed", bound=Hashable)
Taken = tuple[Cell, Cell, tuple[float | None, ...]]
"""From where a step led, to where, and what it took."""


def chain(
    seen: Sequence[Seen], steps: Sequence[int], risks: Sequence[float]
) -> tuple[tuple[Transition, ...], ...]:
    """Count the transitions between bands of `steps` and `risks`; none where no risk is known."""
    taken = list(_taken(seen, steps, risks))
    if not taken:
        return ()
    return tuple(
        tuple(_transition(taken, (row, column)) for column in range(len(risks) + 1))
        for row in range(len(steps) + 1)
    )


def _taken(seen: Sequence[Seen], steps: Sequence[int], risks: Sequence[float]) -> Iterator[Taken]:
    by_run = defaultdict[str, list[Seen]](list)
    for each in seen:
        by_run[each.run].append(each)
    for run in by_run.values():
        known = [(each, each.risk) for each in sorted(run, key=lambda each: each.step)]
        cells = [
            (bisect_right(steps, e.step), bisect_right(risks, r)) for e, r in known if r is not None
        ]
        if len(cells) < len(run):
            continue
        ends = [*cells[1:], WON if run[0].success else LOST]
        costs = [*(_less(a, b) for (a, _), (b, _) in pairwise(known)), _costs(known[-1][0])]
        yield from zip(cells, ends, costs, strict=True)


def _costs(seen: Seen) -> tuple[float | None, ...]:
    return tuple(getattr(seen, name) for name in COSTS)


def _less(now: Seen, then: Seen) -> tuple[float | None, ...]:
    """What was taken from one step to the next: both tell what is still to come."""
    both = zip(_costs(now), _costs(then), strict=True)
    return tuple(None if a is None or b is None else max(0.0, a - b) for a, b in both)


def _transition(taken: Sequence[Taken], here: Cell) -> Transition:
    """Count what came of a cell, and lean on all steps of the same risk."""
    row, column = here
    alike = [each for each in taken if each[0][1] == column] or taken
    own = [each for each in taken if each[0] == here]
    later = _shares([to[0] for at, to, _ in taken if at[0] == row and to not in ENDS] or [row])
    prior = dict[Cell, float]()
    for (first, second), share in _shares([_any_row(to) for _, to, _ in alike]).items():
        if (first, second) in ENDS:
            prior[first, second] = share
        else:
            prior |= {(then, second): share * chance for then, chance in later.items()}
    counts, every = Counter(to for _, to, _ in own), len(own) + PRIOR_STEPS
    both = {to: (counts[to] + PRIOR_STEPS * prior.get(to, 0.0)) / every for to in {*counts, *prior}}
    costs = zip(
        COSTS,
        zip(*(each[2] for each in own), strict=True) if own else [()] * len(COSTS),
        zip(*(each[2] for each in alike), strict=True),
        strict=True,
    )
    return Transition(
        to=tuple((*to, share) for to, share in sorted(both.items()) if to not in ENDS),
        won=both.get(WON, 0.0),
        lost=both.get(LOST, 0.0),
        **{name: _lean(mine, others) for name, mine, others in costs},
    )


def _any_row(to: Cell) -> Cell:
    return to if to in ENDS else (0, to[1])


def _shares(found: Sequence[Hashed]) -> dict[Hashed, float]:
    return {each: count / len(found) for each, count in Counter(found).items()}


def _lean(mine: Sequence[float | None], others: Sequence[float | None]) -> float | None:
    known, wider = ([cost for cost in costs if cost is not None] for costs in (mine, others))
    if not wider:
        return None
    return (sum(known) + PRIOR_STEPS * fmean(wider)) / (len(known) + PRIOR_STEPS)
