"""Which addresses a run may navigate to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

PLACELESS = ("about", "data", "blob", "chrome-error")
"""Schemes of pages that come from nowhere else."""


def may_open(url: str, hosts: Sequence[str]) -> bool:
    """Whether `url` is on one of `hosts`; `*.example.org` stands for its subdomains.

    A file may be opened where one of `hosts` is the address of a folder that it lies in, wherever
    links lead: a page must not have the disk read.
    """
    parts = urlsplit(url)
    if parts.scheme in PLACELESS:
        return True
    if parts.scheme == "file":
        return _in_a_folder(url, hosts)
    return parts.scheme in ("http", "https") and bool(
        re.fullmatch(_any_of(hosts), parts.hostname or "", re.IGNORECASE)
    )


def outside(hosts: Sequence[str]) -> re.Pattern[str]:
    """Match the addresses that are on none of `hosts`, in a dialect that browsers share.

    Of files it matches all, and only `may_open` can tell.
    """
    host = rf"(?:[^/@]*@)?(?:{_any_of(hosts)})(?::\d+)?(?:[/?#]|$)"
    return re.compile(rf"^(?:file:|https?://(?!{host}))", re.I)


def folder_of(url: str) -> str:
    """The address of the folder that a file lies in, for the hosts of a run that begins at it."""
    return _path(url).parent.as_uri()


def folders_of(url: str) -> tuple[Path, ...]:
    """What a browser has to be able to read to begin at `url`."""
    return (_path(url).parent,) if url.startswith("file:") else ()


def _in_a_folder(url: str, hosts: Sequence[str]) -> bool:
    folders = [_path(host) for host in hosts if host.startswith("file:")]
    try:
        path = _path(url)
    except (ValueError, RuntimeError):  # a zero byte, or links in a circle
        return False
    return any(path.is_relative_to(folder) for folder in folders)


def _path(url: str) -> Path:
    return Path(url2pathname(urlsplit(url).path)).resolve()


def _any_of(hosts: Sequence[str]) -> str:
    named = [host for host in hosts if not host.startswith("file:")]
    return "|".join(_pattern(host) for host in named) or "(?!)"


def _pattern(host: str) -> str:
    bare = host.strip("[]")
    if bare.startswith("*."):
        return r"(?:[^/@:]+\.)?" + re.escape(bare[2:])
    return rf"\[?{re.escape(bare)}\]?" if ":" in bare else re.escape(bare)
