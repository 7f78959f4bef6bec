"""Thresholds and promises are moved, and past runs are replayed under them at once."""

from dataclasses import replace
from itertools import chain, count

import pytest
from textual.widgets import Static

from flyball import Verdict
from flyball.bench.evaluation import share_lost, share_saved, sums_of
from flyball.monitors.learned.rules import Rule
from flyball.tui import replaying
from flyball.tui.replaying import read_past, replayed
from tests.tui.conftest import a_run, screen, text_of, until

pytestmark = pytest.mark.anyio


async def test_a_threshold_is_moved_by_arrow_keys(path, ledger):
    async with screen(path, size=(120, 30)) as (app, pilot):
        await pilot.press("5")
        await until(pilot, lambda: app.screen.report)
        assert app.screen.monitor == "will_fail"
        assert "will_fail stops from 0.500" in text_of(app, "#note")
        past = app.screen.past
        sums = list(sums_of(past.scored["will_fail"], Rule(threshold=0.5)).values())
        assert app.screen.report.saved == share_saved(sums) > 0
        assert app.screen.report.lost == share_lost(sums) == 0
        lost = [each for each in app.screen.report.runs if not each.success]
        assert [each.stop for each in lost] == [2, 2, 2, 2], "0.2, 0.35, 0.5: at step 2"
        for _ in range(4):
            await pilot.press("shift+left")
        await until(pilot, lambda: "stops from 0.100" in text_of(app, "#note"))
        await until(pilot, lambda: app.screen.report.lost == 1.0)
        assert "12 of 12 runs would have been stopped" in text_of(app, "#told")
        await pilot.press("right")
        await until(pilot, lambda: "stops from 0.110" in text_of(app, "#note"))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.query("RunView"))


async def test_a_promise_needs_runs_enough_and_then_sets_the_threshold(path, ledger):
    async with screen(path, size=(120, 30)) as (app, pilot):
        await pilot.press("5")
        await until(pilot, lambda: app.screen.report)
        await pilot.press(".")
        await until(pilot, lambda: "too few checked runs" in text_of(app, "#note"))
        for number in range(12, 120):
            ledger.add([a_run(number)])
        await pilot.press("1", "5")
        await until(pilot, lambda: "promised" in text_of(app, "#note"))
        assert app.screen.loss == 0.05
        assert app.screen.report.lost <= 0.05
        assert app.screen.report.saved > 0
        assert "95 %, over tasks" in text_of(app, "#told")


async def test_it_says_where_the_time_did_not_suffice_for_all_runs(path, ledger, monkeypatch):
    monkeypatch.setattr(replaying, "SECONDS", 0.0)
    async with screen(path, size=(120, 30)) as (app, pilot):
        await pilot.press("5")
        await until(pilot, lambda: app.screen.report)
        assert "ONLY THE NEWEST 1 checked runs, of 1 tasks, back to 2026-11-24" in text_of(
            app, "#note"
        )
        monkeypatch.undo()
        await pilot.press("1", "5")
        await until(pilot, lambda: "all 12 checked runs, of 4 tasks" in text_of(app, "#note"))


async def test_it_tells_how_far_reading_has_come(path, ledger, monkeypatch):
    for number in range(12, 120):
        ledger.add([a_run(number)])
    notes, update = [], Static.update
    monkeypatch.setattr(
        Static, "update", lambda static, text="": notes.append(text) or update(static, text)
    )
    async with screen(path, size=(120, 30)) as (app, pilot):
        await pilot.press("5")
        await until(pilot, lambda: app.screen.report)
    assert "reading past runs, the newest first: 50 of 120 ..." in notes
    assert "reading past runs, the newest first: 100 of 120 ..." in notes


def test_past_runs_are_read_and_asked_about_the_newest_first_while_there_is_time(ledger):
    """By a clock that goes on a second each time that it is looked at."""
    ledger.save(replace(ledger.run("261111-run"), score=None))
    seconds, told = int(replaying.SECONDS), []
    past = read_past(ledger, told=lambda *how: told.append(how), clock=count().__next__)
    names = [run.id for run in ledger.runs()]
    assert told == [(number, 12) for number in range(1, seconds + 2)]
    assert list(past.runs) == names[1 : seconds + 1], "one of those that were read is not checked"
    assert past.since == "2026-11-24"
    everything = read_past(ledger)
    assert (len(everything.runs), everything.since) == (11, None)
    told.clear()
    ticks = chain([0] * 13, count(0))
    asked = read_past(ledger, "stuck", told=lambda *how: told.append(how), clock=ticks.__next__)
    assert told[12:] == [(number, 11) for number in range(1, seconds + 2)]
    assert asked.runs == everything.runs[: seconds + 1], "asking takes time too"
    assert {len(scored) for scored in asked.scored.values()} == {seconds + 1}
    assert asked.since


def test_a_monitor_that_was_not_in_force_is_asked(ledger):
    past = read_past(ledger, "stuck")
    assert set(past.scored) == {"stuck", "will_fail"}
    assert all(0 <= score <= 1 for run in past.scored["stuck"] for score in run.scores)
    assert replayed(past, "stuck", Rule(threshold=2.0)).stopped == 0


async def test_without_scores_it_says_how_to_get_some(path, tmp_path):
    async with screen(path) as (app, pilot):
        await pilot.press("5")
        await until(pilot, lambda: "No past run" in text_of(app, "#note"))


async def test_the_monitor_that_stops_runs_is_asked_about_first(path, ledger):
    milestone = Verdict(monitor="milestone", score=0.9, threshold=0.5)
    for number in range(12, 16):
        run, steps = a_run(number)
        told = [replace(step, verdicts=(milestone, *step.verdicts)) for step in steps]
        ledger.add([(run, told)])
    async with screen(path, size=(120, 30)) as (app, pilot):
        await pilot.press("5")
        await until(pilot, lambda: app.screen.report)
        assert next(iter(app.screen.past.scored)) == "milestone"
        assert app.screen.monitor == "will_fail"
