"""How a run was metered: what joules, dollars and grams rest on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Metering:
    """Kept with each run, so that its dollars and grams can be computed anew."""

    sources: tuple[str, ...] = ()
    """What was read, part by part, as `flyball doctor` tells it."""
    idle_watts: float | None = None
    """The idle baseline that was subtracted; `None` where none is known."""
    idle_measured_at: datetime | None = None
    usd_per_kwh: float | None = None
    price_list: str = ""
    """Which list priced remote requests, with its version."""
    grams_per_kwh: float | None = None
    """Of CO2 equivalents; `None` where nothing told which grid it was."""
    grid: str = ""
    """Where that figure is from."""
    bandwidth_bytes_per_s: float | None = None
    """What this machine's memory moves, as calibrated."""
    beside: int = 0
    """How many other runs this process carried on at the same time, at most."""
