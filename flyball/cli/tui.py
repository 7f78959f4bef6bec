"""`flyball tui`: the screen."""

from __future__ import annotations

from typing import Annotated

import typer

from flyball.cli.options import LedgerOption
from flyball.errors import ConfigError

PORT = 8765


def tui(
    ledger: LedgerOption = None,
    theme: Annotated[
        str | None, typer.Option(help="dark, light or contrast.", show_default=False)
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Show it in a browser on this machine instead.")
    ] = False,
    port: Annotated[int, typer.Option(help="For --serve.")] = PORT,
) -> None:
    """Run agents, watch them, and look through what they took, on one screen."""
    if theme not in (None, "dark", "light", "contrast"):
        raise ConfigError(f"no theme is called {theme!r}; there are: dark, light, contrast")
    if serve:
        from flyball.tui.serving import serve_screen

        serve_screen(ledger, theme, port)
        return
    from flyball.tui.app import FlyballApp

    FlyballApp(ledger, theme=f"flyball-{theme}" if theme else None).run()
