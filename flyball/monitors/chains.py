"""Look ahead: what going on comes to where one may still call for help, or stop, later on.

A price for going on that has the policy at hand drive to the end takes help for now or never, and
calls it in at the first doubt. How steps and risks follow one another makes a Markov decision
process, and value iteration (Bellman 1957) prices going on by the best that can be done at each
step to come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flyball.monitors.outlooks import Outlook

Cell = tuple[int, int]
"""A band of steps, and a band of risks in it."""
Figure = Callable[[Outlook], float | None]
"""What an outlook comes to, failure included; less is better."""
MOST_SWEEPS = 100
ENOUGH = 1e-6
"""A sweep that changes no chance by more is the last."""


@dataclass(frozen=True, kw_only=True)
class Transition:
    """What a step from one cell leads to, and what it takes until the next one is judged."""

    to: tuple[tuple[int, int, float], ...] = ()
    """The cell of the next step, by its band of steps and of risks, and how likely it is."""
    won: float = 0.0
    lost: float = 0.0
    """The chances that the run ends with this step."""
    joules: float | None = None
    usd: float | None = None
    seconds: float | None = None


def foresee(
    rows: Sequence[Sequence[Transition]],
    others: Callable[[Cell], Sequence[Outlook]],
    figure: Figure,
) -> dict[Cell, Outlook]:
    """Price going on from each cell, with the best of going on and `others` at each later one.

    Hysteresis is the governor's own: in here two choices that are within it would take turns.
    """
    chain = {(r, c): transition for r, row in enumerate(rows) for c, transition in enumerate(row)}
    chosen = {cell: list(others(cell)) for cell in chain}
    known = dict.fromkeys(chain, Outlook(chance=0.0, joules=0.0, usd=0.0, seconds=0.0))
    best = {cell: _best(known[cell], chosen[cell], figure) for cell in chain}
    for _ in range(MOST_SWEEPS):
        change = 0.0
        # Steps only go on: from the last ones back, what a cell leads to is mostly known already.
        for cell in reversed(chain):
            found = _ahead(chain[cell], best)
            change = max(change, abs((found.chance or 0.0) - (known[cell].chance or 0.0)))
            known[cell], best[cell] = found, _best(found, chosen[cell], figure)
        if change < ENOUGH:
            break
    return known


def _best(going_on: Outlook, others: Sequence[Outlook], figure: Figure) -> Outlook:
    least, bar = going_on, figure(going_on)
    for other in others:
        price = figure(other)
        if bar is not None and price is not None and price < bar:
            least, bar = other, price
    return least


def _ahead(transition: Transition, best: Mapping[Cell, Outlook]) -> Outlook:
    to = [(share, best[row, column]) for row, column, share in transition.to]
    chance = transition.won + sum(share * (each.chance or 0.0) for share, each in to)
    return Outlook(
        chance=min(1.0, chance),
        joules=_cost(transition.joules, [(share, each.joules) for share, each in to]),
        usd=_cost(transition.usd, [(share, each.usd) for share, each in to]),
        seconds=_cost(transition.seconds, [(share, each.seconds) for share, each in to]),
    )


def _cost(own: float | None, rest: Sequence[tuple[float, float | None]]) -> float | None:
    if own is None or any(cost is None for _, cost in rest):
        return None
    return own + sum(share * (cost or 0.0) for share, cost in rest)
