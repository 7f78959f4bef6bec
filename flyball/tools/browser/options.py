"""How a browser is started and read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LONGEST_WAIT_SECONDS = 30.0
"""For which a policy can wait in one action."""


@dataclass(frozen=True, kw_only=True)
class BrowserOptions:
    """How the browser is started and read."""

    executable: str | None = None
    headless: bool = True
    allow_hosts: tuple[str, ...] = ()
    """Hosts that may be navigated to (`*.example.org` for its subdomains) besides that of the
    first page opened, or the folder of a first page that is a file. What a page loads from
    elsewhere is not restricted."""
    timeout_seconds: float = 10.0
    """For a page to load, and for an element to be ready to be acted on."""
    viewport: tuple[int, int] = (1280, 800)
    budget_tokens: int = 2_000
    """How much of a page an observation shows."""
    ignore: str = ""
    """CSS selector of what is not part of the page for the policy: a benchmark's own display."""
    readable: tuple[Path, ...] = ()
    """Folders that the browser may read, where it begins at a file."""
    sandbox: bool = False
    """Start it in bubblewrap, with its own sandbox inside; for a browser that nobody sees."""

    @property
    def answer_seconds(self) -> float:
        """After so long without an answer a page hangs: it may have been asked to wait."""
        return LONGEST_WAIT_SECONDS + self.timeout_seconds
