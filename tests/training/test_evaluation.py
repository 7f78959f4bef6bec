"""The evaluation of the bundled policy, and the card that is written from it."""

import pytest

from flyball.errors import ConfigError
from flyball.ledger import Ledger
from flyball.models import bundled_path
from training.card import card
from training.evaluate import evaluate


def test_the_card_that_is_shipped_says_what_the_reports_say():
    assert bundled_path("small").with_suffix(".md").read_text() == card("small")


@pytest.mark.browser
@pytest.mark.llama
def test_an_evaluation_plays_both_suites_and_goes_on_where_it_was(tmp_path):
    ledger = tmp_path / "work" / "small.db"
    tasks = ["click-test", "count-orders"]
    rows = evaluate("bundled/small", tasks, 2, workers=2, ledger=ledger)
    figures = {(row["suite"], row["task"], row["metric"]): row for row in rows}
    assert {(suite, task) for suite, task, _ in figures} == {
        *(("web", task) for task in ("all", "click-test")),
        *(("office", task) for task in ("all", "count-orders")),
    }
    for suite, task in (("web", "click-test"), ("office", "count-orders")):
        assert figures[suite, task, "success"]["n"] == 2
        # Energy is measured apart, where an episode is alone on the machine.
        energy = figures[suite, task, "joules_per_decision"]
        assert (energy["value"] > 0, energy["n"]) == (True, 1)
        lost = sum(r["value"] for r in rows if r["task"] == task and "lost_by" in r["metric"])
        assert lost == round(2 * (1 - figures[suite, task, "success"]["value"]))
    with Ledger(ledger) as kept:
        before = len(kept.runs())
        assert evaluate("bundled/small", tasks, 2, workers=2, ledger=ledger) == rows
        assert len(kept.runs()) == before


def test_a_task_that_no_suite_has_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no suite has a task 'click-tset'"):
        evaluate("bundled/small", ["click-tset"], 1, workers=1, ledger=tmp_path / "l.db")
