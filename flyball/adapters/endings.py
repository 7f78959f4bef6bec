"""How a run ended in a loop that is not ours, and the receipt that it leaves there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from flyball.records import Ruling, Run, Status, Step, Trajectory


def ended(run: Run, trajectory: Trajectory, failed: str = "") -> Run:
    """Say how a run ended, from its last step."""
    now = datetime.now(UTC)
    if failed:
        return replace(run, status="failed", ended_by="host", reason=failed, ended_at=now)
    if not trajectory.steps:
        return replace(run, status="finished", ended_by="environment", ended_at=now)
    last = trajectory.last
    if stops(last):
        return replace(
            run,
            status="stopped",
            ended_by=last.decision.by,
            reason=last.decision.reason,
            ended_at=now,
        )
    status: Status = "finished"
    if not last.action.is_final:
        return replace(run, status=status, ended_by="environment", reason="", ended_at=now)
    answer = last.action.arguments.get("answer")
    return replace(
        run,
        status=status,
        ended_by="policy",
        reason="the policy says it is done",
        answer=None if answer is None else str(answer),
        ended_at=now,
    )


def stops(step: Step) -> bool:
    """Whether the run ends at `step`."""
    return step.decision.ruling is Ruling.STOP and not step.unobeyed


def receipt_text(run: Run, trajectory: Trajectory) -> str:
    """Tell a stopped run's receipt in a few lines, for whoever reads its transcript."""
    if not trajectory.steps:
        return f"Nothing was done. Run {run.id}."
    last, spend = trajectory.last, trajectory.spend
    decision = last.decision
    mine = [each for each in last.verdicts if each.monitor == decision.by]
    evidence = sorted({index for each in mine for index in each.evidence})
    lines = [f"Stopped by {decision.by or 'the governor'}: {decision.reason}."]
    if evidence:
        lines.append(f"On the evidence of step {', '.join(map(str, evidence))}.")
    lines.append(f"Left undone: {last.action.tool} {dict(last.action.arguments)}.")
    tokens = f"{spend.usage.input_tokens} + {spend.usage.output_tokens} tokens"
    lines.append(f"Spent: {len(trajectory.steps)} steps, {tokens}, {spend.seconds:.3g} s.")
    return "\n".join([*lines, f"Run {run.id}: flyball show {run.id}"])
