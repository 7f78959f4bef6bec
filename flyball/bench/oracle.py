"""The upper bound: a suite's oracle as a policy, so that it runs through the same loop."""

from __future__ import annotations

from importlib import import_module

from flyball.bench.milestones import oracle_move
from flyball.bench.suites import Suite
from flyball.records import Action, Observation, Trajectory, Usage
from flyball.roles import Policy, Proposal

ORACLE = "oracle"


def oracle_policy(suite: Suite) -> Policy:
    """The policy that plays `suite` as well as it can be played."""
    if suite.agent == "code":
        policy: Policy = import_module("flyball.bench.code.oracle").CodeOracle(suite)
        return policy
    return OraclePolicy(suite)


class OraclePolicy:
    """Plays what the suite's oracle says, and gives up where it knows no move."""

    name = ORACLE

    def __init__(self, suite: Suite) -> None:
        self._suite = suite

    async def propose(self, trajectory: Trajectory, observation: Observation) -> Proposal:
        oracle = self._suite.oracle(trajectory.task.id)
        try:
            action = oracle_move(oracle, trajectory.task.prompt, trajectory.steps, observation)
        except LookupError as error:
            why = f"the oracle knows no move: {error}"
            action = Action(tool="finish", arguments={"success": False, "answer": why})
        return Proposal(action, Usage())
