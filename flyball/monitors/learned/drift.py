"""Whether live scores still look like those that a promise was made on."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, log
from typing import NamedTuple

from flyball.monitors.learned.calibration import Calibration, peak_until_stopped
from flyball.monitors.learned.histogram import Histogram

FALSE_ALARMS = 0.01
"""The chance that an alarm is ever raised where nothing changed."""
CELLS = 10


class Live(NamedTuple):
    """One run as it went under a calibrated monitor."""

    id: str
    suite: str
    scores: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Drift:
    """What live runs say about a promise."""

    runs: int
    evidence: float
    """The most that was won by betting that the scores changed, for a stake of one."""
    alarm_after: int | None
    """Live runs after which the alarm was raised; `None` where it was not."""
    suites: tuple[str, ...]
    """Suites or sites of live runs that the promise was not made on."""
    passed_over: int = 0
    """Live runs that were not looked at, because the policy did not drive them alone."""

    @property
    def reason(self) -> str:
        """Why the promise may no longer hold, in a line; empty where nothing says so."""
        if self.alarm_after is not None:
            return (
                f"scores changed: {self.evidence:.3g} to 1 against chance after {self.alarm_after}"
                " runs; the model, the prompt or the site is not what it was: calibrate again"
            )
        if self.suites:
            return f"not calibrated on {', '.join(self.suites)}: calibrate on runs from there"
        return ""


def find_drift(
    calibration: Calibration, live: Iterable[Live], *, false_alarms: float = FALSE_ALARMS
) -> Drift:
    """Hold live runs, oldest first, against the calibration's, and say whether they changed.

    A conformal test martingale (Vovk, Gammerman and Shafer 2005, ch. 7). Each run's highest score
    until the rule stops it is ranked among those of the calibration and of the live runs before it;
    as long as all of them are exchangeable, the ranks are independent and uniform, and nothing can
    be won by betting on them. The bets learn from the ranks so far (Krichevsky and Trofimov's
    estimate over ten cells). By Ville's inequality the chance that the winnings ever reach
    1 / `false_alarms` is at most `false_alarms`, however often one looks, and however few runs the
    calibration had: unlike the population stability index or a repeated Kolmogorov-Smirnov test.
    That the bins were laid through the calibration's own scores moves a rank by less than a run.
    """
    counts = list(calibration.peaks.counts)
    cells, winnings, best = [0.5] * CELLS, 0.0, 0.0
    runs, alarm, places = 0, None, set[str]()
    for runs, run in enumerate(live, start=1):
        if run.suite not in calibration.suites:
            places.add(run.suite)
        rank = _rank(calibration.peaks, counts, run, calibration)
        cell = min(int(rank * CELLS), CELLS - 1)
        winnings += log(cells[cell] / sum(cells) * CELLS)
        cells[cell] += 1
        best = max(best, winnings)
        if alarm is None and winnings >= -log(false_alarms):
            alarm = runs
    return Drift(
        runs=runs,
        evidence=exp(min(best, 700.0)),
        alarm_after=alarm,
        suites=tuple(sorted(places)),
    )


def _rank(peaks: Histogram, counts: list[int], run: Live, calibration: Calibration) -> float:
    """The share of scores below this one, ties broken by a number that only the run's name sets."""
    own = peaks.bin(peak_until_stopped(run.scores, calibration.rule))
    counts[own] += 1
    tie = random.Random(run.id).random()
    return (sum(counts[:own]) + tie * counts[own]) / sum(counts)
