"""One run from its first look at the world to its record in the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from flyball.agents.affording import make_throttle
from flyball.agents.graph import Crew, State, pursue
from flyball.agents.metering import Account, kept
from flyball.errors import FlyballError
from flyball.monitors import describe
from flyball.records import Observation, Ruling, Run, Status, Step, Task, new_run_id
from flyball.roles import Record

Score = Callable[[Run], Awaitable[float | None]]
"""Checks the world, and what a run that is over has answered: from 0 to 1, or `None` where
nothing can tell."""


class Begun(NamedTuple):
    """What a run begins with, other than its first look at the world."""

    done: tuple[Step, ...] = ()
    """Steps that were taken, and written down, before it was taken up again."""
    driver: str | None = None
    """Who takes the first step, if not the run's own policy."""


AFRESH = Begun()


async def no_score(ended: Run) -> float | None:
    """There is no checker."""
    return None


def new_run(task: Task, crew: Crew, *, agent: str, policy: str, strong: str | None = None) -> Run:
    """Begin the record of a run; its identifier sorts by time."""
    now = datetime.now(UTC)
    return Run(
        id=new_run_id(now),
        task=task,
        agent=agent,
        policy=policy,
        strong=strong,
        monitors=tuple(describe(monitor) for monitor in crew.monitors),
        governor=describe(crew.governor),
        started_at=now,
        metering=crew.metering,
    )


async def attempt(
    run: Run,
    crew: Crew,
    record: Record,
    *,
    observation: Observation,
    score: Score = no_score,
    begun: Begun = AFRESH,
) -> Run:
    """Carry `run` out, and write down each step as it is over, and how it ended.

    Raises what broke the run, once that too is written down.
    """

    def sink(step: Step) -> None:
        record.append(run.id, step)
        crew.sink(step)
        if crew.telemetry is not None:
            crew.telemetry.stepped(run, step)

    def save(over: Run) -> None:
        record.save(over)
        if crew.telemetry is not None:
            crew.telemetry.ended(over)

    record.save(run)
    if crew.telemetry is not None:
        crew.telemetry.begun(run)
    account, throttle = Account(), make_throttle(crew.meter, crew.watts_ceiling)
    try:
        with kept(account, crew.meter):
            end = await pursue(
                run.task,
                replace(crew, sink=sink, between=account.between, throttle=throttle),
                policy=begun.driver or run.policy,
                observation=observation,
                done=begun.done,
            )
        ended = conclude(account.closed(run), end)
        ended = replace(ended, score=await score(ended), ended_at=datetime.now(UTC))
    except asyncio.CancelledError:
        save(_broken(account.closed(run), "stopped", "human", "interrupted"))
        raise
    except FlyballError as error:
        save(_broken(account.closed(run), "failed", type(error).__name__, str(error)))
        raise
    save(ended)
    return ended


def conclude(run: Run, end: State) -> Run:
    """Say how a run ended, from its last step."""
    last = end.trajectory.last
    if last.decision.ruling is Ruling.STOP:
        by, why = last.decision.by, last.decision.reason
        return replace(run, status="stopped", ended_by=by, reason=why)
    if last.action.is_final:
        answer = last.action.arguments.get("answer")
        gave_up = last.action.arguments.get("success") is False
        return replace(
            run,
            status="finished",
            ended_by="policy",
            reason="the policy gave up" if gave_up else "the policy says it is done",
            answer=None if answer is None else str(answer),
            gave_up=gave_up,
        )
    return replace(run, status="finished", ended_by="environment", reason=end.observation.note)


def _broken(run: Run, status: Status, by: str, why: str) -> Run:
    return replace(run, status=status, ended_by=by, reason=why, ended_at=datetime.now(UTC))
