"""The sandbox on Linux: bubblewrap's namespaces, a filter of system calls, and resource limits."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flyball.errors import ToolError
from flyball.tools.sandbox.jobs import Job, Launch, Limits
from flyball.tools.sandbox.seccomp import seccomp_filter

NAMESPACES = (
    *("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
    *("--hostname", "sandbox"),
)
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/opt/homebrew")
SETTINGS = (
    *("/etc/alternatives", "/etc/group", "/etc/hosts", "/etc/ld.so.cache", "/etc/localtime"),
    *("/etc/nsswitch.conf", "/etc/passwd", "/etc/ssl/certs"),
)
"""What programs read of `/etc`, and nothing that holds a secret. Each takes half a millisecond."""
OF_JAVA = "java-*"
FOR_THE_NET = ("/etc/resolv.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols")
COUNTED_SINCE = (5, 14)
"""Linux counts processes by user namespace from here on, and before by user."""


@dataclass(frozen=True)
class Bubblewrap:
    """Debian's `bwrap`, with `prlimit` of util-linux inside."""

    executable: str
    prlimit: str
    name: str = "bubblewrap"

    def launch(self, job: Job) -> Launch:
        program = seccomp_filter(allow_net=job.allow_net)
        descriptors = (_readable(program),) if program else ()
        argv = [self.executable, *NAMESPACES, *(("--share-net",) if job.allow_net else ())]
        argv += [word for fd in descriptors for word in ("--seccomp", str(fd))]
        argv += [*places(job), "--chdir", str(job.at)]
        argv += ["--remount-ro", "/dev", "--remount-ro", "/", "--"]
        argv += [self.prlimit, *_limits(job.limits), "--", *job.command]
        return Launch(argv=tuple(argv), descriptors=descriptors)


def find_bubblewrap() -> Bubblewrap:
    """Find what it needs. Raises `ToolError` with the remedy."""
    found = {name: shutil.which(name) for name in ("bwrap", "prlimit")}
    packages = {"bwrap": "bubblewrap", "prlimit": "util-linux"}
    for name, path in found.items():
        if path is None:
            raise ToolError(f"there is no {name}; install it: apt-get install {packages[name]}")
    return Bubblewrap(str(found["bwrap"]), str(found["prlimit"]))


def places(job: Job) -> Iterator[str]:
    """What a job sees of the machine, as options of `bwrap`."""
    yield from _system(job)
    yield from _places(job)


def _system(job: Job) -> Iterator[str]:
    """The machine's programs, as they are and not to be written to."""
    for place in map(Path, SYSTEM):
        if place.is_symlink():
            yield from ("--symlink", str(place.readlink()), str(place))
        elif place.is_dir():
            yield from ("--ro-bind", str(place), str(place))
    settings = [*SETTINGS, *map(str, Path("/etc").glob(OF_JAVA))]
    for name in (*settings, *(FOR_THE_NET if job.allow_net else ())):
        yield from ("--ro-bind-try", name, name)
    yield from ("--proc", "/proc", "--dev", "/dev")
    # Whoever is root outside may write these without any capability, and bwrap leaves them so.
    for name in ("/proc/sys", "/proc/sysrq-trigger"):
        yield from ("--ro-bind-try", name, name)
    size = str(job.limits.temporary_bytes)
    for name in ("/dev/shm", "/tmp"):  # they are the sandbox's own
        yield from ("--size", size, "--perms", "1777", "--tmpfs", name)


def _places(job: Job) -> Iterator[str]:
    """The tree, and what may be read; of two the outer comes first."""
    places = {job.at: ("--bind", job.tree), **{path: ("--ro-bind", path) for path in job.readable}}
    for at in sorted(places):
        how, path = places[at]
        if not any(at.is_relative_to(system) for system in SYSTEM if at != job.at):
            yield from (how, str(path), str(at))


def _limits(limits: Limits) -> Iterator[str]:
    yield f"--data={limits.memory_bytes}"
    yield f"--fsize={limits.file_bytes}"
    yield f"--cpu={limits.cpu_seconds}"
    yield f"--nofile={limits.open_files}"
    yield "--core=0"
    if _counts_processes():
        yield f"--nproc={limits.processes}"


def _counts_processes() -> bool:
    """Whether the kernel can; root's it never counts, which is what `Watch` is for."""
    release = os.uname().release.split(".")
    major, minor = (int("".join(filter(str.isdigit, part)) or 0) for part in release[:2])
    return os.getuid() != 0 and (major, minor) >= COUNTED_SINCE


def _readable(program: bytes) -> int:
    """A descriptor that gives `program` to whoever inherits it."""
    read, write = os.pipe()
    os.write(write, program)
    os.close(write)
    return read
