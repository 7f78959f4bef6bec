"""Take a run up again from what the ledger holds of it, without doing anything of it again.

It stays the same run, with its steps carried on from: what was spent before counts once, against
its budget as in every audit, and one attempt at a task stays one. How it had ended is kept in
`Run.endings`. The world is looked at anew, by loading the last address, or by copying the
repository and putting what was changed into the copy. The action that was at hand when the run
ended is left to whoever drives to propose again.
"""

from __future__ import annotations

from dataclasses import replace

from flyball.agents.graph import Crew
from flyball.agents.secrets import MASK
from flyball.errors import ConfigError
from flyball.monitors import OverBudget, describe
from flyball.records import (
    Action,
    Budget,
    Ending,
    Observation,
    Ruling,
    Run,
    Step,
    Task,
    Trajectory,
)

ADHOC = "adhoc"
URL = "url "


ANEW = {
    "web": "the page was loaded anew",
    "code": "the repository was copied anew, with what had been changed",
}
"""How the world comes back to each agent."""


def check_resumable(run: Run, *, killed: bool = False) -> None:
    """Raise `ConfigError` for a run that cannot be taken up again.

    One that is marked as running may be; `killed` says that it is not.
    """
    if run.task.suite != ADHOC:
        raise ConfigError(
            f"run {run.id} is an episode of {run.task.suite}, whose page is gone: play it again"
            f" with flyball bench run {run.task.suite} --fresh"
        )
    if run.agent not in ANEW:
        raise ConfigError(f"run {run.id} was made by {run.agent or 'another program'}, not here")
    if run.status == "finished":
        raise ConfigError(f"run {run.id} is finished ({run.reason}); there is nothing to resume")
    if run.status == "running" and not killed:
        raise ConfigError(
            f"run {run.id} is running, or was killed: if nothing runs any more, add --killed"
        )


def check_budget(trajectory: Trajectory, budget: Budget) -> None:
    """Raise `ConfigError` where `budget`, which is for the run as a whole, is used up already."""
    task = replace(trajectory.task, budget=budget)
    looked = Step(
        index=len(trajectory.steps),
        policy="",
        observation=Observation(source="task", text=""),
        action=Action(tool="wait"),
    )
    verdict = OverBudget().judge(Trajectory(task=task, steps=(*trajectory.steps, looked)))
    if verdict.ruling is Ruling.STOP:
        raise ConfigError(
            f"the run is {verdict.reason}; ceilings are for the run as a whole, so give it more:"
            " --max-steps, --budget-joules, --budget-usd, --budget-seconds, --budget-tokens,"
            " --budget-battery"
        )


def last_address(trajectory: Trajectory) -> str | None:
    """The newest address that was shown whole; `None` where none was.

    One with a masked password in it would ask for something else.
    """
    for step in reversed(trajectory.steps):
        first = step.observation.text.partition("\n")[0]
        address = first.removeprefix(URL)
        if first.startswith(URL) and MASK not in address:
            return address
    return None


def taken_up(run: Run, trajectory: Trajectory, crew: Crew, *, policy: str, budget: Budget) -> Run:
    """The record of `run` as it goes on with `crew`, driven by `policy` as a rule."""
    ending = Ending(
        steps=len(trajectory.steps),
        policy=run.policy,
        status=run.status,
        ended_by=run.ended_by,
        reason=run.reason,
        ended_at=run.ended_at,
    )
    strong = [name for name in crew.policies if name != policy]
    task: Task = replace(run.task, budget=budget)
    return replace(
        run,
        task=task,
        policy=policy,
        strong=strong[0] if strong else None,
        monitors=tuple(describe(monitor) for monitor in crew.monitors),
        governor=describe(crew.governor),
        status="running",
        ended_by="",
        reason="",
        ended_at=None,
        endings=(*run.endings, ending),
    )


def first_look(run: Run, trajectory: Trajectory, seen: Observation) -> Observation:
    """What a policy is shown first: the world, and what is known of the last action."""
    anew = ANEW[run.agent]
    if not trajectory.steps and run.status != "running":
        return seen
    why = run.reason or "nothing says why"
    if run.status == "running":
        note = "the run was killed, and may have done one thing more than this account tells"
        return replace(seen, note=f"{note}; {anew}")
    if left_undone(trajectory):
        note = f"left undone when the run ended ({why}); {anew}"
        return replace(seen, ok=False, note=note)
    note = f"what came of it is not known, as the run ended ({why}); {anew}"
    return replace(seen, note=note)


def left_undone(trajectory: Trajectory) -> bool:
    """Whether the last action is known not to have been carried out."""
    return trajectory.last.decision.ruling is not Ruling.CONTINUE
