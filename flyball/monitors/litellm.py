"""The stall rule that LiteLLM's router ships."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flyball.monitors.turns import Turn, same_action, same_result, turns
from flyball.records import Ruling, Step, Trajectory, Verdict


@dataclass(frozen=True, kw_only=True)
class LiteLLMStall:
    """Go one tier up when the newest call repeats, or calls fail, too often of late.

    LiteLLM's complexity router: at least `limit` of the last `window` calls are the same, or
    failed (`router_strategy/complexity_router/stall_detector.py`). The call being judged counts
    as a repeat of those before it; whether it fails is not known yet, so failures are counted in
    the `window` calls before it. With `policy` the ruling is ESCALATE, until that policy is at
    work. Without one it is REVISE, and only failures of that very call count, so
    that a policy which tries something else is not sent back for what it did before.
    """

    policy: str | None = None
    """The next tier."""
    window: int = 6
    limit: int = 3
    unchanged_only: bool = True
    """Count a repeat only while its result stays the same, so that paging and scrolling are not
    stalls. LiteLLM does not look: `False` is the rule as it ships."""
    name: str = "litellm_stall"

    def judge(self, trajectory: Trajectory) -> Verdict:
        last = trajectory.last
        if last.policy == self.policy or last.action.is_final:
            return Verdict(monitor=self.name)
        done = turns(trajectory)[-self.window :]
        repeats = [*self._repeats(done[1 - self.window :], last), last.index]
        if len(repeats) >= self.limit:
            return self._rule(f"{last.action.tool} is called", repeats)
        failures = self._failures(done, last)
        if len(failures) >= self.limit:
            return self._rule("calls failed", failures)
        return Verdict(monitor=self.name)

    def _repeats(self, done: Sequence[Turn], last: Step) -> list[int]:
        same = [turn for turn in done if same_action(turn.step.action, last.action)]
        if self.unchanged_only:
            same = [turn for turn in same if same_result(turn.result, same[-1].result)]
        return [turn.step.index for turn in same]

    def _failures(self, done: Sequence[Turn], last: Step) -> list[int]:
        return [
            turn.step.index
            for turn in done
            if not turn.result.ok and (self.policy or same_action(turn.step.action, last.action))
        ]

    def _rule(self, what: str, evidence: Sequence[int]) -> Verdict:
        return Verdict(
            monitor=self.name,
            ruling=Ruling.ESCALATE if self.policy else Ruling.REVISE,
            reason=f"{what} {len(evidence)} times in the last {self.window} calls",
            policy=self.policy,
            evidence=tuple(evidence),
        )
