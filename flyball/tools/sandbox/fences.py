"""A limit on processes that holds for root too: a control group of the job's own, where one can be.

Linux counts no process of root's against its own limit. A control group does count them; who may
not make one is not root, and has the other limit.
"""

from __future__ import annotations

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
    group = _made(processes + OF_BUBBLEWRAP)
    if group is None:
        yield tuple(argv)
        return
    try:
        yield ("/bin/sh", "-c", _ENTER, str(group / "cgroup.procs"), *argv)
    finally:
        _remove(group)


def _made(most: int) -> Path | None:
    for parent in _parents():
        group = parent / f"flyball-{secrets.token_hex(6)}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            (group / "pids.max").write_text(str(most))
        except OSError:
            _remove(group)
            continue
        return group
    return None


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
