"""Models, monitors and the machine, as the commands of the same name tell of them."""

from dataclasses import replace

import pytest

from flyball.config.calibrations import all_calibrations
from tests.tui.conftest import a_run, notices, screen, text_of, until

pytestmark = [pytest.mark.anyio, pytest.mark.browser, pytest.mark.llama]


def line(app, kind, name):
    return next(part for part in app.screen.lines if (part.kind, part.name) == (kind, name))


async def test_models_and_monitors_are_listed_with_their_cards(path, ledger):
    async with screen(path, size=(120, 40)) as (app, pilot):
        await pilot.press("6")
        await until(pilot, lambda: line(app, "model", "bundled/small"))
        await until(pilot, lambda: line(app, "monitor", "will_fail"))
        assert "shadow, not calibrated" in line(app, "monitor", "will_fail").told
        assert "on; obeyed" in line(app, "monitor", "over_budget").told
        rows = app.screen.query_one("#rows")
        rows.move_to(app.screen.lines.index(line(app, "model", "bundled/small")))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.query("Markdown"))
        assert "A language model of" in app.screen.text
        await pilot.press("escape")


async def test_a_model_of_the_users_own_shows_no_card_of_another(path, ledger, tmp_path):
    (tmp_path / "flyball.toml").write_text('[models.small]\nserver = "http://127.0.0.1:9/v1"\n')
    async with screen(path, size=(120, 40)) as (app, pilot):
        await pilot.press("6")
        mine = await until(pilot, lambda: line(app, "model", "small"))
        app.screen.query_one("#rows").move_to(app.screen.lines.index(mine))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.query("Markdown"))
        assert app.screen.text == mine.told


async def test_a_calibration_is_started_and_says_what_it_came_to(path, ledger):
    async with screen(path, size=(120, 40)) as (app, pilot):
        await pilot.press("6")
        await until(pilot, lambda: line(app, "monitor", "will_fail"))
        rows = app.screen.query_one("#rows")
        for enough in (False, True):
            if enough:
                for number in range(100, 160):
                    run, steps = a_run(number, steps=3)
                    ledger.add([(replace(run, task=replace(run.task, id=f"own-{number}")), steps)])
            rows.move_to(app.screen.lines.index(line(app, "monitor", "will_fail")))
            await pilot.press("c")
            await until(pilot, lambda: app.screen.query("Input"))
            app.screen.query_one("Input").value = "0.3"
            await pilot.press("enter")
            if enough:
                await until(pilot, lambda: "obeyed" in line(app, "monitor", "will_fail").told, 60)
                [made] = all_calibrations()
                assert made.max_loss == 0.3
            else:
                await until(pilot, lambda: any("too few" in each for each in notices(app)), 60)
        await pilot.press("f")
        await until(pilot, lambda: line(app, "drift", "will_fail"), 60)


async def test_the_doctor_says_what_works_and_how_to_mend_the_rest(path, ledger):
    async with screen(path, size=(120, 40)) as (app, pilot):
        await pilot.press("6", "x")
        await until(pilot, lambda: line(app, "machine", "browser"), 90)
        assert line(app, "machine", "browser").works
        assert line(app, "machine", "ledger").works
        rows = app.screen.query_one("#rows")
        rows.move_to(app.screen.lines.index(line(app, "machine", "ledger")))
        await until(pilot, lambda: "holds 12 runs" in text_of(app, "#note"))
