"""The upper bound on code: a policy that knows the right programs, and uses the real tools."""

from __future__ import annotations

from flyball.bench.code.suite import CodeSuite, moves_of
from flyball.bench.oracle import ORACLE
from flyball.records import Observation, Trajectory, Usage
from flyball.roles import Proposal


class CodeOracle:
    """Lists, reads, tests, writes what is right, tests again, and finishes."""

    name = ORACLE

    def __init__(self, suite: CodeSuite) -> None:
        self._suite = suite

    async def propose(self, trajectory: Trajectory, observation: Observation) -> Proposal:
        task = trajectory.task
        seed = int(task.metadata.get("seed", "0"))
        moves = list(moves_of(self._suite.exercise(task.id, seed)))
        return Proposal(moves[min(len(trajectory.steps), len(moves) - 1)], Usage())
