import sys

import pytest

from flyball import Usage
from flyball.meters.remote import with_remote_range

ASKED = Usage(requests=1, output_tokens=200)


def test_a_known_remote_model_has_a_range_of_joules_in_proportion_to_its_tokens():
    told = with_remote_range(ASKED, provider="anthropic", model="claude-sonnet-4-5", seconds=60.0)
    twice = Usage(requests=1, output_tokens=400)
    more = with_remote_range(twice, provider="anthropic", model="claude-sonnet-4-5", seconds=60.0)
    assert 0 < told.remote_low_j < told.remote_high_j
    # Between a tenth of a watt hour and ten for 200 tokens: kWh were made joules, and once.
    assert 36 < told.remote_high_j < 36_000
    assert more.remote_high_j == pytest.approx(2 * told.remote_high_j, rel=0.05)


@pytest.mark.parametrize(
    ("provider", "model"), [("openai", "nonesuch"), ("somebody", "gpt-4o"), (None, "gpt-4o")]
)
def test_what_nothing_is_known_of_stays_unknown(provider, model):
    assert with_remote_range(ASKED, provider=provider, model=model, seconds=1.0) == ASKED


def test_without_ecologits_it_is_unknown(monkeypatch):
    monkeypatch.setitem(sys.modules, "ecologits.tracers.utils", None)
    assert with_remote_range(ASKED, provider="openai", model="gpt-4o", seconds=1.0) == ASKED
