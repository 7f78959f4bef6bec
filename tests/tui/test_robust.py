"""What goes wrong is a notice, and nothing is lost by it."""

import random
import socket
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from flyball.ledger import Ledger
from flyball.steering import Order, helm_folder, socket_of
from flyball.tui.desk import Desk, memory_file, remember, remembered
from tests.processes import process
from tests.tui.conftest import notices, screen, text_of, until
from tests.tui.test_live import CONFIG, COUNTER, always_click, serve

pytestmark = pytest.mark.anyio


async def test_a_storm_of_sizes_and_one_cell_are_survived(path, ledger):
    draw = random.Random(0)
    async with screen(path) as (app, pilot):
        await until(pilot, lambda: app.screen.query_one("#list").count == 12)
        for place in "126453":
            for size in [(1, 1), (2, 3), (250, 70), (1, 40), (80, 1)]:
                await pilot.resize_terminal(*size)
            for _ in range(6):
                await pilot.resize_terminal(draw.randint(1, 260), draw.randint(1, 80))
            await pilot.press(place)
        await pilot.press("escape", "f1")
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.screen.query("RunView"))
        await pilot.resize_terminal(1, 1)
        await pilot.press("enter")
        await pilot.pause(0.2)
        await pilot.press("escape")
        await pilot.resize_terminal(160, 48)
        await until(pilot, lambda: "steps" in text_of(app, "#side"))


async def test_a_missing_ledger_is_no_error_and_the_first_run_shows(path):
    async with screen(path) as (app, pilot):
        await until(pilot, lambda: "No runs here yet" in text_of(app, "#note"))
        for place in "246":
            await pilot.press(place)
            await pilot.pause(0.2)
        await pilot.press("1")
        assert notices(app) == []


def spoil(path, kind):
    if kind == "newer":
        Ledger(path).close()
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA user_version = 99")
    elif kind == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"nothing that SQLite would know, and long enough to be read" * 20)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("newer", "by a newer Flyball"),
        ("folder", "is no file"),
        ("noise", "no SQLite file"),
    ],
)
async def test_a_ledger_that_cannot_be_read_is_a_notice_with_the_remedy(path, kind, said):
    spoil(path, kind)
    async with screen(path) as (app, pilot):
        await until(pilot, lambda: said in text_of(app, "#note"))
        assert "--ledger" in text_of(app, "#note")
        told = [notice for notice in notices(app) if said in notice]
        assert len(told) == 1, "it is told once"
        for place in "2456":
            await pilot.press(place)
            await pilot.pause(0.3)
        await pilot.press("1")
        await pilot.press("enter", "d", "l", "e", "c", "r")


async def test_a_run_that_vanishes_while_it_is_watched_is_told_of(path, ledger):
    ledger.save(replace(ledger.run("261101-run"), status="running", score=None))
    async with screen(path) as (app, pilot):
        await pilot.press("2")
        view = await until(pilot, lambda: app.screen.query("RunView").first())
        await until(pilot, lambda: view.watched.steps)
        ledger.delete("261101-run")
        await until(pilot, lambda: "not in the ledger any more" in view._problem)


SCREEN = """
import sys, time
from pathlib import Path
from flyball.tui.desk import Desk
desk = Desk(given=Path(sys.argv[1]))
words = ("run", "Count for ever.", "--url", sys.argv[2])
job = desk.start(words, bound=False, pictures=False)
while not job.find_run():
    time.sleep(0.05)
if sys.argv[3] == "bound":
    import socket
    from flyball.steering import Order, helm_folder, socket_of
    line = socket.socket(socket.AF_UNIX)
    line.connect(str(socket_of(helm_folder(), job.run_id)))
    line.sendall(Order(do="bind").to_line())
    time.sleep(0.5)
print(job.run_id, flush=True)
time.sleep(600)
"""


@pytest.mark.browser
@pytest.mark.parametrize("how", ["free", "bound"])
def test_a_screen_that_is_killed_leaves_the_run_as_was_chosen(path, tmp_path, site, how):
    site.pages["/count.html"] = COUNTER
    with serve(always_click) as address:
        (tmp_path / "flyball.toml").write_text(CONFIG.format(address=address))
        command = [sys.executable, "-c", SCREEN, str(path), site.url("/count.html"), how]
        with process(command, stdout=subprocess.PIPE) as watching:  # and killed at the end of it
            run_id = watching.stdout.readline().strip()
        with Ledger(path) as ledger:
            before = len(ledger.steps(run_id))
            end = time.monotonic() + 60
            if how == "bound":
                while ledger.run(run_id).status == "running":
                    assert time.monotonic() < end
                    time.sleep(0.1)
                run = ledger.run(run_id)
                assert (run.status, run.ended_by) == ("stopped", "human")
                assert "the screen that it was bound to is gone" in run.reason
                return
            while len(ledger.steps(run_id)) < before + 3:
                assert time.monotonic() < end
                time.sleep(0.1)
            assert socket_of(helm_folder(), run_id).exists(), "another screen can take it in hand"
            end_run(run_id, ledger)


def end_run(run_id, ledger):
    """Stop a run as another screen would."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(socket_of(helm_folder(), run_id)))
        line.sendall(Order(do="stop").to_line())
        end = time.monotonic() + 60
        while ledger.run(run_id).status == "running":
            assert time.monotonic() < end
            time.sleep(0.1)
    assert ledger.run(run_id).reason == "stopped by a person"


def test_what_cannot_be_remembered_is_no_harm(path, monkeypatch):
    remember({"theme": "flyball-light"})
    assert remembered() == {"theme": "flyball-light"}
    memory_file().write_text("[broken")
    assert remembered() == {}
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/none")
    remember({"theme": "flyball-dark"})
    assert remembered() == {}
    assert Desk(given=path).path == path
