import socket
import subprocess
import sys
from decimal import Decimal

import pytest

from flyball import Usage
from flyball.meters import price_usd

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
