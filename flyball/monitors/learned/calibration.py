"""A promise that was made about a monitor, and on what: written down, and read back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from math import inf
from typing import Any

from flyball.errors import ConfigError
from flyball.monitors.learned.histogram import Histogram
from flyball.monitors.learned.rules import By, Picked, Rule, pick_rule
from flyball.monitors.learned.scored import ScoredRun

VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a promise is about. It holds for nothing else."""

    monitor: str
    fingerprint: str
    """Of the monitor's weights."""
    model: str
    """The policy that drives."""
    agent: str
    """The kind of agent: `web`, `code`, or the name of a foreign stack."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """At most `max_loss` of the successes are stopped, with this `confidence` (`pick_rule`)."""

    subject: Subject
    suites: tuple[str, ...]
    """Where the runs came from."""
    max_loss: float
    confidence: float
    by: By
    rule: Rule
    runs: int
    successes: int
    units: int
    """Successes, or tasks with one, that the promise rests on."""
    lost: int
    """Successes that the rule stops among these."""
    peaks: Histogram
    """Highest scores of the runs until the rule stops them: what live ones are held against."""
    made_at: datetime

    def to_json(self) -> str:
        """Write it as one JSON object."""
        record = {"version": VERSION, **asdict(self), "made_at": self.made_at.isoformat()}
        return json.dumps(record, indent=2) + "\n"


def calibrate(
    runs: Sequence[ScoredRun],
    subject: Subject,
    *,
    suites: Sequence[str],
    max_loss: float,
    confidence: float,
    by: By = "task",
) -> Calibration:
    """Pick a rule on `runs`, none of which the monitor was trained on, and write the promise down.

    Raises `ConfigError`, which says how many runs it takes, where they are too few.
    """
    picked = pick_rule(runs, max_loss=max_loss, confidence=confidence, by=by)
    if picked.rule is None:
        raise ConfigError(_too_few(picked, subject, max_loss, confidence, by))
    rule = picked.rule
    return Calibration(
        subject=subject,
        suites=tuple(sorted(set(suites))),
        max_loss=max_loss,
        confidence=confidence,
        by=by,
        rule=rule,
        runs=len(runs),
        successes=picked.successes,
        units=picked.units,
        lost=picked.lost,
        peaks=Histogram.of([peak_until_stopped(run.scores, rule) for run in runs]),
        made_at=datetime.now(UTC),
    )


def peak_until_stopped(scores: Sequence[float], rule: Rule) -> float:
    """The highest score of a run until `rule` stops it: the same whether it is obeyed or not."""
    stop = rule.stops_at(scores)
    seen = scores if stop is None else scores[: stop + 1]
    return replace(rule, earliest=0, once=False).peak(seen)


def read_calibration(text: str, name: str) -> Calibration:
    """Read what `to_json` wrote, from the file `name`. Raises `ConfigError`."""
    try:
        record = json.loads(text)
        if record.pop("version") != VERSION:
            raise ValueError("another version of flyball wrote it")
        return _checked(record)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        what = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise ConfigError(
            f"{name} is no calibration: {what}; delete it, and run flyball monitors calibrate again"
        ) from error


def _checked(record: dict[str, Any]) -> Calibration:
    rule, subject = Rule(**record.pop("rule")), Subject(**record.pop("subject"))
    edges, counts = record.pop("peaks")
    peaks = Histogram(tuple(map(float, edges)), tuple(map(int, counts)))
    made_at = datetime.fromisoformat(record.pop("made_at"))
    suites = tuple(record.pop("suites"))
    calibration = Calibration(
        **record, rule=rule, subject=subject, peaks=peaks, made_at=made_at, suites=suites
    )
    if not rule.threshold > -inf:
        raise ValueError("its threshold is no number")
    if len(peaks.counts) != len(peaks.edges) + 1:
        raise ValueError("its histogram has too few counts or too many")
    if not 0 < calibration.max_loss < 1 or not 0 < calibration.confidence < 1:
        raise ValueError("its promise is none")
    return calibration


def _too_few(picked: Picked, subject: Subject, max_loss: float, confidence: float, by: By) -> str:
    what = "successful runs" if by == "run" else "tasks with a successful run"
    line = (
        f"too few runs to promise a loss of at most {max_loss:.0%} with {confidence:.0%}"
        f" confidence: it takes at least {picked.needed} {what}, and there are {picked.units};"
        f" {subject.monitor} stays in shadow mode"
    )
    if by == "run":
        return line
    return f"{line} (--by run counts runs, and promises for the tasks at hand only)"
