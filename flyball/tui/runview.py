"""One run on the screen: its steps as they come, or are replayed, and what is said of them."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from flyball.steering import Order, Standing
from flyball.telling.lines import action_line
from flyball.tui.following import Line, News, Told, news
from flyball.tui.lines import Lines
from flyball.tui.place import Failed, in_background
from flyball.tui.rows import Cell, Column, Rows
from flyball.tui.watched import Watched, head, panel

if TYPE_CHECKING:
    from flyball.tui.app import FlyballApp
    from flyball.tui.desk import Job

COLUMNS = (
    Column("#", 4, right=True),
    Column("who", 12, least=76),
    Column("did", 0),
    Column("saw", 30, least=90),
    Column("ruling", 9),
)
LOOK_SECONDS = 0.5
"""How often a run is looked at: a frame may be dropped, a step is not."""
SPEEDS = (0.5, 1, 2, 5, 10, 50)
"""Steps a second, in a replay."""


class RunView(Widget):
    """Follows one run, which may be going on in any process, or be over for long."""

    class Came(Message):
        def __init__(self, found: News | None) -> None:
            super().__init__()
            self.found = found

    class Changed(Message):
        """How the run stands is another."""

    def __init__(self, job: Job | None, run_id: str | None) -> None:
        super().__init__()
        self.job, self.run_id = job, run_id
        self.watched = Watched()
        self.standing: Standing | None = None
        self.follows = True
        """The cursor stays on the newest step."""
        self.speed = 1
        self.plays = False
        self._record, self._looking, self._problem, self._change = "", False, "", ""
        self._line: Line | None = None

    def compose(self) -> ComposeResult:
        yield Lines(id="head")
        with Container(id="parts"):
            yield Rows(COLUMNS, self._fetch, id="steps")
            yield Lines(id="side")
        yield Static(id="ask", markup=False)
        yield Input(placeholder='your action: click button "Login" 3, or TOOL {...}', id="typed")

    def on_mount(self) -> None:
        self.set_interval(LOOK_SECONDS, self.look)
        self._play = self.set_interval(1.0, self._advance, pause=True)
        self.look()
        self._draw()

    @property
    def app_(self) -> FlyballApp:
        app: Any = self.app
        return app  # type: ignore[no-any-return]

    @property
    def rows(self) -> Rows:
        return self.query_one("#steps", Rows)

    @property
    def title(self) -> str:
        run = self.watched.run
        return run.task.id if run else (self.run_id or "starting")

    @property
    def over(self) -> bool:
        return self.watched.run is not None and self.watched.run.status != "running"

    def look(self) -> None:
        """Look for what is new, unless it is known that nothing will be."""
        if self._looking or not self.screen.is_current:
            return
        if self.over and not (self.job and self.job.process.poll() is None):
            self._tell_change()
            return
        if self.run_id is None and not self._begun():
            return
        run_id, known, steps = str(self.run_id), self._record, len(self.watched.steps)
        self._looking = True
        in_background(
            self,
            lambda: news(self.app_.desk.listing(), run_id, known, steps),
            self.Came,
            group="look",
        )

    def _begun(self) -> bool:
        """Whether the process says which run it is; it may have ended before it could."""
        if self.job is None or self._problem:
            return False
        self.run_id = self.job.find_run()
        if self.run_id is None and self.job.process.poll() is not None:
            self._problem = self.job.problem or "it ended without a word; flyball doctor says more"
            self.app_.complain(self._problem)
            self._draw()
        return self.run_id is not None

    def _tell_change(self) -> None:
        """Say, once, what became of what a run on code changed."""
        run = self.watched.run
        if self.job is None or run is None or run.agent != "code" or self._change:
            return
        self._change = self.job.last_words
        self.app_.notify(self._change, title=run.task.id, timeout=15, markup=False)
        self._draw()

    def on_run_view_came(self, came: Came) -> None:
        self._looking = False
        if came.found is None:
            self._problem = "the run is not in the ledger any more"
            self._draw()
            return
        run, self._record, steps = came.found
        changed = run is not None
        self.watched.run = run or self.watched.run
        self.watched.add(steps)
        if not self.over and self._line is None:
            bound = self.job is not None and self.job.bound
            self._line = Line(str(self.run_id), self, bound=bound)
            self.run_worker(self._line.listen(), group="line", exit_on_error=False)
        if self.over:
            self.standing = None
            self._show_asking()
        if steps:
            self.rows.grow(len(self.watched.steps), follow=self.follows)
        if steps or changed:
            self._draw()
        if changed:
            self.post_message(self.Changed())

    def on_failed(self, failed: Failed) -> None:
        self._looking = False
        failed.stop()
        if str(failed.error) != self._problem:
            self._problem = str(failed.error)
            self.app_.complain(failed.error)

    def on_told(self, told: Told) -> None:
        self.standing = None if self.over else told.standing
        if told.standing and told.standing.problem:
            self.app_.complain(told.standing.problem)
        self._show_asking()
        self._draw()
        self.post_message(self.Changed())

    def order(self, order: Order) -> None:
        """Tell the run what is wanted of it, or the person that nobody listens."""
        if self.over:
            self.app_.complain("the run is over; r takes it up again where it was stopped")
        elif self._line is None or not self._line.say(order):
            self._order_without_a_line(order)

    def _order_without_a_line(self, order: Order) -> None:
        if order.do == "stop" and self.job is not None and self.job.process.poll() is None:
            self.job.process.send_signal(signal.SIGINT)
            self.app_.notify("it is being stopped before it has begun")
            return
        self.app_.complain("this run takes no orders here; stop it where it was started")

    def on_rows_moved(self) -> None:
        self.follows = self.rows.cursor == self._newest
        self._draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.order(Order(do="act", text=event.value))
            event.input.value = ""

    def on_resize(self) -> None:
        self._draw()

    def on_show(self) -> None:
        self._draw()

    def play(self) -> None:
        """Replay from the cursor, from the start if it is at the end; or hold the replay."""
        self.plays = not self.plays
        if self.plays and self.rows.cursor == self._newest:
            self.rows.move_to(0, tell=False)
        self.follows = not self.plays and self.follows
        self._pace()

    def faster(self, by: int) -> None:
        self.speed = min(max(self.speed + by, 0), len(SPEEDS) - 1)
        self._pace()

    def _pace(self) -> None:
        self._play.stop()
        interval = 1 / SPEEDS[self.speed]
        self._play = self.set_interval(interval, self._advance, pause=not self.plays)
        self._draw()

    def _advance(self) -> None:
        if self.rows.cursor >= self._newest:
            self.plays = False
            self._play.pause()
        self.rows.move_to(self.rows.cursor + 1, tell=False)
        self._draw()

    @property
    def _newest(self) -> int:
        return max(len(self.watched.steps) - 1, 0)

    def _fetch(self, first: int, last: int) -> Sequence[Sequence[Cell]]:
        return [cells(self.watched, index) for index in range(first, last)]

    def _show_asking(self) -> None:
        waiting = self.standing.waiting if self.standing else ""
        ask, typed = self.query_one("#ask", Static), self.query_one("#typed", Input)
        was = typed.display
        ask.display, typed.display = bool(waiting), waiting == "action"
        if waiting == "answer" and self.standing:
            ask.update(
                f"{self.standing.question}\na approves, x refuses (A, X: for this run), s stops it"
            )
        elif waiting == "action" and self.standing:
            ask.update(self.standing.question)
        if typed.display is not was:
            self.take_keys()

    def take_keys(self) -> None:
        """Have the keys go where they are wanted; a run that is not shown takes none."""
        typed = self.query_one("#typed", Input)
        if self.display:
            (typed if typed.display else self.rows).focus()

    def _draw(self) -> None:
        if not self.display:
            return
        pace = f"▶ {SPEEDS[self.speed]:g} steps/s" if self.plays else self._change
        waiting = self._problem or "starting: the model is loaded and a browser is opened ..."
        told = head(self.watched, self.standing, waiting, pace)
        self.query_one("#head", Lines).show(list(told.split(allow_blank=True)))
        side = self.query_one("#side", Lines)
        size = side.content_size
        text = panel(self.watched, self.rows.cursor, size.width or 40, size.height or 10)
        side.show(list(text.split(allow_blank=True)))


def cells(watched: Watched, index: int) -> Sequence[Cell]:
    """A step's cells, in the order of the columns."""
    step = watched.steps[index]
    following = watched.steps[index + 1].observation if index + 1 < len(watched.steps) else None
    saw: Cell = ""
    if following is not None:
        told = following.note or _headline(following.text)
        saw = told if following.ok else (f"✗ {told}", "bad")
    decision = step.decision.ruling
    ruled: Cell = ("ok", "dim") if decision == "continue" else (f"{decision}!", "warn")
    did = action_line(step.action)
    thought = f"{step.action.thought} · " if step.action.thought else ""
    who = step.policy.rpartition("/")[2]
    return (str(index), who, f"{thought}{did}", saw, ruled)


def _headline(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.startswith(("url ", "tabs "))]
    return " · ".join(line.removeprefix("title ") for line in lines[:4])
