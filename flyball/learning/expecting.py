"""Learn from past runs what is to be expected of the next ones: chances, costs, and checks.

A run of the small policy says what going on comes to from each of its steps. What calling the
strong policy in comes to is told by runs where it was called in and drove to the end; and, for the
same task and seed (else the same task), by runs that the strong policy drove alone, from their
beginning: a stand-in that is dearer than the truth where work was done, and cheaper where harm was,
so that runs where it was called in correct it, cell by cell.
The runs that it drove alone also tell when it is to be given up, for which no stand-in is needed:
a run that is stopped is known up to there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from flyball.errors import ConfigError
from flyball.learning.cells import RISKS, STEPS, corrected, make_cells, rate
from flyball.learning.chaining import chain
from flyball.learning.giving_up import Known, RiskOf, give_up
from flyball.learning.seen import Seen, filled
from flyball.monitors.bursts import stints
from flyball.monitors.expectations import Check, Choice, Expectations, risk_of
from flyball.monitors.outlooks import COSTS, Outlook
from flyball.records import Energy, Ruling, Run, Spend, Step, Trajectory

DRIVEN: Sequence[Choice] = ("small", "strong")
"""Choices of which the steps are seen one after another."""


def recorded_risk(_: Run, trajectory: Trajectory) -> float | None:
    """The risk that monitors gave the last step when it was taken."""
    return risk_of(trajectory.last.verdicts)


def expect(
    runs: Iterable[Known],
    *,
    agent: str,
    small: str,
    strong: str,
    risk: RiskOf = recorded_risk,
    max_loss: float = 0.05,
) -> Expectations:
    """Learn the table of the pair from runs that ended and were checked.

    The strong policy is given up where at most `max_loss` of a task's runs that it wins are lost
    to that, on the average over tasks, with 95 % confidence. Raises `ConfigError`
    where `small` drove no run.
    """
    known = [(run, told) for run, told in runs if run.success is not None and told.steps]
    mine = [each for each in known if each[1].steps[0].policy == small]
    alone = [each for each in known if _drivers(each[1]) == [strong]]
    if not mine:
        raise ConfigError(f"no run that {small} drives was checked; play some: flyball bench run")
    seen: dict[Choice, list[Seen]] = {"small": [], "revise": [], "call": [], "strong": []}
    for run, told in mine:
        _look(run, told, strong, risk, seen)
    # Where somebody stood by, the runs that went well are left: nobody was called into them.
    unhelped = [(run, told) for run, told in mine if run.strong is None] or mine
    ids = {run.id for run, _ in unhelped}
    seen["small"] = [each for each in seen["small"] if each.run in ids]
    for run, told in alone:
        seen["strong"] += [_seen(run, told, at, risk) for at in range(len(told.steps))]
    stand_ins, called = list(_stand_ins(unhelped, alone, risk)), len(seen["call"])
    seen["call"] += stand_ins
    seen = {choice: filled(each) for choice, each in seen.items() if each}
    cells = {choice: make_cells(each) for choice, each in seen.items()}
    if called and stand_ins:
        real, likely = seen["call"][:called], seen["call"][called:]
        cells["call"] = corrected(real, make_cells(likely))
    chains = {c: found for c in DRIVEN if (found := chain(seen.get(c, []), STEPS, RISKS))}
    return Expectations(
        agent=agent,
        small=small,
        strong=strong,
        steps=STEPS,
        risks=RISKS,
        cells=cells,
        switch=_switch(mine, alone, strong),
        check=_check(known),
        chains=chains,
        give_up=give_up(alone, risk, max_loss),
    )


def _look(
    run: Run, told: Trajectory, strong: str, risk: RiskOf, seen: Mapping[Choice, list[Seen]]
) -> None:
    """File each step under the choice that was made at it.

    A step that the small policy went on from counts as that only where nobody else drove later on:
    what is to come is then its own. The strong one's steps are counted from the hand-over.
    """
    last_away = max((s.index for s in told.steps if s.policy != run.policy), default=-1)
    handed_over = told.last.policy == strong and len(stints(told.steps)) == 2
    for at, step in enumerate(told.steps):
        if step.fault:
            continue
        if step.policy == strong and handed_over:
            own = at - stints(told.steps)[0].steps
            seen["strong"].append(replace(_seen(run, told, at, risk), step=own))
        elif step.policy != run.policy:
            continue
        elif step.decision.ruling is Ruling.ESCALATE and handed_over:
            seen["call"].append(_seen(run, told, at, risk))
        elif at > last_away:
            revised = step.decision.ruling is Ruling.REVISE
            seen["revise" if revised else "small"].append(_seen(run, told, at, risk))


def _stand_ins(mine: Sequence[Known], alone: Sequence[Known], risk: RiskOf) -> Iterator[Seen]:
    """For each step of the small policy, what the strong one came to on the same task, alone."""
    by_seed, by_task = (
        defaultdict[object, list[Known]](list),
        defaultdict[object, list[Known]](list),
    )
    for run, told in alone:
        by_seed[_pair(run)].append((run, told))
        by_task[_pair(run)[:2]].append((run, told))
    for run, told in mine:
        if len(_drivers(told)) > 1:
            continue
        twins = by_seed.get(_pair(run)) or by_task.get(_pair(run)[:2]) or []
        wholes = [_seen(other, its, 0, risk, whole=True) for other, its in twins]
        for at in range(len(told.steps)):
            here = risk(run, _until(told, at))
            yield from (replace(whole, step=at, risk=here) for whole in wholes)


def _seen(run: Run, told: Trajectory, at: int, risk: RiskOf, *, whole: bool = False) -> Seen:
    """What came after the step at `at` was proposed; of a `whole` run, before it was."""
    step = told.steps[at]
    first = step.spend if whole else step.monitor_spend + step.tool_spend
    spend = _measured(run, sum((each.spend for each in told.steps[at + 1 :]), first))
    # What comes after the last request has no price to lack: the whole run tells.
    priced = not any(each.spend.usage.unpriced_requests for each in told.steps)
    usage = spend.usage
    return Seen(
        run=run.id,
        step=at,
        risk=None if whole else risk(run, _until(told, at)),
        success=run.success is True,
        joules=spend.energy.joules,
        usd=_usd(spend) if priced else None,
        seconds=spend.seconds,
        tokens=usage.input_tokens - usage.cached_tokens + usage.output_tokens,
    )


def _measured(run: Run, spend: Spend) -> Spend:
    """Its energy is nobody's own where other runs were played beside it."""
    alone = run.task.metadata.get("workers", "1") == "1"
    return spend if alone else replace(spend, energy=Energy())


