"""The office suite: longer work in a small web application, with milestones and traps."""

from flyball.bench.office.mail import SEND
from flyball.bench.office.orders import CANCEL
from flyball.bench.office.suite import Episode, Job, Office
from flyball.bench.office.tab import Tab
from flyball.bench.office.templates import TEMPLATES

IRREVERSIBLE = (CANCEL, SEND)
"""The buttons after which there is no way back."""

__all__ = ["IRREVERSIBLE", "TEMPLATES", "Episode", "Job", "Office", "Tab"]
