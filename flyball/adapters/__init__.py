"""Supervision inside other stacks: one file for each, and a proxy in front of any model.

A host's own package is imported by its file alone, and nothing here needs more than the standard
library until one is. What only adapters need is loaded when asked for: a host's program starts
sooner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flyball.adapters.endings import receipt_text
from flyball.adapters.supervisor import Supervisor

if TYPE_CHECKING:
    from flyball.adapters.supervision import DEFAULT, Supervision

__all__ = ["DEFAULT", "Supervision", "Supervisor", "receipt_text"]


def __getattr__(name: str) -> object:
    if name not in ("DEFAULT", "Supervision"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from flyball.adapters import supervision  # noqa: PLC0415 - see above

    value: object = getattr(supervision, name)
    globals()[name] = value
    return value
