"""What is to be run in a sandbox, within which limits, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

MIB = 2**20

Why = Literal["", "time", "memory", "processes", "disk", "output"]
"""Which limit ended a job; empty where it ended by itself."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a job may take at most."""

    memory_bytes: int = 2_048 * MIB
    """Of all processes together, and of private memory for each of them."""
    processes: int = 128
    """Threads included where the kernel counts them."""
    file_bytes: int = 256 * MIB
    """For each file."""
    disk_bytes: int = 1_024 * MIB
    """That the tree may grow by."""
    temporary_bytes: int = 256 * MIB
    """For `/tmp`, and as much for shared memory."""
    cpu_seconds: int = 300
    """Of each process."""
    wall_seconds: float = 60.0
    open_files: int = 1_024
    output_bytes: int = 64 * MIB
    """What a job may print before it is ended."""
    kept_bytes: int = 64 * 1_024
    """What is kept of that, half from its head and half from its tail."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A command, and what it may see."""

    command: tuple[str, ...]
    tree: Path
    """The one folder that it may write to."""
    seen_at: Path | None = None
    """Where it sees that folder, if its sandbox can move it."""
    readable: tuple[Path, ...] = ()
    """What it may read besides the system."""
    allow_net: bool = False
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """All of it: nothing is inherited."""
    given: bytes = b""
    """What it reads from its standard input."""
    limits: Limits = Limits()

    @property
    def at(self) -> Path:
        return self.seen_at or self.tree


class Ran(NamedTuple):
    """What came of a job."""

    code: int
    """Its exit code; minus the signal that ended it."""
    output: str
    """What it printed on both streams, without the middle of much."""
    cut_bytes: int
    """How much of it is left out."""
    seconds: float
    why: Why = ""

    @property
    def ok(self) -> bool:
        return self.code == 0 and not self.why


@dataclass(frozen=True, kw_only=True)
class Launch:
    """How a sandbox runs a job."""

    argv: tuple[str, ...]
    descriptors: tuple[int, ...] = ()
    """Open files that it inherits; whoever launches it closes them."""
    stop: tuple[str, ...] = ()
    """What ends a job that outlives the process that launched it."""


class Sandbox(Protocol):
    """A way to run a command so that it cannot harm the machine."""

    def __hash__(self) -> int: ...

    @property
    def name(self) -> str: ...

    def launch(self, job: Job) -> Launch:
        """Say how to run `job`, with all limits that it can set itself."""
        ...
