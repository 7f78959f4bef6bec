"""Small sheets that ask one thing: a choice, or a line of text."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, Label, OptionList
from textual.widgets.option_list import Option


class Choose(ModalScreen[str | None]):
    """One of several answers; `None` if it is left with Escape."""

    AUTO_FOCUS = "OptionList"
    BINDINGS = [Binding("escape", "dismiss(None)", "Back")]

    def __init__(self, question: str, answers: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.question, self.answers = question, answers

    def compose(self) -> ComposeResult:
        with Vertical(classes="sheet"):
            with VerticalScroll(classes="question"):
                yield Label(self.question, markup=False)
            yield OptionList(*(Option(title, id=key) for key, title in self.answers), markup=False)
        yield Footer(show_command_palette=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)


class Write(ModalScreen[str | None]):
    """A line of text; `None` if it is left with Escape."""

    BINDINGS = [
        # Before the field's own, which no footer shows.
        Binding("enter", "submit", "OK", priority=True),
        Binding("escape", "dismiss(None)", "Back"),
    ]

    def __init__(self, question: str, value: str = "") -> None:
        super().__init__()
        self.question, self.value = question, value

    def compose(self) -> ComposeResult:
        with Vertical(classes="sheet"):
            yield Label(self.question, markup=False)
            yield Input(self.value)
        yield Footer(show_command_palette=False)

    def action_submit(self) -> None:
        self.dismiss(self.query_one(Input).value)
