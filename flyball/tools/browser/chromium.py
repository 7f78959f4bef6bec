"""Find a Chromium on this machine, and the switches that keep it quiet."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from flyball.errors import ToolError

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
REMEDY = "install it (Debian: apt-get install chromium; elsewhere: playwright install chromium)"


def find_chromium(executable: str | None = None, *, own: Path | None = None) -> Path:
    """Give the path of the browser to start: `executable`, `CHROMIUM`, or what `PATH` offers.

    `own` is where Playwright keeps the one that it downloads, and comes last.

    Raises `ToolError` where there is none.
    """
    wanted = executable or os.environ.get("CHROMIUM")
    if wanted:
        found = shutil.which(wanted)
        if found is None:
            raise ToolError(f"there is no browser at {wanted!r}; {REMEDY}")
        return Path(found)
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    if own and own.exists():
        return own
    raise ToolError(f"no Chromium was found on this machine; {REMEDY}")


def check_display() -> None:
    """Raise `ToolError` where a visible browser has nowhere to show itself."""
    shown = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if sys.platform == "linux" and not shown:
        raise ToolError("there is no display for a visible browser; leave out --watch")
