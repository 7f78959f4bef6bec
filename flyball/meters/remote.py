"""What a remote model's answer may have taken in somebody else's data centre, as a range."""

from __future__ import annotations

import importlib
import logging
from dataclasses import replace

from flyball.meters.green import JOULES_PER_KWH
from flyball.records import Usage

PROVIDERS = {
    "anthropic": "anthropic",
    "cohere": "cohere",
    "google": "google_genai",
    "huggingface": "huggingface_hub",
    "mistral": "mistralai",
    "openai": "openai",
}
"""EcoLogits' names by those of genai-prices."""


def with_remote_range(usage: Usage, *, provider: str | None, model: str, seconds: float) -> Usage:
    """Add EcoLogits' range of joules for one request, where it is installed and knows the model.

    An estimate from public guesses of a model's size (https://ecologits.ai, methodology), which no
    budget counts and nothing is added to. Otherwise the usage stays as it is: unknown.
    """
    try:
        # Optional, and it takes a quarter of a second.
        ecologits = importlib.import_module("ecologits.tracers.utils")
    except ImportError:
        return usage
    named = PROVIDERS.get(provider or "")
    if named is None:
        return usage
    logging.getLogger("ecologits").setLevel(logging.CRITICAL)
    told = ecologits.llm_impacts(
        provider=named,
        model_name=model,
        output_token_count=usage.output_tokens,
        request_latency=seconds,
    ).energy
    if told is None:
        return usage
    low = getattr(told.value, "min", told.value)
    high = getattr(told.value, "max", told.value)
    return replace(usage, remote_low_j=low * JOULES_PER_KWH, remote_high_j=high * JOULES_PER_KWH)
