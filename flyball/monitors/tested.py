"""Has the tests asked where a coding agent says that it is done, or has just seen them pass."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flyball.records import Observation, Ruling, Trajectory, Verdict

TESTING = ("run_tests", "test")
_COUNT = re.compile(r"^tests (\d+) of (\d+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Tested:
    """Verify an answer that claims success, and work on which the tests have just passed.

    What passes is the milestone that a recovery goes back to.
    """

    name: str = "tested"

    def judge(self, trajectory: Trajectory) -> Verdict:
        last = trajectory.last
        if last.action.is_final and last.action.arguments.get("success") is not False:
            return self._verify("the tests have to say whether it is done", last.index)
        if _passed(last.observation):
            return self._verify("the tests have passed", last.index)
        return Verdict(monitor=self.name)

    def _verify(self, why: str, index: int) -> Verdict:
        return Verdict(monitor=self.name, ruling=Ruling.VERIFY, reason=why, evidence=(index,))


def _passed(seen: Observation) -> bool:
    if seen.source not in TESTING or not seen.ok:
        return False
    count = _COUNT.search(seen.text)
    return seen.source == "run_tests" or (count is not None and count[1] == count[2])