def _until(told: Trajectory, at: int) -> Trajectory:
    return Trajectory(task=told.task, steps=told.steps[: at + 1])


def _switch(mine: Sequence[Known], alone: Sequence[Known], strong: str) -> Outlook:
    """What the first step after a hand-over takes beyond the first step of a run alone."""
    taken = [
        _measured(run, after.policy_spend)
        for run, told in mine
        for step, after in zip(told.steps, told.steps[1:], strict=False)
        if step.policy != strong and after.policy == strong and not after.fault
    ]
    cold = [_measured(run, told.steps[0].policy_spend) for run, told in alone]
    extra = {name: _beyond(taken, cold, name) for name in COSTS}
    return Outlook(runs=len(taken), **extra)


def _beyond(taken: Sequence[Spend], cold: Sequence[Spend], name: str) -> float | None:
    after, before = (
        [amount for spend in spends if (amount := _amount(spend, name)) is not None]
        for spends in (taken, cold)
    )
    return max(0.0, fmean(after) - fmean(before)) if after and before else None


def _check(known: Sequence[Known]) -> Check:
    """What checks took, and how often they were right about how the run ended.

    A run whose check failed was helped, as a rule: false alarms look more frequent than they are.
    """
    checked = [(run, step) for run, told in known for step in told.steps if _was_checked(step)]
    if not checked:
        return Check()
    spends = [_measured(run, step.monitor_spend) for run, step in checked]
    costs = {name: fmean(amounts) if (amounts := _known(spends, name)) else None for name in COSTS}
    failed, won = (
        [step.verified is False for run, step in checked if bool(run.success) is won]
        for won in (False, True)
    )
    return Check(
        catches=rate(failed),
        false_alarms=rate(won),
        runs=len({run.id for run, _ in checked}),
        **costs,
    )


def _was_checked(step: Step) -> bool:
    return step.verified is not None


def _known(spends: Sequence[Spend], name: str) -> list[float]:
    return [amount for spend in spends if (amount := _amount(spend, name)) is not None]


def _amount(spend: Spend, name: str) -> float | None:
    if name == "joules":
        return spend.energy.joules
    return _usd(spend) if name == "usd" else spend.seconds


def _usd(spend: Spend) -> float | None:
    return None if spend.usage.unpriced_requests else float(spend.usage.cost_usd)


def _drivers(told: Trajectory) -> list[str]:
    return sorted({step.policy for step in told.steps})


def _pair(run: Run) -> tuple[str, str, int | None]:
    return run.task.suite, run.task.id, run.seed
