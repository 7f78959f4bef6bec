"""Agents that know what a step costs, and monitors that decide whether to take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flyball.records import (
    Action,
    Budget,
    Decision,
    Energy,
    Observation,
    Ruling,
    Run,
    Spend,
    Step,
    Task,
    ToolSpec,
    Trajectory,
    Usage,
    Verdict,
)

if TYPE_CHECKING:
    from flyball.adapters.supervisor import Supervisor

__version__ = "0.1.0"

__all__ = [
    "Action",
    "Budget",
    "Decision",
    "Energy",
    "Observation",
    "Ruling",
    "Run",
    "Spend",
    "Step",
    "Supervisor",
    "Task",
    "ToolSpec",
    "Trajectory",
    "Usage",
    "Verdict",
]


def __getattr__(name: str) -> object:
    """Load the supervisor when it is asked for: most programs that import us judge nothing."""
    if name == "Supervisor":
        from flyball.adapters.supervisor import Supervisor  # noqa: PLC0415

        return Supervisor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
