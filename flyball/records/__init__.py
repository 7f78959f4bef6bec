"""The nouns of flyball: what a run is made of.

Every record is frozen plain data: it can be compared, stored, replayed and sent to
another process. This room imports the standard library only, and every other room
may import it. What is said to models is loaded when it is asked for: a host's program starts
sooner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flyball.records.metering import Metering
from flyball.records.rulings import (
    Currency,
    Decision,
    HandOver,
    HandOverKind,
    Price,
    Recover,
    Recovery,
    Ruling,
    Verdict,
)
from flyball.records.spending import Budget, Energy, EnergyMethod, Spend, Usage
from flyball.records.trajectory import (
    HUMAN,
    Action,
    Arguments,
    Ending,
    Observation,
    Run,
    Status,
    Step,
    Task,
    ToolSpec,
    Trajectory,
    new_run_id,
)

if TYPE_CHECKING:
    from flyball.records.dialogue import Completion, Lines, Message, Request, ToolCall

__all__ = [
    "HUMAN",
    "Action",
    "Arguments",
    "Budget",
    "Completion",
    "Currency",
    "Decision",
    "Ending",
    "Energy",
    "EnergyMethod",
    "HandOver",
    "HandOverKind",
    "Lines",
    "Message",
    "Metering",
    "Observation",
    "Price",
    "Recover",
    "Recovery",
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
    "new_run_id",
]
LATER = ("Completion", "Lines", "Message", "Request", "ToolCall")
"""What is loaded when it is asked for."""


def __getattr__(name: str) -> object:
    if name not in LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from flyball.records import dialogue  # noqa: PLC0415 - see above

    globals().update({each: getattr(dialogue, each) for each in LATER})
    return globals()[name]
