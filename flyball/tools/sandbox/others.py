"""The sandboxes beside bubblewrap: Seatbelt on macOS, containers, and none at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flyball.errors import ToolError
from flyball.tools.sandbox.jobs import Job, Launch, Limits

IMAGE = "docker.io/library/python:3.11"
_ULIMITS = 'ulimit -c 0; ulimit -f "$1"; ulimit -t "$2"; ulimit -n "$3"; shift 3; exec "$@"'
"""What a POSIX shell can set; file sizes are in blocks of 512 bytes."""
_READ = ("/System", "/Library", "/usr", "/bin", "/sbin", "/opt", "/private/etc/ssl", "/dev")


@dataclass(frozen=True)
class Seatbelt:
    """`sandbox-exec` of macOS. It cannot move folders: the tree stays where it is."""

    executable: str = "/usr/bin/sandbox-exec"
    name: str = "seatbelt"

    def launch(self, job: Job) -> Launch:
        argv = [self.executable, "-p", profile(job), "/bin/sh", "-c", _ULIMITS, "sh"]
        return Launch(argv=(*argv, *_blocks(job.limits), *job.command))


def profile(job: Job) -> str:
    """Seatbelt's rules for `job`: what is not allowed is denied."""
    reads = _subpaths([*map(Path, _READ), *job.readable, job.tree])
    writes = _subpaths([job.tree])
    rules = [
        "(version 1)",
        "(deny default)",
        "(allow process-fork) (allow process-exec) (allow signal (target same-sandbox))",
        "(allow sysctl-read) (allow file-read-metadata)",
        f"(allow file-read* {reads})",
        f'(allow file-write* {writes} (literal "/dev/null"))',
    ]
    if job.allow_net:
        rules.append('(allow network-outbound (remote ip "*:*")) (allow system-socket)')
    return "\n".join(rules)


def _subpaths(paths: Iterable[Path]) -> str:
    return " ".join(f'(subpath "{_quoted(path)}")' for path in paths)


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')


@dataclass(frozen=True)
class Container:
    """Docker or Podman, with an image that has what the work needs."""

    executable: str
    image: str = IMAGE
    name: str = "docker"

    def launch(self, job: Job) -> Launch:
        limits, called = job.limits, f"flyball-{secrets.token_hex(6)}"
        memory, temporary = limits.memory_bytes, limits.temporary_bytes
        argv = [
            *(self.executable, "run", "--rm", "--interactive", "--init", "--name", called),
            *("--network", "bridge" if job.allow_net else "none", "--hostname", "sandbox"),
            *("--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--read-only"),
            *("--memory", str(memory), "--memory-swap", str(memory)),
            *("--pids-limit", str(limits.processes), "--shm-size", str(temporary)),
            *("--ulimit", f"fsize={limits.file_bytes}", "--ulimit", f"cpu={limits.cpu_seconds}"),
            *("--ulimit", f"nofile={limits.open_files}", "--ulimit", "core=0"),
            *("--tmpfs", f"/tmp:rw,exec,nosuid,size={temporary}"),
            *("--user", f"{os.getuid()}:{os.getgid()}", "--workdir", str(job.at)),
            *("--mount", f"type=bind,source={job.tree},target={job.at}"),
        ]
        for path in job.readable:
            argv += ["--mount", f"type=bind,source={path},target={path},readonly"]
        for name, value in job.environment.items():
            argv += ["--env", f"{name}={value}"]
        stop = (self.executable, "kill", called)
        return Launch(argv=(*argv, self.image, *job.command), stop=stop)


@dataclass(frozen=True)
class Bare:
    """No sandbox: only limits that keep an accident small. It has to be asked for in so many words.

    The network, the home folder and everything else that the user can reach is in reach.
    """

    name: str = "none"

    def launch(self, job: Job) -> Launch:
        blocks = _blocks(job.limits)
        return Launch(argv=("/bin/sh", "-c", _ULIMITS, "sh", *blocks, *job.command))


def _blocks(limits: Limits) -> tuple[str, str, str]:
    return str(limits.file_bytes // 512), str(limits.cpu_seconds), str(limits.open_files)


def find_container(program: str, image: str = IMAGE) -> Container:
    """Find `docker` or `podman`. Raises `ToolError` with the remedy."""
    found = shutil.which(program)
    if found is None:
        raise ToolError(f"there is no {program}; install it, or choose another sandbox")
    return Container(found, image, program)


def find_seatbelt() -> Seatbelt:
    """Find macOS's own sandbox. Raises `ToolError` elsewhere."""
    if not Path(Seatbelt.executable).exists():
        raise ToolError("Seatbelt is a part of macOS; choose another sandbox")
    return Seatbelt()
