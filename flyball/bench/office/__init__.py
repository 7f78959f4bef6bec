"""The office suite: longer work in a small web application, with milestones and traps."""

from flyball.bench.office.suite import Episode, Job, Office
from flyball.bench.office.tab import Tab
from flyball.bench.office.templates import TEMPLATES

__all__ = ["TEMPLATES", "Episode", "Job", "Office", "Tab"]
