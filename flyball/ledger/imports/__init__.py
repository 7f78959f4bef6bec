"""Read runs that other programs wrote down, one file a format, into a ledger.

What a source does not record is left out rather than made zero, and named in the task's metadata
(`unrecorded`). What is known only once a run is over goes to its `Run` and into no step.
"""

from flyball.ledger.imports.imports import import_file, read_file, read_outcomes
from flyball.ledger.imports.records import Imported
from flyball.ledger.imports.sources import is_ledger, read_checked

__all__ = [
    "Imported",
    "import_file",
    "is_ledger",
    "read_checked",
    "read_file",
    "read_outcomes",
]
