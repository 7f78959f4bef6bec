"""`flyball demo` and what reads its ledger."""

import csv
import io
import json

import pytest

from flyball.bench.demo import SCENES

pytestmark = [pytest.mark.browser, pytest.mark.llama]

ROW = {
    *("key", "runs", "successes", "steps", "input_tokens", "cached_tokens", "output_tokens"),
    *("cost_usd", "joules", "energy_method", "joules_failed", "joules_supervision"),
    *("joules_per_success", "seconds", "joules_per_success_low", "joules_per_success_high"),
    *("joules_at_least", "unmetered_seconds", "unknown_why", "joules_over_idle", "joules_own"),
    *("median_j", "median_j_low", "median_j_high", "usd_per_success", "grams_co2e"),
    *("prefill_seconds", "decode_seconds", "bandwidth_floor_share"),
    *("remote_low_j", "remote_high_j"),
}


def test_the_demo_plays_audits_and_leaves_its_runs_in_the_ledger(call):
    demo = json.loads(call("demo", "--json").out)
    assert demo["runs"] == len(SCENES) == len(demo["rows"])
    assert {frozenset(row) for row in demo["rows"]} == {frozenset(ROW)}
    assert all(row["input_tokens"] > 0 and row["output_tokens"] > 0 for row in demo["rows"])
    assert {row["energy_method"] for row in demo["rows"]} <= {"estimated", "counter"}
    wins = sum(row["successes"] for row in demo["rows"])
    assert 0 < wins < len(SCENES)

    assert json.loads(call("audit", "--json").out) == demo
    by_model = json.loads(call("audit", "--by", "model", "--json").out)["rows"]
    assert [row["key"] for row in by_model] == ["bundled/small"]
    assert by_model[0]["successes"] == wins
    for by in ("agent", "suite", "day"):
        assert json.loads(call("audit", "--by", by, "--json").out)["runs"] == len(SCENES)
    table = list(csv.DictReader(io.StringIO(call("audit", "--csv").out)))
    assert {row["key"] for row in table} == {scene.task for scene in SCENES}
    assert "login-user" in call("audit").out
    assert len(json.loads(call("runs", "--json").out)) == len(SCENES)
    assert "click-tab-2" in call("runs", "--suite", "web").out


def test_the_demo_on_the_screen_says_who_ended_what_and_what_failures_took(call):
    result = call("demo")
    assert result.code == 0
    assert "ended by" in result.out
    assert "into failures" in result.out


def test_an_empty_ledger_says_how_to_fill_it(call):
    assert "flyball demo" in call("runs").out
    assert "flyball demo" in call("audit").out
    empty = json.loads(call("audit", "--json").out)
    assert (empty["runs"], empty["rows"]) == (0, [])
    assert empty["all"]["joules"] is None


def test_a_run_that_is_not_there_is_one_line(call):
    result = call("show", "nonesuch")
    assert result.code == 2
    assert result.err.count("\n") == 1


def test_two_formats_at_once_are_refused(call):
    assert call("audit", "--json", "--csv").code == 2
    assert call("audit", "--by", "moon").code == 2
