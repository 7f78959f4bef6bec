"""Asks whoever may be down or slow, and makes of silence something that a run can go on from."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace
from typing import NamedTuple

from flyball.errors import ModelError, ToolError
from flyball.records import (
    Action,
    Decision,
    Observation,
    Ruling,
    Step,
    Trajectory,
    Usage,
    Verdict,
)
from flyball.roles import Helm, Policy, Verifier

BILLED = Usage(requests=1, unpriced_requests=1)
"""A request without an answer may have been billed, and nobody knows how much."""


class Answer(NamedTuple):
    """What a policy answered; with a `fault`, it did not."""

    action: Action
    usage: Usage
    fault: str = ""


async def proposal(
    policy: Policy,
    trajectory: Trajectory,
    observation: Observation,
    *,
    at_home: bool,
    seconds: float | None,
) -> Answer:
    """Ask a policy, which may take `seconds` if it was called in.

    If it is down or slow then, the answer is an action `invalid`, for the governor to deal with.
    The policy at home takes what time it takes, and raises what it raises: without it there is
    nothing to go on with.
    """
    if at_home:
        return Answer(*await policy.propose(trajectory, observation))
    try:
        async with asyncio.timeout(seconds):
            return Answer(*await policy.propose(trajectory, observation))
    except (ModelError, TimeoutError) as error:
        fault = f"{policy.name} {_why(error, seconds)}"
        return Answer(Action(tool="invalid", arguments={"why": fault}), BILLED, fault)


async def checked(
    verifier: Verifier, trajectory: Trajectory, seconds: float | None
) -> tuple[Step, Usage]:
    """Ask a verifier, and give the last step with what it said as one more verdict."""
    step, name = _asked(trajectory.last), verifier.name
    try:
        async with asyncio.timeout(seconds):
            decision, usage, passed = await verifier.verify(trajectory)
    except (ModelError, ToolError, TimeoutError) as error:
        fault = f"the verifier {name} {_why(error, seconds)}"
        silent = Verdict(monitor=name, confidence=0.0, error=fault)
        return replace(step, verdicts=(*step.verdicts, silent), fault=fault), BILLED
    said = Verdict(
        monitor=name,
        ruling=Ruling.CONTINUE if decision.ruling is Ruling.VERIFY else decision.ruling,
        reason=decision.reason,
        policy=decision.policy,
    )
    return replace(step, verdicts=(*step.verdicts, said), verified=passed), usage


def driven_on(decision: Decision, policies: Collection[str]) -> Decision:
    """The decision, without a policy that is to drive on and has left the crew.

    A run that is taken up again may go on without the policy that it began with.
    """
    gone = decision.policy is not None and decision.policy not in policies
    if not gone or decision.ruling is not Ruling.CONTINUE:
        return decision
    return Decision(prices=decision.prices)


def _asked(step: Step) -> Step:
    """The step with what had it checked among its verdicts, as its decision makes way for another.

    A monitor's ruling is there already; what a governor found worth its price is not.
    """
    asked = step.decision
    if any(each.monitor == asked.by for each in step.verdicts):
        return step
    said = Verdict(monitor=asked.by, ruling=asked.ruling, reason=asked.reason)
    return replace(step, verdicts=(*step.verdicts, said))


def _why(error: Exception, seconds: float | None) -> str:
    if isinstance(error, TimeoutError):
        return "did not answer" if seconds is None else f"did not answer in {seconds:g} s"
    return f"did not answer: {' '.join(str(error).split())}"


async def own_action(
    helm: Helm | None, trajectory: Trajectory, observation: Observation, policy: str
) -> Answer | None:
    """What a person does in the policy's place."""
    action = await helm.turn(trajectory, observation, policy) if helm is not None else None
    return Answer(action, Usage()) if action else None
