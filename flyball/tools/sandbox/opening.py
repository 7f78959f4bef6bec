"""Finds a sandbox that works on this machine, or says what would make one work."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from flyball.errors import ToolError
from flyball.tools.sandbox.bubblewrap import find_bubblewrap
from flyball.tools.sandbox.jobs import Job, Launch, Sandbox
from flyball.tools.sandbox.others import IMAGE, Bare, find_container, find_seatbelt

Kind = Literal["auto", "bubblewrap", "seatbelt", "docker", "podman"]
KINDS: tuple[Kind, ...] = get_args(Kind)
UNSANDBOXED = "--dangerously-no-sandbox"
PROBE_SECONDS = 30
REMEDIES: Mapping[str, str] = {
    "bubblewrap": (
        "allow user namespaces (sysctl -w kernel.unprivileged_userns_clone=1, and on Ubuntu"
        " kernel.apparmor_restrict_unprivileged_userns=0)"
    ),
    "seatbelt": "allow sandbox-exec to run",
    "docker": "start its service and pull the image",
    "podman": "pull the image",
}


def open_sandbox(
    kind: Kind = "auto", *, image: str = IMAGE, dangerously_none: bool = False
) -> Sandbox:
    """Give a sandbox that has just run a command. Raises `ToolError` where none does.

    Nothing runs without one, unless `dangerously_none`.
    """
    if dangerously_none:
        return Bare()
    chosen = ("seatbelt" if sys.platform == "darwin" else "bubblewrap") if kind == "auto" else kind
    finders: Mapping[str, Callable[[], Sandbox]] = {
        "bubblewrap": find_bubblewrap,
        "seatbelt": find_seatbelt,
        "docker": lambda: find_container("docker", image),
        "podman": lambda: find_container("podman", image),
    }
    try:
        sandbox = finders[chosen]()
    except ToolError as error:
        raise ToolError(f"no sandbox, so nothing is run: {error}; {_else(chosen)}") from error
    if problem := probe(sandbox):
        raise ToolError(
            f"no sandbox, so nothing is run: {sandbox.name} does not work here ({problem});"
            f" {REMEDIES[chosen]}; {_else(chosen)}"
        )
    return sandbox


def _else(kind: str) -> str:
    other = "" if kind in ("docker", "podman") else "or use --sandbox docker or podman; "
    return f"{other}only {UNSANDBOXED} goes without"


@cache
def probe(sandbox: Sandbox) -> str:
    """Run a command that does nothing; gives what went wrong, and nothing if it works."""
    with tempfile.TemporaryDirectory() as folder:
        launch = sandbox.launch(Job(command=("true",), tree=Path(folder), environment=PATHS))
        return _tried(launch)


PATHS = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}


def _tried(launch: Launch) -> str:
    try:
        done = subprocess.run(
            launch.argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=PATHS,
            pass_fds=launch.descriptors,
            timeout=PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return " ".join(str(error).split())
    if done.returncode == 0:
        return ""
    said = done.stderr.decode(errors="replace").split("\n")[0].strip()
    return said or f"exit code {done.returncode}"
