"""The ledger and the monitors' verdicts for other agents, over MCP: to read, nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from mcp.server import MCPServer
from mcp.types import ToolAnnotations

from flyball.errors import LedgerError
from flyball.ledger import Ledger, audit, receipt_of, run_to_json, step_to_json
from flyball.ledger.reports import By
from flyball.records import Step

MOST_RUNS = 200
READING = ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=False)


def make_server(ledger: Ledger) -> MCPServer[Any]:
    """Build a server that reads `ledger`."""
    server: MCPServer[Any] = MCPServer(
        "flyball",
        instructions="Runs of agents, what each step cost, and what supervision made of them.",
    )
    reader = _Reader(ledger)
    calls: tuple[Callable[..., str], ...] = (
        reader.runs, reader.run, reader.steps, reader.verdicts, reader.costs,
    )  # fmt: skip
    for call in calls:
        server.tool(annotations=READING, structured_output=False)(call)
    return server


class _Reader:
    """What can be asked. Each answer is JSON; what cannot be told is one line that says why."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def runs(self, limit: int = 20, status: str = "") -> str:
        """The newest runs, and how they ended: running, finished, stopped or failed (`status`)."""
        known: Any = status or None
        found = self._ledger.runs(limit=max(1, min(limit, MOST_RUNS)), status=known)
        return f"[{', '.join(run_to_json(run) for run in found)}]"

    def run(self, run_id: str) -> str:
        """One run, by its id or how that begins, with its receipt if it was stopped."""
        try:
            run, trajectory = self._ledger.run(run_id), self._ledger.trajectory(run_id)
        except LedgerError as error:
            return str(error)
        receipt = receipt_of(run, trajectory)
        told = None if receipt is None else {"by": receipt.by, "why": receipt.why}
        spend, energy = trajectory.spend, trajectory.spend.energy
        return json.dumps(
            {
                "run": json.loads(run_to_json(run)),
                "steps": len(trajectory.steps),
                "seconds": spend.seconds,
                "tokens": spend.usage.input_tokens + spend.usage.output_tokens,
                "joules": energy.joules,
                "joules_method": energy.joules_method,
                "receipt": told,
            }
        )

    def steps(self, run_id: str, first: int = 0, limit: int = 20) -> str:
        """The steps of a run, whole, from number `first` on."""
        found = self._steps(run_id)
        if isinstance(found, str):
            return found
        first, limit = max(first, 0), max(1, min(limit, MOST_RUNS))
        return f"[{', '.join(step_to_json(step) for step in found[first : first + limit])}]"

    def verdicts(self, run_id: str) -> str:
        """What monitors said of each step of a run, what was decided, and if it was obeyed."""
        found = self._steps(run_id)
        return found if isinstance(found, str) else json.dumps([_judged(step) for step in found])

    def costs(self, by: By = "model") -> str:
        """What all runs took: tokens, seconds, joules, dollars, and per successful task."""
        return json.dumps([asdict(row) for row in audit(self._ledger, by=by)])

    def _steps(self, run_id: str) -> tuple[Step, ...] | str:
        try:
            return self._ledger.steps(run_id)
        except LedgerError as error:
            return str(error)


def _judged(step: Step) -> dict[str, Any]:
    return {
        "step": step.index,
        "policy": step.policy,
        "tool": step.action.tool,
        "ruling": step.decision.ruling,
        "by": step.decision.by,
        "reason": step.decision.reason,
        "not_obeyed": step.unobeyed or None,
        "verdicts": [
            {
                "monitor": each.monitor,
                "ruling": each.ruling,
                "in_shadow": each.shadow,
                "reason": each.reason,
                "score": each.score,
                "error": each.error,
            }
            for each in step.verdicts
        ],
    }
