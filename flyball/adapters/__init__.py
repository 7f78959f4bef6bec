"""Supervision inside other stacks: one file for each, and a proxy in front of any model.

A host's own package is imported by its file alone, and nothing here needs more than the standard
library until one is.
"""

from flyball.adapters.endings import receipt_text
from flyball.adapters.supervision import DEFAULT, Supervision
from flyball.adapters.supervisor import Supervisor

__all__ = ["DEFAULT", "Supervision", "Supervisor", "receipt_text"]
