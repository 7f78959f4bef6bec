"""Which addresses a run may navigate to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

LOCAL_SCHEMES = ("about", "data", "blob", "file", "chrome-error")


def may_open(url: str, hosts: Sequence[str]) -> bool:
    """Whether `url` is on one of `hosts`; `*.example.org` stands for its subdomains."""
    parts = urlsplit(url)
    if parts.scheme in LOCAL_SCHEMES:
        return True
    return parts.scheme in ("http", "https") and bool(
        re.fullmatch(_any_of(hosts), parts.hostname or "", re.IGNORECASE)
    )


def outside(hosts: Sequence[str]) -> re.Pattern[str]:
    """Match the addresses that are on none of `hosts`, in a dialect that browsers share."""
    return re.compile(rf"^https?://(?!(?:[^/@]*@)?(?:{_any_of(hosts)})(?::\d+)?(?:[/?#]|$))", re.I)


def _any_of(hosts: Sequence[str]) -> str:
    return "|".join(_pattern(host) for host in hosts) or "(?!)"


def _pattern(host: str) -> str:
    bare = host.strip("[]")
    if bare.startswith("*."):
        return r"(?:[^/@:]+\.)?" + re.escape(bare[2:])
    return rf"\[?{re.escape(bare)}\]?" if ":" in bare else re.escape(bare)
