"""What a remote model's answer costs, from the dated price list that genai-prices ships."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from flyball.records import Usage

DATED = re.compile(r"date\((\d{4}), (\d{1,2}), (\d{1,2})\)")


def price_usd(usage: Usage, *, model: str, provider: str | None = None) -> Decimal | None:
    """Price in US dollars of one request, or `None` where the list has no price for it.

    `usage` is one request's: providers have tiers by the length of the prompt, so a sum over
    requests would land in the wrong one. `provider` is an id such as `openai`; without it the
    model's name decides. `Usage.input_tokens` includes `Usage.cached_tokens`, which are priced
    as cache reads, and `Usage.output_tokens` includes `Usage.reasoning_tokens`, which have a price
    of their own with few providers and that of any other with the rest. The list is the one
    inside the installed genai-prices (https://github.com/pydantic/genai-prices): its updater is
    never started, so no socket is opened.
    """
    # Loading the price list takes a third of a second, and a local model never needs it.
    from genai_prices import Usage as Priced  # noqa: PLC0415
    from genai_prices import calc_price  # noqa: PLC0415

    tokens = Priced(
        input_tokens=usage.input_tokens,
        cache_read_tokens=min(usage.cached_tokens, usage.input_tokens),
        output_tokens=usage.output_tokens,
        output_reasoning_tokens=_reasoning(usage),
    )
    try:
        return calc_price(tokens, model, provider_id=provider).total_price
    except (LookupError, ValueError):
        return None


def provider_at(address: str) -> str | None:
    """Whose API that is, as genai-prices names it; `None` where it knows none there."""
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - as above

    try:
        return get_snapshot().find_provider(None, None, address).id
    except LookupError:
        return None


@cache
def price_list() -> str:
    """The version of the list, and its newest date from which a price holds; empty without one.

    It names no day of its own. Its text is searched, as loading it takes a third of a second.
    """
    try:
        listed = distribution("genai-prices")
        text = Path(str(listed.locate_file("genai_prices/data.py"))).read_text(encoding="utf-8")
    except (PackageNotFoundError, OSError):
        return ""
    return told_list(listed.version, text, datetime.now(UTC).date())


def told_list(version: str, text: str, today: date) -> str:
    """Tell of a list by its version and its text."""
    dates = (date(*map(int, found)) for found in DATED.findall(text))
    newest = max((each for each in dates if each <= today), default=None)
    return f"genai-prices {version}" + (f", newest dated price {newest}" if newest else "")


def _reasoning(usage: Usage) -> int | None:
    told = usage.reasoning_tokens
    return None if told is None else min(told, usage.output_tokens)
