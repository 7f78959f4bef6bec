"""A real run on the bundled policy, started from the screen, watched, and taken in hand."""

from dataclasses import replace

import pytest

from flyball.ledger import Ledger
from tests.cli.test_endurance import COUNTER, always_click
from tests.models.stand_ins import serve
from tests.tui.conftest import a_run, notices, screen, text_of, until, write

pytestmark = [pytest.mark.anyio, pytest.mark.browser, pytest.mark.llama]


async def fill(pilot, app, **values):
    for name, value in values.items():
        field = app.screen.query_one(f"#{name}")
        field.value = ""
        field.focus()
        await pilot.pause()
        await write(pilot, value)


async def start(pilot, app, **values):
    """Fill in the form, and accept the warning."""
    await pilot.press("f3")
    await until(pilot, lambda: len(app.screen.query_one("#policy").values) > 1)
    await fill(pilot, app, **values)
    await pilot.press("ctrl+s")
    await until(pilot, lambda: app.screen.query("OptionList"))
    before = len(app.desk.jobs)
    await pilot.press("enter")
    await until(pilot, lambda: app.screen.view.job is app.desk.jobs[before])
    return app.screen.view


async def test_a_run_is_started_and_watched_to_its_end(path, site):
    async with screen(path) as (app, pilot):
        view = await start(
            pilot,
            app,
            task='Enter the username "bob" and the password "zk3" and press login.',
            where=site.url("/login.html"),
            expect="You are in.",
        )
        await until(pilot, lambda: view.over, 60)
        run = view.watched.run
        assert (run.status, run.success) == ("finished", True)
        assert "✓ won" in text_of(app, "#head")
        assert "zk3" not in text_of(app, "#side")
        with Ledger(path) as ledger:
            assert list(ledger.steps(run.id)) == view.watched.steps
        assert app.desk.picture(run.id, 0).is_file()
        side = text_of(app, "#side")
        assert "steps" in side
        assert "energy" in side
        assert "over_budget" in side
        await pilot.press("enter")
        words = text_of(app, "#words")
        assert "did: " in words
        assert "nobody objects" in words
        await until(pilot, lambda: app.screen.query_one("#picture")._pixels)
        await pilot.press("escape", "3")
        assert app.screen.query_one("#where").value == site.url("/login.html"), "it is remembered"


CONFIG = """
[run]
policy = "served"
max_steps = 10000
monitors = ["over_budget"]
[models.served]
server = "{address}/v1"
format = "compact"
[models.other]
server = "{address}/v1"
format = "compact"
"""


@pytest.fixture
def counting(tmp_path, site):
    """A page that counts clicks, and a model that clicks for ever."""
    site.pages["/count.html"] = COUNTER
    with serve(always_click) as address:
        (tmp_path / "flyball.toml").write_text(CONFIG.format(address=address))
        yield site.url("/count.html")


async def test_a_person_takes_a_run_in_hand(path, counting):  # noqa: PLR0915 - one run
    async with screen(path, size=(120, 40)) as (app, pilot):
        await pilot.press("f3")
        await until(pilot, lambda: "other" in app.screen.query_one("#strong").values)
        app.screen.query_one("#strong").value = "other"
        view = await start(pilot, app, task="Count for ever.", where=counting)
        await until(pilot, lambda: view.standing and len(view.watched.steps) > 3, 60)

        await pilot.press("p")
        await until(pilot, lambda: view.standing.paused)
        assert "PAUSED" in text_of(app, "#head")
        await pilot.pause(1.2)
        held = len(view.watched.steps)
        await pilot.pause(1.2)
        assert len(view.watched.steps) == held, "a paused run takes no step"

        await pilot.press("w")
        await until(pilot, lambda: view.standing.waiting == "action")
        assert 'button "More"' in text_of(app, "#ask")
        await write(pilot, "wait")
        await pilot.press("enter")
        await until(pilot, lambda: view.watched.steps[-1].policy == "human")
        await until(pilot, lambda: view.standing.waiting == "action")
        view.rows.focus()
        await pilot.press("w")
        await until(pilot, lambda: not view.standing.wheel)
        await pilot.press("p")

        await pilot.press("h")
        await until(pilot, lambda: any(step.policy == "other" for step in view.watched.steps))
        given = [step.hand_over for step in view.watched.steps if step.hand_over]
        assert (given[0].taker, given[0].giver) == ("other", "served")

        await pilot.press("s")
        await until(pilot, lambda: app.screen.query("OptionList"))
        await pilot.press("enter")
        await until(pilot, lambda: view.over)
        run = view.watched.run
        assert (run.status, run.ended_by, run.reason) == ("stopped", "human", "stopped by a person")
        with Ledger(path) as ledger:
            steps = ledger.steps(run.id)
        assert [step.index for step in steps] == list(range(len(steps))), "the ledger drops nothing"
        await until(pilot, lambda: len(view.watched.steps) == len(steps))

        await pilot.press("1", "r")
        await until(pilot, lambda: app.screen.query("Input"))
        await pilot.press("enter")
        await until(pilot, lambda: len(app.desk.jobs) == 2 and app.desk.jobs[1].find_run(), 60)
        assert app.desk.jobs[1].run_id == run.id, "the same run goes on"
        assert [view.job for view in app.screen.views] == app.desk.jobs[1:], "in the place of it"


async def test_a_run_that_cannot_start_says_why_and_what_to_do(path, site):
    async with screen(path) as (app, pilot):
        await pilot.press("f3")
        await until(pilot, lambda: app.screen.query_one("#policy").values[1:])
        await pilot.press("ctrl+s")
        assert any("say in a sentence" in notice for notice in notices(app))
        view = await start(pilot, app, task="Go.", where="http://127.0.0.1:9/")
        await until(pilot, lambda: "cannot open http://127.0.0.1:9/" in text_of(app, "#head"), 60)
        assert not view.over
        await until(pilot, lambda: any("cannot open" in notice for notice in notices(app)))


async def test_a_run_of_another_process_is_followed_and_takes_no_orders(path):
    run, steps = a_run(1)
    with Ledger(path) as ledger:
        ledger.save(replace(run, status="running", score=None))
        ledger.append(run.id, steps[0])
        async with screen(path) as (app, pilot):
            await pilot.press("2")
            view = await until(pilot, lambda: app.screen.query("RunView").first())
            await until(pilot, lambda: len(view.watched.steps) == 1)
            assert "followed through the ledger" in text_of(app, "#head")
            for step in steps[1:]:
                ledger.append(run.id, step)
            await until(pilot, lambda: view.watched.steps == steps)
            await pilot.press("p")
            assert any("takes no orders here" in notice for notice in notices(app))
            ledger.save(run)
            await until(pilot, lambda: view.over)
