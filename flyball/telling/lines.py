"""Steps, spends and runs, each told in a line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flyball.records import Action, Run, Spend, Step

UNKNOWN = "-"


def amount(value: float | None, unit: str = "") -> str:
    """Write a figure with three digits that count; unknown is not zero."""
    if value is None:
        return UNKNOWN
    return (f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}") + unit


def spent(spend: Spend) -> str:
    """Tell a spend in a line: tokens, seconds, joules with their method, dollars."""
    usage, energy = spend.usage, spend.energy
    cached = f" ({usage.cached_tokens} cached)" if usage.cached_tokens else ""
    least = "at least " if energy.unknown and energy.at_least_j is not None else ""
    joules = f"{least}{amount(energy.at_least_j, ' J')} {energy.joules_method or ''}".rstrip()
    dollars = UNKNOWN if usage.unpriced_requests else amount(float(usage.cost_usd))
    thought = f" ({usage.reasoning_tokens} thought)" if usage.reasoning_tokens else ""
    tokens = f"{usage.input_tokens}{cached} + {usage.output_tokens}{thought} tokens"
    return f"{tokens}, {amount(spend.seconds, ' s')}, {joules}, ${dollars}"


def step_line(step: Step) -> str:
    """Tell a step in a line."""
    decision, done = step.decision, action_line(step.action)
    ruled = "" if decision.ruling == "continue" else f"  [{decision.ruling} by {decision.by}]"
    return f"{step.index:3d}  {step.policy}  {done}{ruled}"


def action_line(action: Action) -> str:
    """Tell an action in a line."""
    if action.tool == "not_asked":
        return "(not asked)"
    # A final action's answer and an unreadable one's text say more than their arguments.
    done = action.text or f"{action.tool} {json.dumps(dict(action.arguments), default=str)}"
    done = done if action.tool != "invalid" else f"unreadable: {action.text[:60]!r}"
    return " ".join(done.split())[:100]


def receipts(step: Step) -> Iterable[str]:
    """Tell what went on between policies at a step: silence, going back, a hand-over."""
    if step.unobeyed:
        yield f"[not obeyed] {step.unobeyed}"
    if step.paused_seconds:
        yield f"[paused] {amount(step.paused_seconds, ' s')} before it, to stay under the watts"
    if step.fault:
        yield f"[silence] {step.fault}"
    if recovery := step.recovery:
        went = "went back to" if recovery.done else "could not go back to"
        yield f"[recovery] {went} step {recovery.to}{f': {recovery.why}' if recovery.why else ''}"
    if given := step.hand_over:
        yield (
            f"[hand-over] {given.giver} -> {given.taker}: {given.kind}, {given.characters}"
            f" characters, {len(given.told)} steps told and {given.left_out} left out"
        )
    elif step.decision.ruling == "continue" and step.decision.policy:
        yield f"[drives on] {step.decision.policy}: {step.decision.reason}"


def outcome(run: Run) -> str:
    """Say in a line how a run ended, and what is not known about it."""
    if run.status == "running":
        return "running (or killed: nothing says that it ended)"
    if run.success is not None:
        checked = "succeeded, as its checker says" if run.success else "failed, as its checker says"
    elif run.gave_up:
        checked = "not done, as the policy says itself"
    else:
        how = "--test-command" if run.agent == "code" else "--expect TEXT"
        checked = f"nothing checked whether the task is done ({how} would)"
    by = f"{run.status} by {run.ended_by}" + (f": {run.reason}" if run.reason else "")
    return f"{by}; {checked}" if run.status == "finished" or run.score is not None else by
