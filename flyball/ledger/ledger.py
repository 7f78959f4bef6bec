"""Write runs down, and read them back exactly as they were."""

from __future__ import annotations

from pathlib import Path

from pydantic import TypeAdapter
from sqlmodel import Session, SQLModel, create_engine, select

from flyball.errors import LedgerError
from flyball.ledger.tables import RunRow, SpendRow, StepRow
from flyball.records import Run, Spend, Step, Trajectory

RUN = TypeAdapter(Run)
STEP = TypeAdapter(Step)


class Ledger:
    """The runs in one SQLite file, or in memory without a path."""

    def __init__(self, path: Path | None = None) -> None:
        self._engine = create_engine(f"sqlite:///{path}" if path else "sqlite://")
        SQLModel.metadata.create_all(self._engine)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def save(self, run: Run) -> None:
        """Write `run`, or what has become of it."""
        with Session(self._engine) as session:
            session.merge(
                RunRow(
                    id=run.id,
                    suite=run.task.suite,
                    task_id=run.task.id,
                    policy=run.policy,
                    status=run.status,
                    score=run.score,
                    started_at=run.started_at,
                    record=RUN.dump_json(run).decode(),
                )
            )
            session.commit()

    def append(self, run_id: str, step: Step) -> None:
        with Session(self._engine) as session:
            session.add(
                StepRow(
                    run_id=run_id,
                    index=step.index,
                    policy=step.policy,
                    tool=step.action.tool,
                    ruling=step.decision.ruling,
                    ruled_by=step.decision.by,
                    record=STEP.dump_json(step).decode(),
                )
            )
            session.add(_spend_row(run_id, step, "policy", step.policy_spend))
            session.add(_spend_row(run_id, step, "monitor", step.monitor_spend))
            session.add(_spend_row(run_id, step, "tool", step.tool_spend))
            session.commit()

    def run(self, run_id: str) -> Run:
        with Session(self._engine) as session:
            row = session.get(RunRow, run_id)
        if row is None:
            raise LedgerError(f"no run is called {run_id!r}")
        return RUN.validate_json(row.record)

    def trajectory(self, run_id: str) -> Trajectory:
        """Read back every step of a run, as the monitors saw it."""
        query = select(StepRow).where(StepRow.run_id == run_id).order_by("index")
        with Session(self._engine) as session:
            steps = tuple(STEP.validate_json(row.record) for row in session.exec(query))
        return Trajectory(task=self.run(run_id).task, steps=steps)


def _spend_row(run_id: str, step: Step, part: str, spend: Spend) -> SpendRow:
    return SpendRow(
        run_id=run_id,
        index=step.index,
        part=part,
        seconds=spend.seconds,
        input_tokens=spend.usage.input_tokens,
        cached_tokens=spend.usage.cached_tokens,
        output_tokens=spend.usage.output_tokens,
        cost_usd=str(spend.usage.cost_usd),
        unpriced_requests=spend.usage.unpriced_requests,
        measured_j=spend.energy.measured_j,
        estimated_j=spend.energy.estimated_j,
    )
