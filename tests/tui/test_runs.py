"""The table of runs, and what can be done with each, on a real ledger."""

import csv
import json
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from flyball import Action
from flyball.ledger import Deleted, Ledger
from flyball.steering import Helm, helm_folder
from flyball.tui.comparing import aligned, parting
from tests.tui.conftest import a_run, a_step, notices, screen, text_of, until, write

pytestmark = pytest.mark.anyio


def shown(app):
    """The runs on the screen, from the top."""
    rows = app.screen.query_one("#list")
    return [cells[8] for cells in rows._fetch(0, rows.count)]


async def ready(app, pilot, count=12):
    await until(pilot, lambda: app.screen.query_one("#list").count == count)


async def test_the_newest_runs_come_first_and_a_filter_narrows_as_one_types(path, ledger):
    async with screen(path) as (app, pilot):
        await ready(app, pilot)
        assert shown(app)[0] == "261111-run"
        assert text_of(app, "#note") == "12 runs"
        await pilot.press("slash")
        await write(pilot, "lost small")
        await until(pilot, lambda: app.screen.query_one("#list").count == 2)
        assert shown(app) == ["261106-run", "261100-run"]
        assert "fit 'lost small'" in text_of(app, "#note")
        await pilot.press("escape")
        await ready(app, pilot)


async def test_columns_sort_by_key_and_by_click(path, ledger):
    async with screen(path) as (app, pilot):
        await ready(app, pilot)
        for _ in range(7):
            await pilot.press("s")
        await until(pilot, lambda: app.screen.query_one("#list").sorted_by == "joules")
        first = shown(app)
        assert first[0] in ("261104-run", "261109-run")
        await pilot.press("S")
        await until(pilot, lambda: not app.screen.query_one("#list").descending)
        assert shown(app)[0] in ("261100-run", "261105-run", "261110-run")
        await pilot.click("#list", offset=(2, 0))
        await until(pilot, lambda: app.screen.query_one("#list").sorted_by == "task")
        assert shown(app)[0].startswith("2611")


async def test_a_click_moves_and_a_second_click_opens(path, ledger):
    async with screen(path) as (app, pilot):
        await ready(app, pilot)
        await pilot.click("#list", offset=(3, 4))
        assert app.screen.query_one("#list").cursor == 3
        await pilot.click("#list", offset=(3, 4))
        view = await until(pilot, lambda: app.screen.query("RunView").first())
        await until(pilot, lambda: view.over)
        assert view.run_id == "261108-run"


async def test_a_run_is_replayed_step_by_step_and_at_speed(path, ledger):
    _, steps = a_run(9)
    async with screen(path) as (app, pilot):
        await ready(app, pilot)
        await pilot.press("down", "down", "enter")
        view = await until(pilot, lambda: app.screen.query("RunView").first())
        await until(pilot, lambda: len(view.watched.steps) == len(steps) == 7)
        assert view.rows.cursor == 6
        await pilot.press("home")
        assert "steps 1 of 30" in text_of(app, "#side")
        await pilot.press("down")
        side = text_of(app, "#side")
        assert "steps 2 of 30" in side
        assert "energy 5 J of 100" in side
        assert "0.35/0.70" in side
        await pilot.press("end")
        assert "(shadow) stop: it" in text_of(app, "#side")
        await pilot.press("space")
        assert view.plays
        await until(pilot, lambda: view.rows.cursor == 1)
        await pilot.press("plus", "plus", "plus")
        await until(pilot, lambda: not view.plays)
        assert view.rows.cursor == 6


async def test_two_runs_stand_side_by_side_from_where_they_part(path, ledger):
    ledger.delete("261110-run")
    parted = replace(a_step(1), action=Action(tool="back", text="back"))
    ledger.put_back(Deleted(a_run(10)[0], (a_step(0), parted, a_step(2)), None))
    async with screen(path, size=(100, 30)) as (app, pilot):
        await ready(app, pilot)
        await pilot.press("c", "down", "c")
        rows = await until(pilot, lambda: app.screen.query_one("#pairs"))
        await until(pilot, lambda: rows.count)
        assert "they part at step 1" in text_of(app, "#note")
        assert rows.cursor == 1
        await pilot.press("escape")
        await until(pilot, lambda: app.screen.query("#list"))


def test_runs_are_aligned_on_where_they_part():
    left = [a_step(index) for index in range(4)]
    other = replace(left[1], action=Action(tool="back", text="back"))
    right = [left[0], other, other, left[2], left[3]]
    pairs = list(aligned(left, right))
    assert [pair.same for pair in pairs] == [True, False, False, True, True]
    assert (pairs[2].left, pairs[2].right) == (None, other)
    assert parting(pairs) == 1
    assert parting(list(aligned(left, left))) is None


async def test_a_label_counts_as_the_score_and_says_that_a_person_gave_it(path, ledger):
    async with screen(path) as (app, pilot):
        await ready(app, pilot)
        await pilot.press("l")
        await until(pilot, lambda: app.screen.query("OptionList"))
        await pilot.press("down", "enter")
        await until(pilot, lambda: ledger.run("261111-run").success is False)
        assert ledger.run("261111-run").task.metadata["labelled"] == "human"
        await until(pilot, lambda: shown(app) and app.screen._fetch(0, 1)[0][2][0] == "✗ lost")


async def test_a_deleted_run_comes_back_whole(path, ledger):
    before = ledger.run("261111-run"), ledger.steps("261111-run")
    async with screen(path) as (app, pilot):
        await ready(app, pilot)
        await pilot.press("d")
        await ready(app, pilot, 11)
        assert any("u brings it back" in notice for notice in notices(app))
        await pilot.press("u")
        await ready(app, pilot)
    assert (ledger.run("261111-run"), ledger.steps("261111-run")) == before


