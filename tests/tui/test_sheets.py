"""What lies over a place: a step in full, a card, a question. Keys and a mouse close each."""

from dataclasses import replace

import pytest

from flyball import Ruling, Verdict
from flyball.ledger import receipt_of
from flyball.records import Decision, Price, Trajectory
from flyball.telling import receipt_lines
from flyball.tui.card import Card, card_of
from tests.tui.conftest import ROOT, a_run, screen, text_of, until

pytestmark = pytest.mark.anyio
SHIPPED = ROOT / "flyball" / "monitors" / "learned" / "weights" / "stuck.json"
WEIGHTS = """
[models.small]
server = "http://127.0.0.1:9/v1"
[models."bundled/strong"]
server = "http://127.0.0.1:9/v1"
[monitors.stuck]
weights = "mine/stuck.json"
"""


def a_stopped_run():
    """A run that a monitor stopped, on the evidence of two steps, and at a price."""
    run, steps = a_run(0, steps=3)
    verdict = Verdict(monitor="repeats", ruling=Ruling.STOP, reason="a circle", evidence=(0, 2))
    price = Price(ruling=Ruling.CONTINUE, chance=0.25, joules=90.0, usd=0.5, seconds=60.0)
    decision = Decision(ruling=Ruling.STOP, reason="a circle", by="repeats", prices=(price,))
    last = replace(steps[-1], verdicts=(verdict,), decision=decision)
    run = replace(run, status="stopped", ended_by="repeats", reason="a circle", score=None)
    return run, [*steps[:-1], last]


async def click(pilot, key):
    """Click a key in the footer."""
    keys = await until(pilot, lambda: {each.key: each for each in app_keys(pilot)})
    await pilot.click(keys[key])


def app_keys(pilot):
    return [each for each in pilot.app.screen.query("FooterKey") if each.size]


async def opened(pilot, app, run_id):
    app.open_run(run_id)
    view = await until(pilot, lambda: app.screen.query("RunView").first())
    await until(pilot, lambda: view.over)
    return view


async def test_the_last_step_of_a_run_that_was_stopped_shows_its_receipt(path, ledger):
    run, steps = a_stopped_run()
    run = replace(run, id="stopped-run")
    ledger.add([(run, steps)])
    async with screen(path, size=(160, 60)) as (app, pilot):
        view = await opened(pilot, app, run.id)
        await until(pilot, lambda: len(view.watched.steps) == 3)
        await pilot.press("enter")
        words = await until(pilot, lambda: text_of(app, "#words"))
        trajectory = Trajectory(task=run.task, steps=tuple(steps))
        for line in receipt_lines(receipt_of(run, trajectory), run):
            assert line in words
        assert "stopped by repeats: a circle" in words
        assert "on the evidence of steps 0, 2" in words
        assert "3 steps: 300 + 30 tokens" in words
        assert "90 J, $0.5, 60 s more, with a chance of 25% to succeed" in words
        await pilot.press("left")
        assert "expected to cost" not in text_of(app, "#words"), "it is that of the last step"


async def test_a_run_that_broke_before_its_first_step_shows_its_receipt(path, ledger):
    run = replace(a_run(0)[0], id="broken-run", status="failed", ended_by="browser", score=None)
    ledger.add([(run, [])])
    async with screen(path) as (app, pilot):
        await opened(pilot, app, run.id)
        assert "going on was expected to cost" in text_of(app, "#side")


async def test_a_step_in_full_is_left_and_turned_by_mouse(path, ledger):
    async with screen(path) as (app, pilot):
        await opened(pilot, app, "261101-run")
        await pilot.press("home", "enter")
        await until(pilot, lambda: "step 0 of" in text_of(app, "#words"))
        await click(pilot, "n")
        assert "step 1 of" in text_of(app, "#words")
        await click(pilot, "escape")
        await until(pilot, lambda: type(app.screen).__name__ == "Live")


async def test_a_card_is_left_by_mouse(path, ledger):
    async with screen(path) as (app, pilot):
        app.push_screen(Card("# A card"))
        await until(pilot, lambda: app.screen.query("Markdown"))
        await click(pilot, "escape")
        await until(pilot, lambda: type(app.screen).__name__ == "Runs")


@pytest.mark.parametrize("key", ["enter", "escape"])
async def test_a_question_is_answered_and_left_by_mouse(path, ledger, tmp_path, key):
    async with screen(path) as (app, pilot):
        await until(pilot, lambda: app.screen.query_one("#list").count == 12)
        await pilot.press("e")
        await until(pilot, lambda: app.screen.query(".sheet Input"))
        app.screen.query_one("Input").value = "out.json"
        await click(pilot, key)
        await until(pilot, lambda: type(app.screen).__name__ == "Runs")
        if key == "enter":
            await until(pilot, lambda: (tmp_path / "out.json").is_file())
    assert (tmp_path / "out.json").is_file() is (key == "enter")


def test_a_card_is_that_of_the_part_and_of_no_other(tmp_path):
    assert "A language model of" in card_of("model", "bundled/strong")
    (tmp_path / "mine").mkdir()
    shipped = card_of("monitor", "stuck")
    weights = tmp_path / "mine" / "stuck.json"
    weights.write_text(SHIPPED.read_text())
    (tmp_path / "flyball.toml").write_text(WEIGHTS)
    assert "A language model of" in card_of("model", "bundled/small")
    assert card_of("model", "small") is None, "a user's own is not the bundled one"
    assert card_of("model", "bundled/strong") is None, "nor is one that takes its name"
    assert card_of("machine", "stuck") is None
    assert card_of("monitor", "stuck") == (
        "stuck has its weights from mine/stuck.json, and there is no card mine/stuck.md."
    )
    weights.with_suffix(".md").write_text("# My own")
    assert card_of("monitor", "stuck") == "# My own"
    assert card_of("monitor", "will_fail") not in (None, shipped)
