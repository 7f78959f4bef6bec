"""Agents that know what a step costs, and monitors that decide whether to take it."""

from flyball.monitors.supervision import Supervisor
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
