"""Several real runs on the bundled policy at once, each in a tab of its own."""

from threading import Event

import pytest

from flyball.ledger import Ledger
from tests.site import LOGIN
from tests.tui.conftest import screen, text_of, until
from tests.tui.test_live import start

pytestmark = [pytest.mark.anyio, pytest.mark.browser, pytest.mark.llama]

NAMES = {"left": "bob", "right": "ann"}
LONGEST = 120.0


class Held(dict):
    """Pages, some of which are not sent before their door is opened."""

    def __init__(self, pages):
        super().__init__(pages)
        self.doors = {}

    def get(self, path):
        if path in self.doors:
            self.doors[path].wait(LONGEST)
        return super().get(path)


@pytest.fixture
def doors(site, tmp_path):
    """Two logins, whose next pages wait for the test: both runs are still going on till then."""
    (tmp_path / "flyball.toml").write_text(f"[browser]\ntimeout_seconds = {LONGEST}\n")
    plain, site.pages = site.pages, Held(site.pages)
    for name in NAMES:
        site.pages[f"/{name}.html"] = LOGIN.replace("/welcome", f"/hello-{name}")
        site.pages[f"/hello-{name}.html"] = plain["/welcome.html"]
        site.pages.doors[f"/hello-{name}.html"] = Event()
    yield {name: site.pages.doors[f"/hello-{name}.html"] for name in NAMES}
    for door in site.pages.doors.values():
        door.set()
    site.pages = plain


async def log_in(pilot, app, site, name):
    """Start a run that logs in, and wait until it waits for the page behind the login."""
    view = await start(
        pilot,
        app,
        task=f'Enter the username "{NAMES[name]}" and the password "zk3" and press login.',
        where=site.url(f"/{name}.html"),
        expect="You are in.",
    )
    await until(pilot, lambda: any(f"/hello-{name}.html" in path for path in site.asked), 60)
    await until(pilot, lambda: view.standing)
    return view


async def test_two_runs_go_on_at_once(path, site, doors):  # noqa: PLR0915 - two runs
    async with screen(path, size=(120, 40)) as (app, pilot):
        left = await log_in(pilot, app, site, "left")
        right = await log_in(pilot, app, site, "right")
        with Ledger(path) as ledger:
            assert [run.status for run in ledger.runs()] == ["running", "running"]
        assert text_of(app, "#tabs").count("●") == 2
        assert app.screen.view is right

        await pilot.press("tab", "w", "tab")
        await until(pilot, lambda: left.standing.wheel)
        await pilot.press("p")
        await until(pilot, lambda: right.standing.paused)
        assert not left.standing.paused, "an order is for the run that is shown"
        for door in doors.values():
            door.set()
        await until(pilot, lambda: text_of(app, "#tabs").count("WAITS") == 1)
        assert app.screen.focused is right.rows, "what is not shown takes no keys"
        await pilot.press("tab")
        assert app.screen.focused is left.query_one("#typed")
        left.rows.focus()
        await pilot.press("w", "tab")
        await until(pilot, lambda: text_of(app, "#tabs").count("■") == 1)
        assert (left.over, right.over) == (True, False), "it is seen that the hidden one is over"

        await pilot.press("tab")
        assert app.screen.view is left
        await until(pilot, lambda: "✓ won" in left.query_one("#head").plain)
        assert '"bob"' in left.query_one("#head").plain
        await pilot.press("ctrl+w")
        assert app.screen.views == [right]
        await pilot.press("p")
        await until(pilot, lambda: right.over)
        assert "✓ won" in right.query_one("#head").plain
        with Ledger(path) as ledger:
            for view in (left, right):
                assert ledger.run(view.run_id).success is True
                assert list(ledger.steps(view.run_id)) == view.watched.steps


async def test_closing_a_tab_leaves_its_run_alone(path, site, doors):
    async with screen(path, size=(120, 40)) as (app, pilot):
        left = await log_in(pilot, app, site, "left")
        await pilot.press("ctrl+w")
        assert text_of(app, "#tabs").startswith("Nothing is watched")
        doors["left"].set()
        with Ledger(path) as ledger:
            await until(pilot, lambda: ledger.run(left.run_id).success is True)
        await pilot.press("1")
        await until(pilot, lambda: app.screen.query_one("#list").count == 1)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.view.watched.steps)
        assert app.screen.view.run_id == left.run_id, "it is opened again from the table"
