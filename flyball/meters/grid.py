"""How much carbon a kilowatt hour stands for: a table by country, or a source that is asked."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

SOURCE = "Ember via Our World in Data, CC BY 4.0"
TIMEOUT_SECONDS = 5.0
MOST_GRAMS = 3_000.0
"""No grid comes near: what is more was given in another unit."""

# ISO 3166-1: the two letters of those whose three do not begin with them, and of some that are
# asked for most. Every other country goes by its three letters.
TWO_LETTERS = {
    "AT": "AUT", "AU": "AUS", "BE": "BEL", "BG": "BGR", "BR": "BRA", "CA": "CAN", "CH": "CHE",
    "CL": "CHL", "CN": "CHN", "CZ": "CZE", "DE": "DEU", "DK": "DNK", "EE": "EST", "ES": "ESP",
    "FI": "FIN", "FR": "FRA", "GB": "GBR", "GR": "GRC", "HR": "HRV", "HU": "HUN", "ID": "IDN",
    "IE": "IRL", "IL": "ISR", "IN": "IND", "IS": "ISL", "IT": "ITA", "JP": "JPN", "KR": "KOR",
    "LT": "LTU", "LU": "LUX", "LV": "LVA", "MX": "MEX", "NL": "NLD", "NO": "NOR", "NZ": "NZL",
    "PL": "POL", "PT": "PRT", "RO": "ROU", "RS": "SRB", "SE": "SWE", "SG": "SGP", "SI": "SVN",
    "SK": "SVK", "TR": "TUR", "TW": "TWN", "UA": "UKR", "US": "USA", "VN": "VNM", "ZA": "ZAF",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Intensity:
    """Grams of CO2 equivalents a kWh, and where the figure is from."""

    grams_per_kwh: float
    source: str


def known_countries() -> dict[str, Intensity]:
    """The table, by three letters."""
    return dict(_table())


def country_intensity(code: str) -> Intensity | None:
    """A country's newest yearly mean, by its ISO 3166 code of two or three letters."""
    letters = code.strip().upper()
    return _table().get(TWO_LETTERS.get(letters, letters))


def live_intensity(url: str, key: str) -> Intensity | None:
    """Ask `url` what the grid's intensity is now; `None` where nothing sensible comes back.

    The answer is a number, or JSON with one at `key`, whose dots go down into it.
    """
    # Loaded here: what asks nobody needs no HTTP.
    import httpx  # noqa: PLC0415

    try:
        answer = httpx.get(url, timeout=TIMEOUT_SECONDS, follow_redirects=True).raise_for_status()
        grams = float(_down(json.loads(answer.text), key))
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError, LookupError):
        return None
    if not 0 <= grams <= MOST_GRAMS:
        return None
    return Intensity(
        grams_per_kwh=grams, source=f"{url.partition('?')[0]} at {datetime.now(UTC):%Y-%m-%d %H:%M}"
    )


def _down(told: Any, key: str) -> Any:
    if not isinstance(told, dict | list):
        return told
    for part in key.split("."):
        told = told[int(part)] if isinstance(told, list) else told[part]
    return told


@cache
def _table() -> dict[str, Intensity]:
    text = (files("flyball.meters") / "data" / "grid.csv").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return {
        row["code"]: Intensity(
            grams_per_kwh=float(row["grams_per_kwh"]),
            source=f"{row['country']}, mean of {row['year']} ({SOURCE})",
        )
        for row in csv.DictReader(lines)
    }
