"""Runs that took known joules, for audits."""

from __future__ import annotations

from dataclasses import replace

from flyball import Action, Observation, Run, Step, Task
from flyball.ledger import Ledger
from flyball.records import Metering
from tests.ledger.conftest import MONDAY, a_step, read

GERMANY = Metering(
    sources=("rapl: reads package-0",), usd_per_kwh=0.3, grams_per_kwh=360.0, grid="Germany 2023"
)


def a_run(name: str, task: str, *, score: float | None, **changes: object) -> Run:
    settings: dict[str, object] = {
        "id": name,
        "task": Task(id=task, prompt="go", suite="sums"),
        "agent": "web",
        "policy": "small",
        "status": "finished",
        "score": score,
        "started_at": MONDAY,
        "metering": GERMANY,
    }
    return Run(**{**settings, **changes})


def write(ledger: Ledger, run: Run, *joules: float) -> None:
    """Each step takes so much for the policy, a tenth of it for monitors, twice it for tools."""
    ledger.save(run)
    for index, taken in enumerate(joules):
        step = a_step(
            index,
            policy=run.policy,
            policy_spend=read(taken),
            monitor_spend=read(taken / 10),
            tool_spend=read(2 * taken),
        )
        ledger.append(run.id, step)


def looping(ledger: Ledger, run: Run, steps: int) -> None:
    """The same action on the same page, over and over, at 10 J a step."""
    ledger.save(run)
    page = Observation(source="page", text="the same")
    for index in range(steps):
        action = Action(tool="click", arguments={"id": 1})
        step = Step(index=index, policy="small", observation=page, action=action)
        ledger.append(run.id, replace(step, policy_spend=read(8.0), tool_spend=read(2.0)))
