"""Who drives: for how long another policy is called in, how often, and when it leaves again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from flyball.errors import ConfigError
from flyball.records import HUMAN, Decision, Ruling, Step, Trajectory

NONSENSE = 3
"""Answers in a row that cannot be read: a policy that gives them is as good as down."""


@dataclass(frozen=True, kw_only=True)
class Bursts:
    """How a policy that is called in leaves again, so that a run does not thrash between two.

    The policy of a run's first step is at home in it. Any other is called in by an escalation, and
    its steps in a row are a burst. All of it is read off the trajectory, as a resumed run has to.
    """

    steps: int | None = 5
    """The length of a burst, after which the first policy drives on; `None`: the switch is for
    good, as it is in StepWise's code (arXiv 2604.27151)."""
    cooldown: int = 2
    """For how many steps after a burst nobody is called in again."""
    most: int = 3
    """Bursts in a run. What comes then is for `flapping` to say."""
    flapping: Literal["stay", "stop"] = "stay"
    """`stay`: the next escalation is for good. `stop`: it ends the run."""
    strong_down: Literal["go_on", "stop"] = "go_on"
    """What to do where the policy that was called in is down, slow, or answers nonsense."""

    def __post_init__(self) -> None:
        if (self.steps is not None and self.steps < 1) or self.cooldown < 0 or self.most < 1:
            raise ConfigError("a burst has at least 1 step, a run at least 1 burst")


@dataclass(frozen=True, kw_only=True)
class Stint:
    """Steps in a row of one policy."""

    policy: str
    steps: int
    silence: str
    """Why it is as good as down; empty for a policy that answers."""


def stints(steps: Sequence[Step]) -> list[Stint]:
    """Part a run by who drove it, oldest first."""
    # A person at the wheel is no policy that was called in.
    driven = [step for step in steps if step.policy != HUMAN]
    parts = [list(part) for _, part in groupby(driven, key=lambda step: step.policy)]
    return [Stint(policy=part[0].policy, steps=len(part), silence=_silence(part)) for part in parts]


def come_back(trajectory: Trajectory, decision: Decision, bursts: Bursts) -> Decision:
    """Keep `decision`, which was made on the last step, within `bursts`.

    A policy that was called in and does not answer is given up. An escalation too soon after the
    last one is not followed. At the end of a burst the first policy drives on, once the step at
    hand is carried out. A decision to stop or to ask stands.
    """
    if _stands(trajectory, decision):
        return decision
    driven = stints(trajectory.steps)
    home, now = driven[0].policy, driven[-1]
    if trajectory.last.fault and bursts.strong_down == "stop":
        return _stopped(decision, trajectory.last.fault)
    if now.policy != home and now.silence:
        return _given_up(now, home, decision, bursts)
    if decision.ruling is Ruling.ESCALATE:
        return _called(driven, decision, bursts, trajectory.last)
    if not _is_over(driven, bursts):
        return decision
    why = f"{now.policy} has driven for {now.steps} steps; {home} drives on"
    if decision.ruling is Ruling.REVISE:  # the burst is over all the same, with the action undone
        why = f"{decision.reason}; {why}"
        return replace(decision, ruling=Ruling.ESCALATE, policy=home, reason=why)
    if decision.ruling is Ruling.CONTINUE and not trajectory.last.action.is_final:
        return replace(decision, policy=home, reason=why, by="bursts")
    return decision


def _stands(trajectory: Trajectory, decision: Decision) -> bool:
    if not trajectory.steps or trajectory.last.policy == HUMAN:
        return True
    return decision.ruling in (Ruling.STOP, Ruling.ASK)


def _silence(part: Sequence[Step]) -> str:
    if part[-1].fault and part[-1].action.tool == "invalid":
        return part[-1].fault
    newest = part[-NONSENSE:]
    unread = len(newest) == NONSENSE and all(step.action.tool == "invalid" for step in newest)
    name = part[-1].policy
    return f"{name} gave {NONSENSE} answers in a row that cannot be read" if unread else ""


def _stopped(decision: Decision, why: str) -> Decision:
    return replace(decision, ruling=Ruling.STOP, reason=why, policy=None, by="strong_down")


def _given_up(now: Stint, home: str, decision: Decision, bursts: Bursts) -> Decision:
    if bursts.strong_down == "stop":
        return _stopped(decision, now.silence)
    why = f"{now.silence}; {home} goes on"
    return replace(decision, ruling=Ruling.ESCALATE, reason=why, policy=home, by="strong_down")


def _called(driven: Sequence[Stint], decision: Decision, bursts: Bursts, last: Step) -> Decision:
    home, now = driven[0].policy, driven[-1]
    away = [stint for stint in driven if stint.policy != home]
    down, failed = sum(bool(stint.silence) for stint in away), last.verified is False
    if decision.policy == now.policy:  # it is at the wheel already
        return replace(decision, ruling=Ruling.REVISE, policy=None)
    if now.policy != home or bursts.steps is None or not away:
        return decision
    if down >= bursts.most:
        return _declined(decision, f"{away[-1].policy} was down {down} times", failed)
    # An answer would end the run: there is no later step to call somebody in at.
    if now.steps <= bursts.cooldown and not last.action.is_final:
        return _declined(decision, f"the last burst ended {now.steps} steps ago", failed)
    if len(away) - down >= bursts.most and bursts.flapping == "stop":
        why = f"{decision.policy} was called in {len(away)} times already: {decision.reason}"
        return replace(decision, ruling=Ruling.STOP, reason=why, policy=None)
    return decision


def _declined(decision: Decision, why: str, failed: bool) -> Decision:
    """Go on all the same; work that was checked and failed is handed back instead."""
    ruling = Ruling.REVISE if failed else Ruling.CONTINUE
    reason = f"{decision.reason} (nobody is called in: {why})"
    return replace(decision, ruling=ruling, reason=reason, policy=None)


def _is_over(driven: Sequence[Stint], bursts: Bursts) -> bool:
    home, now = driven[0].policy, driven[-1]
    if bursts.steps is None or now.policy == home or now.steps < bursts.steps:
        return False
    begun = sum(stint.policy != home and not stint.silence for stint in driven)
    return begun <= bursts.most