async def test_deletions_are_undone_from_any_place_the_newest_first(path, ledger):
    async with screen(path) as (app, pilot):
        await ready(app, pilot)
        await pilot.press("u")
        await until(pilot, lambda: "nothing was deleted" in notices(app)[0])
        await pilot.press("d")
        await ready(app, pilot, 11)
        await pilot.press("d")
        await ready(app, pilot, 10)
        assert "u undoes 2 deletions" in text_of(app, "#note")
        await pilot.press("4")
        await until(pilot, lambda: "of 10 runs succeeded" in text_of(app, "#note"))
        await pilot.press("u")
        await until(pilot, lambda: "of 11 runs succeeded" in text_of(app, "#note"))
        assert ledger.run("261110-run")
        await pilot.press("1", "enter")
        await until(pilot, lambda: app.screen.query("RunView"))
        await pilot.press("u")
        await until(pilot, lambda: len(ledger.runs()) == 12)


@pytest.fixture
def running(ledger):
    """A run that its record says to be going on."""
    ledger.save(replace(ledger.run("261111-run"), status="running", score=None))
    return "261111-run"


async def test_a_run_that_another_process_holds_is_not_deleted(path, ledger, running):
    async with Helm(helm_folder() / running, running, (), read=str), screen(path) as (app, pilot):
        await ready(app, pilot)
        await pilot.press("d")
        await until(pilot, lambda: notices(app))
        assert notices(app) == [f"run {running} is going on\n→ stop it before you delete it"]
        assert ledger.run(running)
    (helm_folder() / running).unlink()


async def test_a_run_that_may_be_going_on_is_deleted_once_it_was_asked_again(path, ledger, running):
    before = ledger.run(running), ledger.steps(running)
    async with screen(path) as (app, pilot):
        await ready(app, pilot)
        await pilot.press("d")
        await until(pilot, lambda: app.screen.query("OptionList"))
        asked = " ".join(text_of(app, ".sheet Label").split())
        assert "it breaks off at its next step" in asked
        await pilot.press("enter")
        await ready(app, pilot)
        assert ledger.run(running), "no is the first answer"
        await pilot.press("d")
        await until(pilot, lambda: app.screen.query("OptionList"))
        await pilot.press("down", "enter")
        await ready(app, pilot, 11)
        await pilot.press("u")
        await ready(app, pilot)
    assert (ledger.run(running), ledger.steps(running)) == before


async def test_a_deletion_that_cannot_be_undone_yet_is_not_forgotten(path, ledger):
    async with screen(path) as (app, pilot):
        await ready(app, pilot)
        await pilot.press("d")
        await ready(app, pilot, 11)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await pilot.press("u")
            await until(pilot, lambda: any("locked" in notice for notice in notices(app)))
        await pilot.press("u")
        await ready(app, pilot)


@pytest.mark.parametrize("form", ["json", "csv", "html", "odt"])
async def test_a_run_is_exported(path, ledger, tmp_path, form):
    async with screen(path) as (app, pilot):
        await ready(app, pilot)
        await pilot.press("e")
        await until(pilot, lambda: app.screen.query("Input"))
        app.screen.query_one("Input").value = f"out.{form}"
        await pilot.press("enter")
        await until(pilot, lambda: notices(app))
        out = tmp_path / f"out.{form}"
        if form == "odt":
            assert "let it end in .json, .csv, .html" in notices(app)[0]
            return
        text = out.read_text()
    if form == "json":
        assert json.loads(text)["run"]["id"] == "261111-run"
    elif form == "csv":
        rows = list(csv.DictReader(text.splitlines()))
        assert [row["joules"] for row in rows] == ["2.0", "3.0", "4.0", "5.0"]
        assert float(rows[0]["score_will_fail"]) == 0.2
    else:
        assert "Do the thing number 11." in text


async def test_a_finished_run_is_not_resumed_and_says_what_to_do(path, ledger):
    async with screen(path) as (app, pilot):
        await ready(app, pilot)
        await pilot.press("r")
        assert any("press n to start another" in notice for notice in notices(app))


async def test_what_another_process_writes_comes_in(path, ledger):
    async with screen(path) as (app, pilot):
        await ready(app, pilot)
        await pilot.press("down")
        with Ledger(path) as other:
            other.add([a_run(12)])
        await ready(app, pilot, 13)
        assert shown(app)[0] == "261112-run"
        assert app.screen.query_one("#list").cursor == 2, "the cursor stays with its run"


async def test_every_place_and_command_is_found_by_key_and_palette(path, ledger):
    async with screen(path) as (app, pilot):
        await ready(app, pilot)
        titles = [command.title for command in app.get_system_commands(app.screen)]
        for title in ("Go to Audit", "Filter", "Delete", "Undo", "Export", "Keys", "Theme", "Quit"):
            assert title in titles
        assert len(titles) == len(set(titles))
        await pilot.press("ctrl+p")
        await until(pilot, lambda: app.screen.query("CommandInput"))
        await write(pilot, "Go to Audit")
        await pilot.pause(0.5)
        await pilot.press("enter")
        await until(pilot, lambda: type(app.screen).__name__ == "Audit")
        await pilot.press("question_mark")
        await until(pilot, lambda: app.screen.query("HelpPanel"))
        await pilot.press("question_mark")
        await until(pilot, lambda: not app.screen.query("HelpPanel"))
        await pilot.click("Bar", offset=(10, 0))
        await until(pilot, lambda: type(app.screen).__name__ == "Runs")
