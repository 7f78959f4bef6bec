"""Supervision as an object, for loops that are not ours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from flyball.adapters.endings import ended, receipt_text, stops
from flyball.adapters.laps import Laps
from flyball.monitors import Strictest, describe, review
from flyball.records import (
    Action,
    Decision,
    HandOver,
    Observation,
    Ruling,
    Run,
    Spend,
    Step,
    Task,
    Trajectory,
    Usage,
    new_run_id,
)

if TYPE_CHECKING:
    from flyball.roles import Governor, Meter, Monitor, Record, Sink

Ask = Callable[[Step], Decision | Awaitable[Decision]]
"""Puts a step to a person; must not answer ASK."""
Call = TypeVar("Call", bound=Callable[..., Any])

WENT_ON = "the loop went on"


class Supervisor:
    """Keeps one run of a loop that is not ours: its steps, who drives, and what it leaves.

    Without a `ledger` nothing is written. A step is written when the next one is reviewed, or at
    the end, as only then it is over: use it as a context manager, or `close` it. With a `meter`
    what passes between two calls is measured: it is the policy's up to `review`, and the action's
    from there to `acted`. It serves one loop; threads may take turns.
    """

    def __init__(  # noqa: PLR0913 - one parameter a part
        self,
        task: Task,
        *,
        monitors: Sequence[Monitor],
        governor: Governor | None = None,
        ledger: Record | None = None,
        meter: Meter | None = None,
        ask: Ask | None = None,
        sink: Sink | None = None,
        usd_per_kwh: Decimal | None = None,
        agent: str = "",
        policy: str = "",
        strong: str | None = None,
        run_id: str | None = None,
    ) -> None:
        self.monitors = tuple(monitors)
        self.governor = governor or Strictest()
        self.trajectory = Trajectory(task=task)
        now = datetime.now(UTC)
        self.run = Run(
            id=run_id or new_run_id(now),
            task=task,
            agent=agent,
            policy=policy,
            strong=strong,
            monitors=tuple(describe(monitor) for monitor in self.monitors),
            governor=describe(self.governor),
            started_at=now,
        )
        self._ledger, self._ask, self._sink = ledger, ask, sink
        self._laps = Laps(meter, usd_per_kwh)
        self._open = False
        self._over = 0
        """How many steps are over, and written down."""

    @property
    def driver(self) -> str:
        """Who takes the next step: whom the newest decision names, else the policy at work."""
        if not self.trajectory.steps:
            return self.run.policy
        last = self.trajectory.last
        return last.decision.policy or last.policy

    def review(
        self,
        observation: Observation,
        action: Action,
        *,
        policy: str = "",
        policy_spend: Spend | None = None,
        usage: Usage | None = None,
        fault: str = "",
    ) -> Step:
        """Judge `action` before it is carried out; obey the decision on the step returned.

        `policy_spend` says what proposing it took; without it the time since the last call counts,
        with the model calls of `usage`. `fault` says why there is no answer, only an action
        `invalid`. ASK is put to the person that `ask` reaches: where there is none, it is STOP.
        """
        spend = policy_spend or self._laps.lap(usage)
        self._propose(self._step(observation, action, policy, spend, fault))
        self.trajectory = review(self.trajectory, self.monitors, self.governor)
        if self.trajectory.last.decision.ruling is Ruling.ASK:
            answer = nobody(self.trajectory.last) if self._ask is None else self._asked()
            self._answered(_waited(answer) if isinstance(answer, Awaitable) else answer)
        return self._judged()

    async def areview(
        self,
        observation: Observation,
        action: Action,
        *,
        policy: str = "",
        policy_spend: Spend | None = None,
        usage: Usage | None = None,
        fault: str = "",
    ) -> Step:
        """Do as `review` does, for loops that must not be held up."""
        spend = policy_spend or self._laps.lap(usage)
        self._propose(self._step(observation, action, policy, spend, fault))
        import asyncio  # noqa: PLC0415 - most loops are plain, and it takes longest to load

        self.trajectory = await asyncio.to_thread(
            review, self.trajectory, self.monitors, self.governor
        )
        if self.trajectory.last.decision.ruling is Ruling.ASK:
            answer = nobody(self.trajectory.last) if self._ask is None else self._asked()
            self._answered(await answer if isinstance(answer, Awaitable) else answer)
        return self._judged()

    def acted(self, spend: Spend | None = None, *, usage: Usage | None = None) -> None:
        """Say that the action is over, and what it took.

        Without a `spend` the time since `review` counts, with the model calls of `usage`.
        """
        self._amend(tool_spend=spend or self._laps.lap(usage))

    def unobeyed(self, why: str) -> None:
        """Say why the newest decision is not carried out, in a loop that cannot."""
        self._amend(unobeyed=why)

    def handed_over(self, given: HandOver) -> None:
        """Say what the next policy is told."""
        self._amend(hand_over=given)

    def named(self, policy: str) -> None:
        """Say who drives by default, where that was not known when the run began."""
        if not self.run.policy:
            self.run = replace(self.run, policy=policy)

    def guard(self, call: Call) -> Call:
        """Wrap what carries actions out, so that each call is judged first.

        A call that is handed back returns the reason in place of a result. One that stops the run
        raises `StoppedError`, with the receipt.
        """
        from flyball.adapters.guarding import guarded  # noqa: PLC0415 - few loops are functions

        return guarded(self, call)

    def close(self, *, failed: str = "") -> Run:
        """Write down how the run ended, and return that: it can go on, and be closed, again."""
        self._write_last()
        self._save(ended(self.run, self.trajectory, failed))
        return self.run

    def receipt(self) -> str:
        """Why it was stopped, on what evidence, what was left undone and what was spent."""
        return receipt_text(self.run, self.trajectory)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close(failed=repr(error) if isinstance(error, Exception) else "")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, traceback)

    def _step(
        self, observation: Observation, action: Action, policy: str, spend: Spend, fault: str
    ) -> Step:
        return Step(
            index=len(self.trajectory.steps),
            policy=policy or self.driver,
            observation=observation,
            action=action,
            policy_spend=spend,
            fault=fault,
        )

    def _propose(self, step: Step) -> None:
        if self.trajectory.steps and stops(self.trajectory.last):
            self.unobeyed(WENT_ON)
        self._write_last()
        if not self._open:
            self._open = True
            self._save(replace(self.run, policy=self.run.policy or step.policy, status="running"))
        self.trajectory = self.trajectory.then(step)

    def _judged(self) -> Step:
        self._laps.lap(None)
        return self.trajectory.last

    def _asked(self) -> Decision | Awaitable[Decision]:
        assert self._ask is not None
        return self._ask(self.trajectory.last)

    def _answered(self, decision: Decision) -> None:
        prices = self.trajectory.last.decision.prices
        self._amend(decision=replace(decision, prices=prices))

    def _amend(self, **changes: Any) -> None:
        if len(self.trajectory.steps) > self._over:
            self.trajectory = self.trajectory.amend(replace(self.trajectory.last, **changes))

    def _write_last(self) -> None:
        """Write the newest step, if it is not written yet."""
        if len(self.trajectory.steps) == self._over:
            return
        if self._ledger is not None:
            self._ledger.append(self.run.id, self.trajectory.last)
        self._over += 1
        if self._sink is not None:
            self._sink(self.trajectory.last)

    def _save(self, run: Run) -> None:
        self.run = run
        self._open = run.status == "running"
        if self._ledger is not None and (self._open or self.trajectory.steps):
            self._ledger.save(run)


def nobody(step: Step) -> Decision:
    """Stop where a person should be asked and none is there."""
    why = f"nobody is there to ask: {step.decision.reason}"
    return Decision(ruling=Ruling.STOP, reason=why, by=step.decision.by)


def _waited(answer: Awaitable[Decision]) -> Decision:
    import asyncio  # noqa: PLC0415 - as above

    async def _answer() -> Decision:
        return await answer

    return asyncio.run(_answer())
