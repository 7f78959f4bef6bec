"""Runs that go on, and runs that are replayed, each in a tab of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.message import Message
from textual.widgets import Footer, Static

from flyball.steering import Order
from flyball.tui.bar import Bar
from flyball.tui.place import Place, in_background
from flyball.tui.runview import RunView

if TYPE_CHECKING:
    from flyball.tui.desk import Job

NONE = "Nothing is watched. 3 starts a run; on 1, Enter opens one."


ORDERS = ("pause", "stop", "hand_over", "wheel", "answer")


class Live(Place):
    """Tabs of runs."""

    AUTO_FOCUS = ""
    BINDINGS = [
        Binding("p", "pause", "Pause"),
        Binding("s", "stop", "Stop"),
        Binding("h", "hand_over", "Hand over"),
        Binding("w", "wheel", "Wheel"),
        Binding("a", "answer('continue')", "Approve", show=False),
        Binding("x", "answer('revise')", "Refuse", show=False),
        Binding("A", "answer('always')", "Approve for this run", show=False),
        Binding("X", "answer('never')", "Refuse for this run", show=False),
        Binding("o,enter", "whole", "Whole step"),
        Binding("space", "play", "Replay"),
        Binding("plus,equals_sign", "faster(1)", "Faster", show=False),
        Binding("minus", "faster(-1)", "Slower", show=False),
        Binding("tab,right_square_bracket", "tab(1)", "Next tab", show=False),
        Binding("shift+tab,left_square_bracket", "tab(-1)", "Tab before", show=False),
        Binding("ctrl+w", "close", "Close tab", show=False),
    ]

    class Running(Message):
        """The runs that go on, whoever started them."""

        def __init__(self, names: list[str]) -> None:
            super().__init__()
            self.names = names

    def __init__(self) -> None:
        super().__init__()
        self.views = list[RunView]()
        self.at = 0

    def compose(self) -> ComposeResult:
        yield Bar("live")
        yield Static(NONE, id="tabs", classes="line")
        yield Container(id="views")
        yield Footer()

    def on_mount(self) -> None:
        def work() -> list[str]:
            return self.flyball.desk.listing().running()

        in_background(self, work, self.Running, group="running")

    async def on_live_running(self, running: Running) -> None:
        """A run of another screen, or of a screen that was killed, is there to be taken up."""
        if not self.views and running.names:
            await self.show(job=None, run_id=running.names[0])

    def take_failure(self, error: Exception) -> None:
        if "not there yet" not in str(error):
            super().take_failure(error)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no orders for a run that is over."""
        return action not in ORDERS or self.view is None or not self.view.over

    @property
    def view(self) -> RunView | None:
        return self.views[self.at] if self.views else None

    async def show(self, *, job: Job | None, run_id: str | None) -> None:
        """Show a run in its tab, which is made where there is none."""
        for place, view in enumerate(self.views):
            if view.run_id == run_id is not None or (job is not None and view.job is job):
                self._turn_to(place)
                return
        if job is not None:
            await self._drop([view for view in self.views if job.takes_up(view.run_id)])
        known = [each for each in self.flyball.desk.jobs if run_id and each.run_id == run_id]
        view = RunView(job or (known[0] if known else None), run_id)
        self.views.append(view)
        await self.query_one("#views").mount(view)
        self._turn_to(len(self.views) - 1)

    async def _drop(self, views: list[RunView]) -> None:
        for view in views:
            self.views.remove(view)
            await view.remove()

    def _turn_to(self, place: int) -> None:
        self.at = place
        for each, view in enumerate(self.views):
            view.display = each == place
        view = self.views[place]
        view.take_keys()
        view.look()
        self._tell()
        self.refresh_bindings()

    def on_run_view_changed(self) -> None:
        self._tell()
        self.refresh_bindings()

    def _tell(self) -> None:
        told = []
        room = min(self.size.width // max(len(self.views), 1) - len(" ■ 1  WAITS "), 24)
        for place, view in enumerate(self.views):
            mark = "■" if view.over else "●"
            waits = " WAITS" if view.standing and view.standing.waiting else ""
            name = f"{mark} {place + 1} {view.title[: max(room, 0)]}{waits}".replace("[", r"\[")
            look = "bold reverse" if place == self.at else "not bold"
            told.append(f"[@click=screen.turn({place})][{look}] {name} [/][/]")
        self.query_one("#tabs", Static).update(" ".join(told) or NONE)

    def action_turn(self, place: int) -> None:
        self._turn_to(place)

    def action_tab(self, by: int) -> None:
        if self.views:
            self._turn_to((self.at + by) % len(self.views))

    async def action_close(self) -> None:
        if not self.views:
            return
        await self._drop([self.views[self.at]])
        self.at = max(self.at - 1, 0)
        if self.views:
            self._turn_to(self.at)
        else:
            self._tell()

    def _order(self, order: Order) -> None:
        if self.view is None:
            self.flyball.complain("no run is watched; press 3 to start one")
        else:
            self.view.order(order)

    def action_pause(self) -> None:
        held = self.view is not None and self.view.standing and self.view.standing.paused
        self._order(Order(do="resume" if held else "pause"))

    def action_stop(self) -> None:
        from flyball.tui.asking import Choose

        answers = [
            (
                "stop",
                "Stop it; Enter on its last step shows a receipt, and it can be taken up again",
            ),
            ("", "No"),
        ]

        def go(given: str | None) -> None:
            if given:
                self._order(Order(do="stop"))

        if self.view is not None and not self.view.over:
            self.app.push_screen(Choose("Stop this run?", answers), go)
        else:
            self._order(Order(do="stop"))

    def action_hand_over(self) -> None:
        standing = self.view.standing if self.view else None
        others = [each for each in standing.policies if each != standing.driver] if standing else []
        if standing and not others:
            self.flyball.complain("there is nobody to hand over to; start it with a strong model")
        elif len(others) == 1:
            self._order(Order(do="hand_over", to=others[0]))
        elif others:
            from flyball.tui.asking import Choose

            def go(given: str | None) -> None:
                if given:
                    self._order(Order(do="hand_over", to=given))

            self.app.push_screen(Choose("Hand over to:", [(each, each) for each in others]), go)
        else:
            self._order(Order(do="hand_over"))

    def action_wheel(self) -> None:
        mine = self.view is not None and self.view.standing and self.view.standing.wheel
        self._order(Order(do="leave_wheel" if mine else "take_wheel"))

    def action_answer(self, ruling: str) -> None:
        standing = self.view.standing if self.view else None
        if standing is None or standing.waiting != "answer":
            self.notify("nothing is asked just now")
            return
        self._order(Order(do="answer", to=ruling))

    def action_play(self) -> None:
        if self.view:
            self.view.play()

    def action_faster(self, by: int) -> None:
        if self.view:
            self.view.faster(by)

    def on_rows_chosen(self) -> None:
        self.action_whole()

    def action_whole(self) -> None:
        view = self.view
        if view is None or not view.watched.steps or view.watched.run is None:
            return
        from flyball.tui.whole import Whole

        run = view.watched.run
        path = self.flyball.desk.picture(run.id, view.rows.cursor)
        self.app.push_screen(Whole(run, view.watched.steps, view.rows.cursor, path))
