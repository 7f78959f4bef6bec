"""What is thought of a step, and what is made of it: rulings, verdicts, prices, decisions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Currency = Literal["joules", "usd"]
HandOverKind = Literal["full", "compact"]
Recover = Literal["failed_check", "escalation", "never"]
"""What goes back to the last step that was verified: work that failed a check, which was wrong; or
any escalation, which may lose work that was right."""


class Ruling(StrEnum):
    """What to do with a proposed action, mildest first."""

    CONTINUE = "continue"
    """Carry it out."""
    REVISE = "revise"
    """Hand it back to the policy with a reason."""
    VERIFY = "verify"
    """Have a verifier check the work since the last milestone before going on."""
    ESCALATE = "escalate"
    """Hand the run to another policy, as a rule a stronger one."""
    ASK = "ask"
    """Put it to a human."""
    STOP = "stop"
    """End the run here."""

    @property
    def severity(self) -> int:
        return list(Ruling).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One monitor's opinion of a step."""

    monitor: str
    ruling: Ruling = Ruling.CONTINUE
    confidence: float = 1.0
    """Calibrated chance, from 0 to 1, that the ruling is right."""
    reason: str = ""
    policy: str | None = None
    """For ESCALATE: the policy to go on with."""
    evidence: tuple[int, ...] = ()
    """Indices of the steps the opinion rests on."""
    error: str | None = None
    """What the monitor failed with; its ruling is then CONTINUE."""
    score: float | None = None
    """The chance, from 0 to 1, that a learned monitor gives to what it looks for, whatever it
    rules."""
    threshold: float | None = None
    """The score to rule from, where there is one."""
    shadow: Ruling | None = None
    """What it would have ruled, where it is not obeyed yet; its ruling is then CONTINUE."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a ruling is expected to come to, from this step to the run's end."""

    ruling: Ruling
    chance: float | None = None
    """Of success, from 0 to 1; `None`, as with the others, where nothing tells."""
    joules: float | None = None
    usd: float | None = None
    seconds: float | None = None
    figure: float | None = None
    """All of it in one figure, in `currency`: what is spent, and a failure at its price."""
    currency: Currency | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was made of the verdicts."""

    ruling: Ruling = Ruling.CONTINUE
    reason: str = ""
    policy: str | None = None
    """Who drives from the next step on, if somebody else: for ESCALATE the action is left undone,
    for CONTINUE it is carried out first."""
    by: str = ""
    """The monitor that carried the day, or `human`."""
    prices: tuple[Price, ...] = ()
    """What the governor expected of each ruling, where it prices them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """What a policy is told when it takes a run over from another."""

    giver: str
    taker: str
    kind: HandOverKind
    why: str
    told: tuple[int, ...]
    """Indices of the earlier steps that stay in the context."""
    left_out: int
    """How many do not: failed, refused, unreadable, repeated or taken back."""
    text: str = ""
    """The report, for a compact one; a full one tells the whole account."""
    characters: int = 0
    """How long what is told is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What became of going back to the last step that was verified."""

    to: int
    """The index of that step."""
    done: bool
    why: str = ""
    """Where it was not done: why not. The run then goes on from where it is."""
