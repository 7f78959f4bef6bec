"""How the screen may look: dark, light, and with all the contrast that there is."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="flyball-dark",
    primary="#7fb4ca",
    secondary="#9cabca",
    accent="#e6c384",
    foreground="#dcd7ba",
    background="#16161d",
    surface="#1f1f28",
    panel="#2a2a37",
    success="#98bb6c",
    warning="#ffa066",
    error="#ff5d62",
    dark=True,
)
LIGHT = Theme(
    name="flyball-light",
    primary="#1f5f8b",
    secondary="#4d5a7a",
    accent="#8a5a00",
    foreground="#22242a",
    background="#fbfaf6",
    surface="#f1efe8",
    panel="#e2dfd4",
    success="#2f6f2f",
    warning="#9a4f00",
    error="#b3261e",
    dark=False,
)
CONTRAST = Theme(
    name="flyball-contrast",
    primary="#ffffff",
    secondary="#ffffff",
    accent="#ffff00",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    success="#00ff00",
    warning="#ffff00",
    error="#ff8080",
    dark=True,
)
THEMES = (DARK, LIGHT, CONTRAST)
