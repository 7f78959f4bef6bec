"""A run of the coding agent, started from the form, with a scripted model behind a real server."""

import pytest

from flyball.ledger import Ledger
from tests.cli.conftest import repo, serve  # noqa: F401 - fixtures
from tests.cli.test_code import MEND, RIGHT
from tests.tools.code.places import CALC, contents
from tests.tui.conftest import notices, screen, text_of, until
from tests.tui.test_live import start

pytestmark = pytest.mark.anyio


async def begin(pilot, app, folder):
    await pilot.press("f3")
    app.screen.query_one("#agent").focus()
    await pilot.press("right")
    return await start(pilot, app, task="Mend add.", where=str(folder))


async def test_a_repository_is_mended_from_the_screen(path, tmp_path, serve, repo):  # noqa: F811
    asked = [("run", {"command": f"rm {name}"}) for name in ("test_calc.py", "junk.txt")]
    serve([*asked, *MEND])
    async with screen(path, size=(120, 40)) as (app, pilot):
        view = await begin(pilot, app, repo)
        for key, name in (("x", "test_calc.py"), ("a", "junk.txt")):
            await until(pilot, lambda name=name: name in text_of(app, "#ask"), 60)
            assert "it deletes" in text_of(app, "#ask")
            await pilot.press(key)
        await until(pilot, lambda: view.over, 60)
        run = view.watched.run
        assert (run.agent, run.status, run.success) == ("code", "finished", True)
        assert [step.action.tool for step in view.watched.steps][-7:] == [tool for tool, _ in MEND]
        first, *_ = (step.decision for step in view.watched.steps)
        assert (first.ruling, first.by) == ("revise", "human"), "the test file stays"
        await until(pilot, lambda: app.desk.jobs[0].process.poll() == 0)
        # Each is read on its own beat: either may come first.
        said = "apply it with: git apply"
        await until(pilot, lambda: any(said in notice for notice in notices(app)))
        await until(pilot, lambda: f"{run.id}.diff" in text_of(app, "#head"))
        with Ledger(path) as ledger:
            assert list(ledger.steps(run.id)) == view.watched.steps
    assert contents(repo)["calc.py"] == CALC, "the checkout is never written to"
    patch = tmp_path / "changes" / f"{run.id}.diff"
    assert "+    return a + b" in patch.read_text()


async def test_the_change_is_applied_where_that_was_asked_for(path, serve, repo):  # noqa: F811
    serve(MEND)
    async with screen(path) as (app, pilot):
        await pilot.press("f3")
        app.screen.query_one("#expect").value = "what the last run of the web agent was to show"
        app.screen.query_one("#then").focus()
        await pilot.press("left")
        view = await begin(pilot, app, repo)
        assert app.desk.jobs[0].words[6:8] == ("--then", "apply")
        await until(pilot, lambda: "applied to" in text_of(app, "#head"), 60)
        assert view.watched.run.success is True
    assert contents(repo)["calc.py"] == RIGHT


async def test_a_folder_that_is_none_is_told_of(path, tmp_path, serve):  # noqa: F811
    serve(MEND)
    async with screen(path) as (app, pilot):
        await begin(pilot, app, tmp_path / "nowhere")
        await until(pilot, lambda: "nowhere is no folder" in text_of(app, "#head"), 60)
