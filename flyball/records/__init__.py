"""The nouns of flyball: what a run is made of.

Every record is frozen plain data: it can be compared, stored, replayed and sent to
another process. This room imports the standard library only, and every other room
may import it.
"""

from flyball.records.dialogue import Completion, Lines, Message, Request, ToolCall
from flyball.records.spending import Budget, Energy, EnergyMethod, Spend, Usage
from flyball.records.trajectory import (
    Action,
    Arguments,
    Decision,
    Observation,
    Ruling,
    Run,
    Status,
    Step,
    Task,
    ToolSpec,
    Trajectory,
    Verdict,
)

__all__ = [
    "Action",
    "Arguments",
    "Budget",
    "Completion",
    "Decision",
    "Energy",
    "EnergyMethod",
    "Lines",
    "Message",
    "Observation",
    "Request",
    "Ruling",
    "Run",
    "Spend",
    "Status",
    "Step",
    "Task",
    "ToolCall",
    "ToolSpec",
    "Trajectory",
    "Usage",
    "Verdict",
]
