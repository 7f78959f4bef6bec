"""The audit on the screen says what `flyball audit` says."""

import json
import sys
from dataclasses import replace

import anyio
import pytest

from flyball.audit import make_page, report, report_csv, report_json
from flyball.audit.wording import share
from flyball.telling import amount
from tests.tui.conftest import a_run, notices, screen, text_of, until

pytestmark = pytest.mark.anyio


async def test_the_audit_goes_by_task_model_agent_suite_day_and_attempt(path, ledger):
    run, steps = a_run(12)
    marks = {"attempts": "1f2e3d4c", "attempt": "2 of 3"}
    won, done = a_run(13)
    ledger.add([(replace(won, task=replace(won.task, id="mend-add", metadata=marks)), done)])
    ledger.add([(replace(run, task=replace(run.task, id="hopeless")), steps)])
    async with screen(path, size=(120, 30)) as (app, pilot):
        await pilot.press("4")
        for by in ("task", "model", "agent", "suite", "day", "attempt"):
            wanted = report(ledger, ledger.runs(), by)
            await until(pilot, lambda by=by: text_of(app, "#note").startswith(f"by {by}:"))
            assert app.screen.report == wanted
            assert {each.row.key for each in app.screen.found} == {
                each.row.key for each in wanted.rows
            }
            keys = [each.row.key for each in app.screen.found]
            assert ("mend-add 1f2e3d4c 2 of 3" in keys) is (by == "attempt")
            await pilot.press("b")
        await until(pilot, lambda: text_of(app, "#note").startswith("by task:"))
        note = text_of(app, "#note")
        assert "9 of 14 runs succeeded" in note
        assert note.index("J a success (") < note.index("runs succeeded")
        assert "into failures: " in note
        assert "supervision " in note
        figures = [each.row.joules_per_success for each in app.screen.found]
        known = [figure for figure in figures if figure is not None]
        assert known == sorted(known, reverse=True)
        assert figures[len(known) :] == [None], "what no success divides comes last, and is no zero"
        await pilot.press("s")
        assert app.screen.rows.sorted_by == "J"


@pytest.mark.parametrize("form", ["html", "csv", "json"])
async def test_the_audit_is_exported(path, ledger, tmp_path, form):
    async with screen(path) as (app, pilot):
        await pilot.press("4")
        await until(pilot, lambda: app.screen.found)
        await pilot.press("e")
        await until(pilot, lambda: app.screen.query("Input"))
        app.screen.query_one("Input").value = f"audit.{form}"
        await pilot.press("enter")
        await until(pilot, lambda: any("written to" in notice for notice in notices(app)))
    makers = {"html": make_page, "csv": report_csv, "json": report_json}
    told = report(ledger, ledger.runs(), "task")
    assert (tmp_path / f"audit.{form}").read_bytes().decode() == makers[form](told)


async def test_the_screen_and_the_command_show_the_same_figures(path, ledger):
    """Every figure of a row that the command prints in JSON, on the screen in words."""
    command = ["audit", "--ledger", str(path), "--by", "model", "--json"]
    said = await anyio.run_process([sys.executable, "-m", "flyball.cli", *command])
    rows = json.loads(said.stdout)["rows"]
    async with screen(path, size=(160, 30)) as (app, pilot):
        await pilot.press("4", "b")
        await until(pilot, lambda: text_of(app, "#note").startswith("by model:"))
        shown = {cells[0]: cells for cells in app.screen._fetch(0, len(app.screen.found))}
    for row in rows:
        cells = shown[row["key"]]
        assert cells[1] == amount(row["joules_per_success"])
        assert cells[7] == share(row["joules_failed"], row["joules"])
        assert cells[9] == amount(row["cost_usd"])
