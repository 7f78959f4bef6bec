"""The line on top: the places there are, and which of them this is."""

from __future__ import annotations

from textual.widgets import Static

PLACES = (
    ("runs", "Runs"),
    ("live", "Live"),
    ("start", "Start"),
    ("audit", "Audit"),
    ("whatif", "What if"),
    ("parts", "Models"),
)


class Bar(Static):
    """`1 Runs  2 Live ...`, each of which can be clicked."""

    def __init__(self, here: str) -> None:
        names = []
        for number, (place, title) in enumerate(PLACES, start=1):
            told = f"▸{title}◂" if place == here else f" {title} "
            look = "[bold reverse]" if place == here else "[/]" * 0
            end = "[/]" if place == here else ""
            names.append(f"[@click=app.go('{place}')]{look}{number}{told}{end}[/]")
        super().__init__(f"[bold]flyball[/] {''.join(names)}")
