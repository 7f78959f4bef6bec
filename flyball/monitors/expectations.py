"""What is to be expected of a run from here on, as earlier runs tell."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, get_args

from flyball.errors import ConfigError
from flyball.monitors.chains import Cell, Transition
from flyball.monitors.outlooks import UNKNOWN, Outlook
from flyball.records import Verdict

FORMAT, VERSION = "flyball-expectations", 1
REMEDY = "make one with `flyball monitors expect`"
RISKS = ("will_fail", "stuck")
"""Monitors whose scores tell how much is at risk."""

Choice = Literal["small", "revise", "call", "strong"]
"""The policy at home goes on; its action is handed back to it; the strong one is called in; the
strong one, which was called in, goes on."""
CHOICES: tuple[Choice, ...] = get_args(Choice)


@dataclass(frozen=True, kw_only=True)
class Check:
    """What a verification takes, and how far it can be trusted."""

    joules: float | None = None
    usd: float | None = None
    seconds: float | None = None
    catches: float | None = None
    """The chance that a run which will fail does not pass."""
    false_alarms: float | None = None
    """The chance that a run which will succeed does not pass."""
    runs: float = 0


@dataclass(frozen=True, kw_only=True)
class GiveUp:
    """From which risk on a run of the strong policy is given up, and what was promised of that.

    At most `max_loss` of the runs of a new task would be won and are given up, on the average over
    tasks like those that it was learned on, with this `confidence`
    (`flyball.monitors.learned.rules.pick_rule`).
    """

    threshold: float
    earliest: int
    """The first of its steps in a row, counted from 0, that may be its last."""
    max_loss: float
    confidence: float
    successes: int
    lost: int
    """Successes among the runs that it was learned on, and how many of them it would have cost."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Expectations:
    """Chances and costs by choice, by how far a run is, and by its risk.

    A row is a band of steps and the last row is any step; a column is a band of risks and the last
    column is any risk, an unknown one too.
    """

    agent: str = ""
    small: str = ""
    strong: str = ""
    steps: tuple[int, ...] = ()
    """The first step of each band but the first, counted from 0."""
    risks: tuple[float, ...] = ()
    """The lowest risk of each band but the first."""
    cells: Mapping[Choice, tuple[tuple[Outlook, ...], ...]]
    switch: Outlook = UNKNOWN
    """What the first step after a hand-over takes beyond the first step of a run of the strong
    policy, whose own cold start the cells hold; it has no chance."""
    check: Check = Check()
    chains: Mapping[Choice, tuple[tuple[Transition, ...], ...]] = field(default_factory=dict)
    """How steps and risks follow one another where one policy drives, by band of steps and of
    risks: what it takes to look ahead. None in a table of before."""
    give_up: GiveUp | None = None
    """`None` where there were too few runs to promise anything."""

    def __repr__(self) -> str:
        return f"Expectations({self.fingerprint})"

    @cached_property
    def fingerprint(self) -> str:
        """Changes with the figures."""
        return sha256(self.to_json().encode()).hexdigest()[:12]

    def look(self, choice: Choice, step: int, risk: float | None) -> Outlook:
        """What to expect at `step`, counted from 0, at this risk (`None`: not known)."""
        return self.at(choice, self.cell(step, risk))

    def at(self, choice: Choice, here: Cell) -> Outlook:
        """What to expect in a cell."""
        rows = self.cells.get(choice)
        return rows[here[0]][here[1]] if rows else UNKNOWN

    def cell(self, step: int, risk: float | None) -> Cell:
        """The band of `step`, counted from 0, and of this risk (`None`: not known)."""
        column = len(self.risks) + 1 if risk is None else bisect_right(self.risks, risk)
        return bisect_right(self.steps, step), column

    def overall(self, choice: Choice) -> Outlook:
        """What to expect at any step and any risk."""
        rows = self.cells.get(choice)
        return rows[-1][-1] if rows else UNKNOWN

    def to_json(self) -> str:
        """Write it as one JSON object."""
        return json.dumps({"format": FORMAT, "version": VERSION, **asdict(self)}, indent=1) + "\n"


def risk_of(verdicts: Sequence[Verdict]) -> float | None:
    """The highest score of the monitors that tell of risk; `None` where none gave one.

    What chance of success a risk stands for is for the table to say, so that the score need not
    be calibrated for the agent at hand.
    """
    scores = [each.score for each in verdicts if each.monitor in RISKS and each.score is not None]
    return max(scores, default=None)


@cache
def load_expectations(path: Path | None = None, agent: str = "web") -> Expectations | None:
    """Read a table, or the one that comes with flyball; `None` where none comes with it.

    What comes with it for code was learned on code; other agents have that of the web. Raises
    `ConfigError` for a file that is missing or holds something else.
    """
    if path is None:
        from importlib.resources import files  # noqa: PLC0415 - it brings tempfile and zipfile

        weights = files("flyball.monitors.learned").joinpath("weights")
        names = (f"expectations-{agent}.json", "expectations-web.json")
        shipped = next((each for n in names if (each := weights.joinpath(n)).is_file()), None)
        return _read(shipped.read_text("utf-8"), str(shipped)) if shipped else None
    try:
        return _read(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}; {REMEDY}") from error


def _read(text: str, name: str) -> Expectations:
    try:
        return _checked(json.loads(text))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{name} holds no expectations: {error}; {REMEDY}") from error


def _checked(record: dict[str, Any]) -> Expectations:
    if record.pop("format") != FORMAT or record.pop("version") != VERSION:
        raise ValueError("another program or version wrote it")
    steps, risks = tuple(map(int, record.pop("steps"))), tuple(map(float, record.pop("risks")))
    cells = {
        choice: tuple(tuple(Outlook(**cell) for cell in row) for row in rows)
        for choice, rows in record.pop("cells").items()
    }
    unknown = set(cells) - set(CHOICES)
    if unknown:
        raise ValueError(f"no choice is called {min(unknown)!r}")
    for rows in cells.values():
        if len(rows) != len(steps) + 2 or any(len(row) != len(risks) + 2 for row in rows):
            raise ValueError("its cells do not fit its bands")
    if list(steps) != sorted(steps) or list(risks) != sorted(risks):
        raise ValueError("its bands are not in order")
    rows_of = record.pop("chains", {})
    chains = {choice: _chain(rows, steps, risks) for choice, rows in rows_of.items()}
    switch, check = Outlook(**record.pop("switch")), Check(**record.pop("check"))
    promised = record.pop("give_up", None)
    give_up = None if promised is None else GiveUp(**promised)
    known = {each.name for each in fields(Expectations)}
    rest = {key: str(value) for key, value in record.items() if key in known}
    return Expectations(
        steps=steps,
        risks=risks,
        cells=cells,
        switch=switch,
        check=check,
        chains=chains,
        give_up=give_up,
        **rest,
    )


def _chain(
    rows: Sequence[Sequence[dict[str, Any]]], steps: Sequence[int], risks: Sequence[float]
) -> tuple[tuple[Transition, ...], ...]:
    if len(rows) != len(steps) + 1 or any(len(row) != len(risks) + 1 for row in rows):
        raise ValueError("its chains do not fit its bands")
    return tuple(
        tuple(Transition(**each | {"to": tuple(map(tuple, each["to"]))}) for each in row)
        for row in rows
    )
