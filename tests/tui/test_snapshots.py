"""How the main screens look, as SVG. FLYBALL_SNAPSHOTS=update writes them anew."""

import os
from pathlib import Path

import pytest

from tests.tui.conftest import screen, text_of, until

pytestmark = pytest.mark.anyio
KEPT = Path(__file__).parent / "snapshots"
SIZES = {"80x24": (80, 24), "160x48": (160, 48)}


def compare(app, name, tmp_path):
    drawn = app.export_screenshot(simplify=True)
    kept = KEPT / f"{name}.svg"
    if os.environ.get("FLYBALL_SNAPSHOTS") == "update":
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(drawn)
    new = tmp_path / f"{name}.svg"
    new.write_text(drawn)
    assert kept.read_text() == drawn, f"it looks otherwise now: hold {new} against {kept}"


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", SIZES)
async def test_the_table_of_runs_and_a_replayed_run(path, ledger, tmp_path, size, theme):
    async with screen(path, size=SIZES[size], theme=f"flyball-{theme}") as (app, pilot):
        await until(pilot, lambda: text_of(app, "#note") == "12 runs")
        await pilot.pause(0.1)
        compare(app, f"runs-{size}-{theme}", tmp_path)
        await pilot.press("down", "down", "enter")
        view = await until(pilot, lambda: app.screen.query("RunView").first())
        await until(pilot, lambda: len(view.watched.steps) == 7 and view.rows.has_focus)
        await pilot.pause(0.3)
        compare(app, f"run-{size}-{theme}", tmp_path)


async def test_high_contrast(path, ledger, tmp_path):
    async with screen(path, theme="flyball-contrast") as (app, pilot):
        await until(pilot, lambda: text_of(app, "#note") == "12 runs")
        await pilot.pause(0.1)
        compare(app, "runs-80x24-contrast", tmp_path)


async def test_without_colour_all_is_said_in_characters(path, ledger, tmp_path, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    async with screen(path) as (app, pilot):
        await until(pilot, lambda: text_of(app, "#note") == "12 runs")
        await pilot.pause(0.1)
        drawn = app.export_screenshot(simplify=True)
        assert "✓" in drawn
        assert "✗" in drawn
        compare(app, "runs-80x24-nocolour", tmp_path)
        await pilot.press("t")
        assert app.theme == "flyball-light"
