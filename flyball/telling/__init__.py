"""How runs, steps and what they took are told in words, in the terminal as on the screen."""

from flyball.telling.lines import (
    UNKNOWN,
    action_line,
    amount,
    outcome,
    receipts,
    spent,
    step_line,
)
from flyball.telling.settled import ending_lines, endings_at, receipt_lines, receipt_record
from flyball.telling.why import reasons

__all__ = [
    "UNKNOWN",
    "action_line",
    "amount",
    "ending_lines",
    "endings_at",
    "outcome",
    "reasons",
    "receipt_lines",
    "receipt_record",
    "receipts",
    "spent",
    "step_line",
]
