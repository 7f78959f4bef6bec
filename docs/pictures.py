"""Draw the README's pictures of the screen, from the running program.

python docs/pictures.py LEDGER

The ledger is to hold runs that a learned monitor has scored, such as those of `flyball bench run`.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from flyball.tui.app import FlyballApp
from flyball.tui.rows import Rows

FOLDER = Path(__file__).parent
SIZE = (110, 30)
PATIENCE = 300
"""Looks, a tenth of a second apart, until what is to be drawn is there."""


async def draw(ledger: Path) -> None:
    """Write the three pictures beside this file."""
    app = FlyballApp(ledger)
    async with app.run_test(size=SIZE) as pilot:
        await _until(pilot, lambda: app.screen.query_one(Rows).count)
        _keep(app, "runs")
        await pilot.press("down", "down", "enter")
        await _until(pilot, lambda: app.screen.query("RunView").first().watched.steps)
        await pilot.pause(1.0)
        _keep(app, "run")
        await pilot.press("escape", "5")
        await _until(pilot, lambda: app.screen.report)
        await pilot.pause(1.0)
        _keep(app, "whatif")


async def _until(pilot: Pilot[None], holds: Callable[[], object]) -> None:
    for _ in range(PATIENCE):
        try:
            if holds():
                return
        except Exception:  # noqa: BLE001 - what is waited for may not be there yet
            pass
        await pilot.pause(0.1)
    raise SystemExit("the screen did not come to show what is to be drawn")


def _keep(app: FlyballApp, name: str) -> None:
    (FOLDER / f"{name}.svg").write_text(app.export_screenshot(simplify=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ledger", type=Path)
    asyncio.run(draw(parser.parse_args().ledger))


if __name__ == "__main__":
    main()
