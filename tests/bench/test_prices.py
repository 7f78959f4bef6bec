"""What comparisons charge for models, and what they say of it."""

import pytest

from flyball.bench import prices
from flyball.bench.prices import RECORDED, STAND_INS, Hosted, tariff_for
from flyball.config.tables import ListPriceTable
from flyball.errors import ConfigError
from flyball.meters import price_list, price_usd
from flyball.records import Usage

PAIR = {"bundled/small", "bundled/strong"}
SET = ListPriceTable(input_usd_per_mtok=1.0, output_usd_per_mtok=2.0)


def test_the_bundled_pair_is_charged_as_hosted_stand_ins_and_says_so():
    tariff = tariff_for(PAIR, {})
    assert set(tariff.prices) == PAIR
    assert tariff.method == "list price of a stand-in"
    assert price_list() in tariff.note
    for name, (provider, model) in STAND_INS.items():
        assert f"{name} as if it were {provider}'s {model}" in tariff.note
        million = Usage(input_tokens=1_000_000)
        listed = price_usd(million, model=model, provider=provider)
        assert tariff.prices[name].input_usd_per_mtok == pytest.approx(float(listed))
    small, strong = (tariff.prices[name] for name in sorted(PAIR))
    assert small.input_usd_per_mtok < strong.input_usd_per_mtok
    assert small.output_usd_per_mtok < strong.output_usd_per_mtok


def test_prices_that_are_set_go_before_stand_ins():
    both = tariff_for(PAIR, dict.fromkeys(PAIR, SET))
    assert (dict(both.prices), both.method) == (dict.fromkeys(PAIR, SET), "list price")
    one = tariff_for(PAIR, {"bundled/small": SET})
    assert one.prices["bundled/small"] is SET
    assert one.method == "list price of a stand-in"
    assert "bundled/small as" not in one.note
    assert "bundled/strong as" in one.note


def test_a_model_that_nothing_stands_in_for_leaves_what_was_recorded():
    for models in ({"bundled/small", "cloud"}, {"cloud"}):
        tariff = tariff_for(models, {})
        assert (tariff.prices, tariff.method) == ({}, RECORDED)
    assert set(tariff_for({"bundled/small", "cloud"}, {"cloud": SET}).prices) == {
        "bundled/small",
        "cloud",
    }
    with pytest.raises(ConfigError, match="other has no list price"):
        tariff_for({"other", "cloud"}, {"cloud": SET})


def test_a_stand_in_that_the_list_does_not_have_has_no_price(monkeypatch):
    monkeypatch.setitem(prices.STAND_INS, "bundled/strong", Hosted("groq", "nonesuch"))
    assert tariff_for(PAIR, {}).method == RECORDED
