"""What a policy is told when it takes a run over from another.

The record is kept on the step that hands over, and every policy reads it off the trajectory in
its own format: a chat's account begins with the report, and a compact prompt's history with the
actions that stay. The goal and what is seen now stand in every prompt anyway.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from flyball.agents.account import account, called, entry, newest_shown, results_of
from flyball.records import HandOver, HandOverKind, Observation, Ruling, Step, Trajectory

LONGEST_REPORT = 12
"""Steps that a report tells, newest first to stay."""
MOST_FAILURES = 3


def hand_over(
    trajectory: Trajectory, observation: Observation, taker: str, kind: HandOverKind
) -> HandOver:
    """Make the record of handing the run over to `taker`, after its last step.

    `compact`: a report, and the steps that worked. Failures are cleaned out, as a model that sees
    errors in its context makes more of them (arXiv 2509.09677). `full`: all there is.
    """
    steps = trajectory.steps
    why = _why(trajectory.last)
    told = tuple(range(len(steps))) if kind == "full" else clean(steps, observation)
    text = "" if kind == "full" else _report(trajectory, observation, taker, told)
    return HandOver(
        giver=trajectory.last.policy,
        taker=taker,
        kind=kind,
        why=why,
        told=told,
        left_out=len(steps) - len(told),
        text=text,
        characters=len(text or account(trajectory, observation)),
    )


def clean(steps: Sequence[Step], observation: Observation) -> tuple[int, ...]:
    """Which steps worked, and still hold.

    Left out is what failed, was handed back or could not be read, what a recovery took back, and of
    one action on one observation all but the last.
    """
    kept = dict[tuple[str, str, str], int]()
    for index, (step, result) in enumerate(zip(steps, results_of(steps, observation), strict=True)):
        done = step.decision.ruling is Ruling.CONTINUE and result.ok
        if done and step.action.tool != "invalid":
            action = (step.action.tool, repr(sorted(step.action.arguments.items())))
            kept[(*action, step.observation.text)] = index
        if step.recovery is not None and step.recovery.done:
            first = step.recovery.to
            kept = {key: place for key, place in kept.items() if place < first}
    return tuple(sorted(kept.values()))


def _report(
    trajectory: Trajectory, observation: Observation, taker: str, told: Sequence[int]
) -> str:
    steps, results = trajectory.steps, results_of(trajectory.steps, observation)
    lines = [f"You take over from another agent, {trajectory.last.policy}: {_why(steps[-1])}."]
    newest = told[-LONGEST_REPORT:]
    if told:
        drivers = ", ".join(sorted({steps[index].policy for index in told}))
        lines.append(f"What was done before you, by {drivers}:")
    if len(newest) < len(told):
        lines.append(f"... {len(told) - len(newest)} earlier steps ...")
    lines += [
        entry(number, steps[index], results[index], newest_shown(steps[: index + 1]))
        for number, index in enumerate(newest, start=len(told) - len(newest) + 1)
    ]
    if failures := _failures(steps, results, told):
        lines.append(f"Tried, and come to nothing: {failures}.")
    if now := newest_shown(steps, observation):
        lines.append(f"Where it stands: {', '.join(now.text.splitlines()[:2])}")
    return "\n".join(lines)


def _failures(steps: Sequence[Step], results: Sequence[Observation], told: Sequence[int]) -> str:
    """Name what failed or was handed back and never worked, without the errors themselves."""
    worked, tried = {_named(steps, index) for index in told}, Counter[str]()
    for index, (step, result) in enumerate(zip(steps, results, strict=True)):
        ruling = step.decision.ruling
        failed = ruling is Ruling.REVISE or (ruling is Ruling.CONTINUE and not result.ok)
        if failed and step.action.tool != "invalid":
            tried[_named(steps, index)] += 1
    left = Counter({what: times for what, times in tried.items() if what not in worked})
    named = [
        f"{what} ({times} times)" if times > 1 else what
        for what, times in left.most_common(MOST_FAILURES)
    ]
    more = len(left) - len(named)
    return "; ".join([*named, f"and {more} more"] if more else named)


def _named(steps: Sequence[Step], index: int) -> str:
    return called(steps[index].action, newest_shown(steps[: index + 1]))


def _why(step: Step) -> str:
    """Why the run changes hands, in words that help whoever takes over: prices do not."""
    priced = step.decision.by == "priced"
    return "the run was likely to fail" if priced else step.decision.reason.rstrip(".")
