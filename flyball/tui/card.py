"""The card of a model or of a monitor's weights."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer, Markdown

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


class Card(ModalScreen[None]):
    """A text with headings and tables."""

    BINDINGS = [Binding("escape,enter,q", "dismiss", "Back")]

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="sheet tall"):
            yield Markdown(self.text, open_links=False)
        yield Footer(show_command_palette=False)


def card_of(kind: str, name: str) -> str | None:
    """The card of a part, by its full name; `None` where there is none. Raises `ConfigError`."""
    if kind == "model":
        return _of_model(name)
    return _of_monitor(name) if kind in ("monitor", "drift") else None


def _of_model(name: str) -> str | None:
    """The card of a model that comes with flyball; a user's own has none."""
    from flyball.config import load_config
    from flyball.models.specs import BUNDLED

    owner, _, short = name.rpartition("/")
    if owner != BUNDLED or name in load_config().models:
        return None
    return _read(files("flyball.models") / BUNDLED / f"{short}.md")


def _of_monitor(name: str) -> str | None:
    """The card beside the weights that the configuration names, else that of the shipped ones."""
    from flyball.config import load_config

    weights = load_config().tables.monitors.get(name, {}).get("weights")
    if weights is None:
        return _read(files("flyball.monitors.learned") / "weights" / f"{name}.md")
    place = Path(weights).with_suffix(".md")
    return _read(place) or f"{name} has its weights from {weights}, and there is no card {place}."


def _read(place: Traversable) -> str | None:
    return place.read_text(encoding="utf-8") if place.is_file() else None
