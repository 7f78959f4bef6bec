"""The evaluation of the bundled policy, and the card that is written from it."""

import pytest

from flyball.models import bundled_path
from training.card import card
from training.evaluate import evaluate


def test_the_card_that_is_shipped_says_what_the_reports_say():
    assert bundled_path("small").with_suffix(".md").read_text() == card("small")


@pytest.mark.browser
@pytest.mark.llama
def test_an_evaluation_plays_live_and_counts_what_was_won():
    rows = evaluate("bundled/small", ["click-test", "click-checkboxes-large"], 2)
    assert [row.split for row in rows] == ["trained", "untrained"]
    for row in rows:
        assert row.n == 2
        assert row.low <= row.value <= row.high
        assert sum(row.endings.values()) == round(2 * (1 - row.value))
        assert row.decision_ms > 0
