"""A limit on processes that holds for root too: a control group of the job's own, where one can be.

Linux counts no process of root's against its own limit. A control group does count them; who may
not make one is not root, and has the other limit.
"""

from __future__ import annotations

import atexit
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep

GROUPS = Path("/sys/fs/cgroup")
OF_BUBBLEWRAP = 3
"""Processes of the sandbox itself."""
_ENTER = 'echo $$ > "$0" && exec "$@"'


@contextmanager
def fenced(argv: Sequence[str], processes: int) -> Iterator[tuple[str, ...]]:
    """Give a command that runs `argv` in a group of its own; `argv` where there can be none."""
    group = _taken(processes + OF_BUBBLEWRAP)
    if group is None:
        yield tuple(argv)
        return
    try:
        yield ("/bin/sh", "-c", _ENTER, str(group / "cgroup.procs"), *argv)
    finally:
        _idle.append(group)


_idle = list[Path]()
"""Groups that no job is in. They are used again, since removing one takes the kernel's time."""


def _taken(most: int) -> Path | None:
    """Take a group that is empty: the kernel counts what has ended for up to a second more."""
    for group in list(_idle):
        with suppress(OSError):
            if int((group / "pids.current").read_text()) == 0:
                (group / "pids.max").write_text(str(most))
                _idle.remove(group)
                return group
    return _made(most)


def _made(most: int) -> Path | None:
    for parent in _parents():
        _sweep(parent)
        group = parent / f"flyball-{os.getpid()}-{secrets.token_hex(3)}"
        try:
            group.mkdir()
        except OSError:
            continue
        atexit.register(_remove, group)
        with suppress(OSError):
            (group / "pids.max").write_text(str(most))
            return group
    return None


def _sweep(parent: Path) -> None:
    """Remove what a flyball that was killed has left."""
    for group in parent.glob("flyball-*-*"):
        owner = group.name.split("-")[1]
        if not Path(f"/proc/{owner}").exists():
            with suppress(OSError):
                group.rmdir()


def _parents() -> Iterator[Path]:
    """Where this process is: in the old hierarchy of processes, and in the unified one."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if "pids" in controllers.split(","):
            yield GROUPS / "pids" / path.lstrip("/")
        elif not controllers:
            yield GROUPS / path.lstrip("/")


def _remove(group: Path) -> None:
    """Remove it once the kernel has taken the last process out."""
    for _ in range(20):
        with suppress(OSError):
            group.rmdir()
            return
        sleep(0.005)
