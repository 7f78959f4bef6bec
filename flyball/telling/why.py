"""`flyball show RUN --why`: why each step was decided as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flyball.telling.lines import UNKNOWN, amount, spent

if TYPE_CHECKING:
    from flyball.records import HandOver, Price, Step, Trajectory, Verdict


def reasons(trajectory: Trajectory, step: Step) -> Iterator[str]:
    """Tell what was thought and what monitors said, what rulings were priced at, and the ruling."""
    if step.action.thought:
        yield f"thought: {step.action.thought}"
    for verdict in step.verdicts:
        yield f"{verdict.monitor}: {_said(verdict)}"
    for price in step.decision.prices:
        if price.chance is not None or price.figure is not None:
            yield f"price of {price.ruling}: {_priced(price)}"
    if step.verified is not None:
        yield f"verified: {'passed' if step.verified else 'failed'}"
    decision = step.decision
    by, reason = decision.by, decision.reason
    if decision.ruling == "continue" and not reason:
        by = "nobody objects"
    yield f"ruling: {decision.ruling} ({by}){f': {reason}' if reason else ''}"
    if step.hand_over is not None:
        yield from _receipt(trajectory, step.index, step.hand_over)


def _said(verdict: Verdict) -> str:
    if verdict.error is not None:
        return f"failed: {verdict.error}" + (f"; {verdict.reason}" if verdict.reason else "")
    said = verdict.ruling if verdict.shadow is None else f"{verdict.shadow}, in shadow"
    parts = [str(said)]
    if verdict.score is not None:
        limit = UNKNOWN if verdict.threshold is None else f"{verdict.threshold:.3g}"
        parts.append(f"score {verdict.score:.3g} against {limit}")
    if verdict.ruling != "continue" and verdict.confidence < 1:
        parts.append(f"{verdict.confidence:.0%} sure")
    return ", ".join(parts) + (f": {verdict.reason}" if verdict.reason else "")


def _priced(price: Price) -> str:
    chance = UNKNOWN if price.chance is None else f"{price.chance:.0%}"
    costs = f"{amount(price.joules, ' J')}, ${amount(price.usd)}, {amount(price.seconds, ' s')}"
    unit = {"joules": " J", "usd": " $", None: ""}[price.currency]
    return f"{chance} to succeed, {costs} more; in one figure {amount(price.figure, unit)}"


def _receipt(trajectory: Trajectory, index: int, given: HandOver) -> Iterator[str]:
    yield f"handed over to {given.taker}, as {given.why}"
    for line in given.text.splitlines():
        yield f"| {line}"
    if index + 1 < len(trajectory.steps):
        yield f"taking over took {spent(trajectory.steps[index + 1].policy_spend)}"
