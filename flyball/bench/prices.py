"""What comparisons charge for models: list prices that are set, or those of hosted stand-ins."""

from __future__ import annotations

from collections.abc import Collection
from types import MappingProxyType
from typing import NamedTuple

from flyball.bench.plays import Prices, check_prices
from flyball.config.tables import ListPriceTable
from flyball.meters import price_list, price_usd
from flyball.models.specs import BUNDLED
from flyball.records import Usage

RECORDED = "recorded"
THOUSAND = 1_000


class Hosted(NamedTuple):
    """A model that can be rented, by its names in genai-prices."""

    provider: str
    model: str


STAND_INS = {
    f"{BUNDLED}/small": Hosted("groq", "llama-3.1-8b-instant"),
    f"{BUNDLED}/strong": Hosted("groq", "llama-3.3-70b-versatile"),
}
"""Nobody rents the bundled pair out. A small and a large Llama of one host stand in for it: one
family at one host, so that what differs between the two prices is the model's size."""


class Tariff(NamedTuple):
    """By which prices a comparison goes."""

    prices: Prices
    """Empty: what the ledger says counts."""
    method: str
    note: str


AS_RECORDED = Tariff(
    MappingProxyType({}),
    RECORDED,
    "dollars are electricity and servers' own prices; [list_prices] sets others",
)


def tariff_for(models: Collection[str], given: Prices) -> Tariff:
    """Say what to charge for `models`: the prices that are `given`, and stand-ins' for the bundled.

    Where a model has neither, stand-ins count for nothing. Raises `ConfigError` where some models
    are given a price and others have none.
    """
    missing = sorted(set(models) - set(given))
    hosted = {name: price for name in missing if (price := _hosted(name))}
    if not missing or len(hosted) < len(missing):
        prices = check_prices(given, models)
        listed = "dollars are list prices ([list_prices]), and no electricity"
        return Tariff(prices, "list price", listed) if prices else AS_RECORDED
    told = "; ".join(_told(name, price) for name, price in hosted.items())
    return Tariff(
        {**given, **hosted},
        "list price of a stand-in",
        f"dollars are list prices, and no electricity: {told} ({price_list()});"
        " [list_prices] sets others",
    )


def _hosted(name: str) -> ListPriceTable | None:
    """The list price of what stands in for a model; `None` where nothing does."""
    if name not in STAND_INS:
        return None
    kinds = (
        Usage(input_tokens=THOUSAND),
        Usage(output_tokens=THOUSAND),
        Usage(input_tokens=THOUSAND, cached_tokens=THOUSAND),
    )
    provider, model = STAND_INS[name]
    each = [price_usd(usage, model=model, provider=provider) for usage in kinds]
    known = [float(price * THOUSAND) for price in each if price is not None]
    if len(known) < len(kinds):
        return None
    sent, written, cached = known
    return ListPriceTable(
        input_usd_per_mtok=sent, output_usd_per_mtok=written, cached_usd_per_mtok=cached
    )


def _told(name: str, price: ListPriceTable) -> str:
    provider, model = STAND_INS[name]
    sent, written = price.input_usd_per_mtok, price.output_usd_per_mtok
    return f"{name} as if it were {provider}'s {model}, ${sent:g} in and ${written:g} out a MTok"
