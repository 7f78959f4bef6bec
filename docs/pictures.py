"""Draw the README's pictures of the screen, from the running program.

python -m docs.pictures LEDGER

The ledger is to hold runs that a learned monitor has scored, such as those of `flyball bench run`.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from flyball.tui.rows import Rows
from flyball.tui.runview import RunView
from tests.tui.conftest import screen, until

FOLDER = Path(__file__).parent
SIZE = (110, 30)


async def draw(ledger: Path) -> None:
    """Write the three pictures beside this file."""
    async with screen(ledger, size=SIZE) as (app, pilot):

        async def keep(name: str) -> None:
            await pilot.pause(1.0)
            (FOLDER / f"{name}.svg").write_text(app.export_screenshot(simplify=True))

        await until(pilot, lambda: app.screen.query_one(Rows).count)
        await keep("runs")
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: app.screen.query_one(RunView).watched.steps)
        await keep("run")
        await pilot.press("escape", "5")
        await until(pilot, lambda: app.screen.report)
        await keep("whatif")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ledger", type=Path)
    asyncio.run(draw(parser.parse_args().ledger))


if __name__ == "__main__":
    main()
