"""The audit on the screen says what the ledger's own audit says."""

import json
from dataclasses import replace

import pytest

from flyball.ledger import audit
from tests.tui.conftest import a_run, notices, screen, text_of, until

pytestmark = pytest.mark.anyio


async def test_the_audit_goes_by_task_model_agent_suite_and_day(path, ledger):
    run, steps = a_run(12)
    ledger.add([(replace(run, task=replace(run.task, id="hopeless")), steps)])
    async with screen(path, size=(120, 30)) as (app, pilot):
        await pilot.press("4")
        for by in ("task", "model", "agent", "suite", "day"):
            wanted = {row.key: row for row in audit(ledger, by)}
            await until(pilot, lambda by=by: text_of(app, "#note").startswith(f"by {by}:"))
            found = app.screen.found
            assert {row.key: row for row in found} == wanted
            await pilot.press("b")
        await until(pilot, lambda: text_of(app, "#note").startswith("by task:"))
        note = text_of(app, "#note")
        assert "8 of 13 runs won" in note
        assert "went into failures" in note
        figures = [row.joules_per_success for row in app.screen.found]
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
    text = (tmp_path / f"audit.{form}").read_text()
    assert "task-1" in text
    if form == "json":
        assert json.loads(text)["runs"] == 12
    if form == "html":
        assert "http" not in text
