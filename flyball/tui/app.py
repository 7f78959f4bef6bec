"""The application: its places, its looks, and what holds wherever one is."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.screen import Screen

from flyball.errors import FlyballError
from flyball.tui.bar import PLACES
from flyball.tui.desk import Desk, Job, remember, remembered
from flyball.tui.place import Failed, Place, Undone, in_background
from flyball.tui.signals import resume_only_what_was_stopped
from flyball.tui.themes import THEMES

if TYPE_CHECKING:
    from flyball.tui.live import Live

CLASSES = {
    "runs": "Runs",
    "live": "Live",
    "start": "Start",
    "audit": "Audit",
    "whatif": "WhatIf",
    "parts": "Parts",
}
WIDE = 120
TEXTUALS = {"Copy selected text", "Focus Next", "Focus Previous"}
"""Commands that Textual gives every screen, which nobody looks for by name."""


def place(name: str) -> Callable[[], Screen[None]]:
    """What makes the screen of a place, which is not imported before it is gone to."""

    def make() -> Screen[None]:
        made: Screen[None] = getattr(import_module(f"flyball.tui.{name}"), CLASSES[name])()
        return made

    return make


class FlyballApp(App[None]):
    """`flyball tui`."""

    TITLE = "flyball"
    CSS_PATH = "flyball.tcss"
    MODES = {name: place(name) for name in CLASSES}
    DEFAULT_MODE = "runs"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
    BINDINGS = [
        # Where one writes, a digit is a digit, and the function key still goes there.
        *(
            Binding(f"{number},f{number}", f"go('{name}')", title, show=False)
            for number, (name, title) in enumerate(PLACES, start=1)
        ),
        Binding("question_mark", "keys", "Keys", key_display="?"),
        Binding("u", "undo", "Undo", show=False),
        Binding("t", "next_theme", "Theme", show=False),
        Binding("q", "leave", "Quit"),
    ]

    def __init__(self, ledger: Path | None = None, *, theme: str | None = None) -> None:
        super().__init__()
        self.desk = Desk(given=ledger)
        for each in THEMES:
            self.register_theme(each)
        names = [each.name for each in THEMES]
        wanted = theme or remembered().get("theme", names[0])
        self.theme = wanted if wanted in names else names[0]

    def on_mount(self) -> None:
        resume_only_what_was_stopped()
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGHUP):
            # The terminal is left as it was found.
            try:
                loop.add_signal_handler(each, self.exit)
            except (NotImplementedError, RuntimeError, ValueError):
                return

    def on_unmount(self) -> None:
        self.desk.close()

    def action_go(self, name: str) -> None:
        """Go to a place, unless a question has to be answered first."""
        if len(self.screen_stack) > 1:
            return
        self.switch_mode(name)

    def action_keys(self) -> None:
        if self.screen.query("HelpPanel"):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()

    def action_undo(self) -> None:
        """Bring back the run that was deleted last, wherever one stands."""
        in_background(self, self.desk.undo, Undone, group="undo")

    def on_undone(self, undone: Undone) -> None:
        if undone.task is None:
            self.notify("nothing was deleted since this was opened")
            return
        self.notify(f"{undone.task} is back", markup=False)
        self.screen.post_message(Undone(undone.task))

    def on_failed(self, failed: Failed) -> None:
        self.complain(failed.error)

    def action_next_theme(self) -> None:
        names = [each.name for each in THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)]
        remember({"theme": self.theme})

    def action_leave(self) -> None:
        going_on = [job for job in self.desk.jobs if job.process.poll() is None and not job.bound]
        said = f"{len(going_on)} runs go on; flyball tui shows them" if going_on else None
        self.exit(message=said)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every command there is where one stands, and every place."""
        for name, title in PLACES:
            yield SystemCommand(f"Go to {title}", "A place", lambda name=name: self.action_go(name))
        known = {title for _, title in PLACES} | TEXTUALS
        for active in screen.active_bindings.values():
            binding, said = active.binding, active.binding.description
            if not said or said in known or not isinstance(active.node, Place | App):
                continue
            known.add(said)
            key = self.get_key_display(binding)
            yield SystemCommand(said, f"Key {key}", self._runner(binding.action, active.node))
        yield SystemCommand("Save a picture of the screen", "As SVG", self.deliver_screenshot)

    def _runner(self, action: str, node: object) -> Callable[[], None]:
        def run() -> None:
            self.call_later(self.run_action, action, node)

        return run

    def begin(self, words: tuple[str, ...], *, bound: bool, pictures: bool) -> None:
        """Start a run, and watch it."""
        try:
            job = self.desk.start(words, bound=bound, pictures=pictures)
        except (OSError, FlyballError) as error:
            self.complain(error)
            return
        self.watch_job(job)

    def watch_job(self, job: Job) -> None:
        self.call_later(self._open, job, None)

    def open_run(self, run_id: str) -> None:
        """Show a run of the ledger, to follow it or to replay it."""
        self.call_later(self._open, None, run_id)

    async def _open(self, job: Job | None, run_id: str | None) -> None:
        await self.switch_mode("live")
        live: Live = self.screen  # type: ignore[assignment]
        await live.show(job=job, run_id=run_id)

    def complain(self, error: Exception | str) -> None:
        """A notice that names what is wrong and the remedy."""
        said = str(error)
        problem, _, remedy = said.partition("; ")
        told = f"{problem}\n→ {remedy}" if remedy else problem
        self.notify(told, title="That did not work", severity="error", timeout=8, markup=False)

    def _handle_exception(self, error: Exception) -> None:
        # What a user or the machine did is no reason to fall over.
        if isinstance(error, FlyballError):
            self.complain(error)
        else:
            super()._handle_exception(error)
