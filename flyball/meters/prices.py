"""What a remote model's answer costs, from the dated price list that genai-prices ships."""

from __future__ import annotations

from decimal import Decimal

from flyball.records import Usage


def price_usd(usage: Usage, *, model: str, provider: str | None = None) -> Decimal | None:
    """Price in US dollars of one request, or `None` where the list has no price for it.

    `usage` is one request's: providers have tiers by the length of the prompt, so a sum over
    requests would land in the wrong one. `provider` is an id such as `openai`; without it the
    model's name decides. `Usage.input_tokens` includes `Usage.cached_tokens`, which are priced
    as cache reads. The list is the one inside the installed genai-prices
    (https://github.com/pydantic/genai-prices): its updater is never started, so no socket is
    opened.
    """
    # Loading the price list takes a third of a second, and a local model never needs it.
    from genai_prices import Usage as Priced  # noqa: PLC0415
    from genai_prices import calc_price  # noqa: PLC0415

    tokens = Priced(
        input_tokens=usage.input_tokens,
        cache_read_tokens=min(usage.cached_tokens, usage.input_tokens),
        output_tokens=usage.output_tokens,
    )
    try:
        return calc_price(tokens, model, provider_id=provider).total_price
    except (LookupError, ValueError):
        return None
