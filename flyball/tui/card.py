"""The card of a model or of a monitor's weights."""

from __future__ import annotations

from importlib.resources import files

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Markdown


class Card(ModalScreen[None]):
    """A text with headings and tables."""

    BINDINGS = [Binding("escape,enter,q", "dismiss", "Back")]

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="sheet tall"):
            yield Markdown(self.text, open_links=False)


def card_of(kind: str, name: str) -> str | None:
    """The card that comes with a part; `None` where there is none."""
    if kind == "model":
        place = files("flyball.models") / "bundled" / f"{name.rpartition('/')[2]}.md"
    else:
        place = files("flyball.monitors.learned") / "weights" / f"{name}.md"
    return place.read_text(encoding="utf-8") if place.is_file() else None
