import re
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from flyball import Usage
from flyball.meters import price_list, price_usd
from flyball.meters.prices import told_list

THOUSAND = Usage(requests=1, input_tokens=1000, output_tokens=100)


def test_a_known_model_has_a_price():
    price = price_usd(THOUSAND, model="gpt-4o", provider="openai")
    assert price is not None
    assert Decimal(0) < price < Decimal("0.1")


def test_cached_tokens_cost_less_than_fresh_ones():
    cached = Usage(requests=1, input_tokens=1000, cached_tokens=1000, output_tokens=100)
    fresh = price_usd(THOUSAND, model="gpt-4o")
    read = price_usd(cached, model="gpt-4o")
    assert fresh is not None
    assert read is not None
    assert read < fresh


@pytest.mark.parametrize(
    ("model", "provider"), [("nonesuch-7b", None), ("gpt-4o", "nowhere"), ("", "openai")]
)
def test_an_unknown_price_is_none_not_zero(model, provider):
    assert price_usd(THOUSAND, model=model, provider=provider) is None


def test_a_server_that_counts_more_cached_than_read_tokens_is_still_priced():
    usage = Usage(requests=1, input_tokens=10, cached_tokens=20, output_tokens=1)
    assert price_usd(usage, model="gpt-4o") is not None


def test_thinking_has_its_own_price_where_the_provider_has_one():
    thinking = replace(THOUSAND, reasoning_tokens=100)
    own = price_usd(thinking, model="sonar-deep-research", provider="perplexity")
    plain = price_usd(THOUSAND, model="sonar-deep-research", provider="perplexity")
    # 100 tokens at 3 $ a million in place of 8 $.
    assert own - plain == Decimal("100") * (Decimal(3) - Decimal(8)) / 1_000_000
    assert price_usd(thinking, model="gpt-4o") == price_usd(THOUSAND, model="gpt-4o")


def test_a_server_that_counts_more_thought_than_written_tokens_is_still_priced():
    assert price_usd(replace(THOUSAND, reasoning_tokens=900), model="gpt-4o") is not None


def test_the_price_list_is_told_with_its_version_and_its_newest_date():
    text = "date(2026, 1, 5) date(2025, 12, 31) date(2031, 1, 1)"
    told = told_list("1.2", text, date(2026, 2, 1))
    assert told == "genai-prices 1.2, newest dated price 2026-01-05"
    assert told_list("1.2", "", date(2026, 2, 1)) == "genai-prices 1.2"
    assert re.fullmatch(r"genai-prices [\d.]+, newest dated price \d{4}-\d\d-\d\d", price_list())


def test_pricing_opens_no_socket(monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    assert price_usd(THOUSAND, model="gpt-4o") is not None


def test_the_price_list_is_loaded_only_when_a_price_is_asked_for():
    code = "import flyball.meters, sys; print('genai_prices' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "False"
