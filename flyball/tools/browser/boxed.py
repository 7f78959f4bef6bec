"""Starts a Chromium inside bubblewrap: its own sandbox stays, inside this one."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from flyball.tools.sandbox.bubblewrap import NAMESPACES, find_bubblewrap, places
from flyball.tools.sandbox.jobs import Job

SETTINGS = ("/etc/fonts", "/etc/chromium", "/etc/chromium.d", "/etc/opt", "/etc/ssl", "/etc/pki")
KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "http_proxy", "https_proxy", "no_proxy")
"""Of the environment: keys of models stay out."""
NOBODY = "1000"
"""Who root is inside, as Chromium's own sandbox is not for root."""

_SCRIPT = """\
#!/bin/sh
for word; do
  case $word in --user-data-dir=*) profile=${{word#*=}} ;; esac
done
exec {before} --bind "$profile" "$profile" -- {executable} "$@"
"""


def boxed(executable: Path, folder: Path, downloads: Path, readable: Sequence[Path]) -> Path:
    """Write a program into `folder` that starts `executable` where it sees no home and no files.

    It may write to its profile and to `downloads`, and read the system and what is
    `readable`. The filter of system calls is left to Chromium, whose sandbox makes namespaces.
    Raises `ToolError` where there is no bubblewrap.
    """
    bubblewrap = find_bubblewrap().executable
    job = Job(
        command=(),
        tree=downloads,
        readable=(executable.resolve().parent, *readable),
        allow_net=True,
    )
    before = shlex.join((bubblewrap, *NAMESPACES, "--share-net", *places(job), *_own()))
    path = folder / "chromium"
    path.write_text(_SCRIPT.format(before=before, executable=shlex.quote(str(executable))))
    path.chmod(0o700)
    return path


def _own() -> Iterator[str]:
    for name in SETTINGS:
        yield from ("--ro-bind-try", name, name)
    if os.geteuid() == 0:
        yield from ("--uid", NOBODY, "--gid", NOBODY)
    yield from ("--clearenv", "--setenv", "HOME", "/tmp")
    for name in KEPT:
        if name in os.environ:
            yield from ("--setenv", name, os.environ[name])
