"""Start a run: what is to be done, where, by whom, and within what bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.message import Message
from textual.widgets import Footer, Input, Label, Static

from flyball.tui.bar import Bar
from flyball.tui.desk import remember, remembered
from flyball.tui.place import Place, in_background

if TYPE_CHECKING:
    from textual.widget import Widget

NOBODY = "nobody"
CONFIGURED = "as configured"
AGENTS = ("web", "code")
MODES = ("enforcing", "shadow")
BOUND = ("goes on", "stops, to be resumed")
YES_NO = ("yes", "no")
PREFERRED = (CONFIGURED, "success", "balanced", "energy")
THEN = {
    "kept as a patch": "keep",
    "put on a branch": "branch",
    "thrown away": "discard",
    "applied to the folder": "apply",
}
"""What becomes of the change of a run on code, and the word for it in `flyball run --then`."""
TEXTS = {
    "task": ("task", "what the agent is to do, in a sentence"),
    "where": ("URL or folder", "http://127.0.0.1:8000/login, or the folder of the code agent"),
    "expect": ("done if it shows", "text of the last page; empty: nothing checks it"),
    "hosts": ("other hosts", "hosts that may be opened besides the URL's, with blanks between"),
    "file": ("file to mend", "for a bundled model on code; empty: the only one there is"),
    "tests": ("tests are run by", "for code, a command; empty: what is found"),
    "steps": ("most steps", CONFIGURED),
    "joules": ("most joules", CONFIGURED),
    "usd": ("most dollars", CONFIGURED),
}
PREFIX = "start."


class Pick(Static, can_focus=True):
    """One of several values: the arrow keys, Space or a click take the next."""

    BINDINGS = [
        Binding("right,space,enter", "turn(1)", "Next value", show=False),
        Binding("left", "turn(-1)", "Value before", show=False),
    ]
    DEFAULT_CSS = "Pick { height: 1; width: 1fr; padding: 0 1; } Pick:focus { text-style: bold; }"

    def __init__(self, values: Sequence[str], value: str, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id, markup=False)
        self.values = tuple(values)
        self.value = value if value in values else values[0]

    def on_mount(self) -> None:
        self._draw()

    def offer(self, values: Sequence[str]) -> None:
        """Offer other values; the one that is taken stays, if it still can be."""
        self.values = tuple(values)
        self.value = self.value if self.value in values else values[0]
        self._draw()

    def action_turn(self, by: int) -> None:
        self.value = self.values[(self.values.index(self.value) + by) % len(self.values)]
        self._draw()

    def on_click(self, event: events.Click) -> None:
        self.action_turn(1)

    def on_focus(self) -> None:
        self._draw()

    def on_blur(self) -> None:
        self._draw()

    def _draw(self) -> None:
        self.update(f"{'▸' if self.has_focus else ' '}◂ {self.value} ▸")


class Start(Place):
    """A form; ctrl+s, or Enter in a field, starts the run once the warning is accepted."""

    AUTO_FOCUS = "#task"
    BINDINGS = [
        Binding("ctrl+s", "begin", "Start", priority=True),
        Binding("down", "app.focus_next", "Next field", show=False),
        Binding("up", "app.focus_previous", "Field before", show=False),
        Binding("escape", "app.go('runs')", "Back"),
    ]

    class Models(Message):
        """The models that can drive."""

        def __init__(self, names: list[str], configured: str) -> None:
            super().__init__()
            self.names, self.configured = names, configured

    class Warned(Message):
        """What a run of these values may touch, to be accepted before it starts."""

        def __init__(self, values: Mapping[str, str], told: str) -> None:
            super().__init__()
            self.values, self.told = values, told

    def compose(self) -> ComposeResult:
        kept = {key.removeprefix(PREFIX): value for key, value in remembered().items()}
        policy, strong = kept.get("policy", CONFIGURED), kept.get("strong", NOBODY)
        yield Bar("start")
        with VerticalScroll(can_focus=False):
            yield _field("agent", Pick(AGENTS, kept.get("agent", ""), id="agent"))
            for name, (title, hint) in TEXTS.items():
                yield _field(title, Input(kept.get(name, ""), placeholder=hint, id=name))
            yield _field("small model", Pick((policy,), policy, id="policy"))
            yield _field("strong model", Pick((strong,), strong, id="strong"))
            yield _field("prices prefer", Pick(PREFERRED, kept.get("prefer", ""), id="prefer"))
            yield _field("monitors", Pick(MODES, kept.get("mode", ""), id="mode"))
            yield _field("change of code", Pick(tuple(THEN), kept.get("then", ""), id="then"))
            yield _field("keep pictures", Pick(YES_NO, kept.get("pictures", ""), id="pictures"))
            yield _field("if this closes", Pick(BOUND, kept.get("bound", ""), id="bound"))
            yield Static(
                "ctrl+s starts it, after a last look at what it may touch.",
                classes="note",
                markup=False,
            )
        yield Footer()

    def on_mount(self) -> None:
        def work() -> tuple[list[str], str]:
            from flyball.config import load_config

            config = load_config()
            return config.model_names(), config.run.policy

        in_background(self, work, lambda found: self.Models(*found), group="models")

    def on_start_models(self, models: Models) -> None:
        self.query_one("#policy", Pick).offer([CONFIGURED, *models.names])
        self.query_one("#strong", Pick).offer([NOBODY, *models.names])

    def on_input_submitted(self) -> None:
        self.action_begin()

    def values(self) -> dict[str, str]:
        """What the form says."""
        texts = {each: self.query_one(f"#{each}", Input).value.strip() for each in TEXTS}
        picks = {str(each.id): each.value for each in self.query(Pick)}
        return {**texts, **picks}

    def action_begin(self) -> None:
        values = self.values()
        problem = wrong(values)
        if problem:
            self.flyball.complain(problem)
            return

        def work() -> str:
            from flyball.config import load_config
            from flyball.tui.warning import warning

            return warning(values, load_config())

        in_background(self, work, lambda told: self.Warned(values, told), group="warning")

    def on_start_warned(self, warned: Warned) -> None:
        if not self.is_current:
            return
        from flyball.tui.asking import Choose

        values = warned.values
        answers = [("go", "Start it"), ("", "Not yet")]

        def go(given: str | None) -> None:
            if given:
                remember({PREFIX + key: value for key, value in values.items()})
                bound, pictures = values["bound"] == BOUND[1], values["pictures"] == "yes"
                self.flyball.begin(call(values), bound=bound, pictures=pictures)

        self.app.push_screen(Choose(warned.told, answers), go)


def _field(title: str, widget: Widget) -> Horizontal:
    return Horizontal(Label(title), widget, classes="field")


def wrong(values: Mapping[str, str]) -> str:
    """What has to be mended before a run can start; empty where nothing has."""
    if not values["task"]:
        return "there is no task; say in a sentence what the agent is to do"
    if not values["where"]:
        return "there is no place to work; give the address of a page, or a folder"
    for name, kind in (("steps", int), ("joules", float), ("usd", float)):
        try:
            given = kind(values[name] or "1")
        except ValueError:
            return f"{values[name]!r} is no number; give {TEXTS[name][0]} as one, or nothing"
        if given <= 0:
            return f"{TEXTS[name][0]} cannot be {values[name]}; give more than nothing"
    return ""


def call(values: Mapping[str, str]) -> tuple[str, ...]:
    """The words of `flyball run` that say the same."""
    words = ["run", values["task"], "--agent", values["agent"]]
    web = values["agent"] == "web"
    words += ["--url" if web else "--repo", values["where"]]
    told = {
        "--expect": values["expect"] if web else "",
        "--then": "" if web else THEN[values["then"]],
        "--file": "" if web else values.get("file", ""),
        "--test-command": "" if web else values.get("tests", ""),
        "--prefer": "" if values.get("prefer", CONFIGURED) == CONFIGURED else values["prefer"],
        "--max-steps": values["steps"],
        "--budget-joules": values["joules"],
        "--budget-usd": values["usd"],
        "--policy": "" if values["policy"] == CONFIGURED else values["policy"],
        "--strong": "" if values["strong"] == NOBODY else values["strong"],
    }
    for name, value in told.items():
        words += [name, value] if value else []
    for host in values["hosts"].split() if web else ():
        words += ["--allow-host", host]
    return (*words, *(["--shadow"] if values["mode"] == "shadow" else []))
