"""Where programs run that a model chose: they see a tree and the system, and can harm neither."""

from flyball.tools.sandbox.bubblewrap import Bubblewrap, find_bubblewrap
from flyball.tools.sandbox.jobs import Job, Launch, Limits, Ran, Sandbox, Why
from flyball.tools.sandbox.opening import KINDS, Kind, open_sandbox
from flyball.tools.sandbox.others import Bare, Container, Seatbelt
from flyball.tools.sandbox.running import run_job

__all__ = [
    "KINDS",
    "Bare",
    "Bubblewrap",
    "Container",
    "Job",
    "Kind",
    "Launch",
    "Limits",
    "Ran",
    "Sandbox",
    "Seatbelt",
    "Why",
    "find_bubblewrap",
    "open_sandbox",
    "run_job",
]
