"""Two runs side by side, aligned on where they part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.widgets import Footer, Static

from flyball.telling.lines import action_line, amount
from flyball.tui.bar import Bar
from flyball.tui.place import Place, in_background
from flyball.tui.rows import Cell, Column, Rows

if TYPE_CHECKING:
    from flyball.records import Run, Spend, Step

COLUMNS = (
    Column("#", 4, right=True),
    Column("left", 0),
    Column("", 1),
    Column("right", 0),
    Column("#", 4, right=True),
)


class Side(NamedTuple):
    run: Run
    steps: tuple[Step, ...]
    spend: Spend


class Pair(NamedTuple):
    """Two steps that stand beside each other; `None` where one run has none."""

    left: Step | None
    right: Step | None
    same: bool


class Comparing(Place):
    """Two runs."""

    BINDINGS = [
        Binding("escape", "app.pop_screen", "Back"),
        Binding("p", "parting", "Where they part"),
    ]

    class Found(Message):
        def __init__(self, left: Side, right: Side) -> None:
            super().__init__()
            self.left, self.right = left, right

    def __init__(self, left: str, right: str) -> None:
        super().__init__()
        self.names = (left, right)
        self.pairs = list[Pair]()

    def compose(self) -> ComposeResult:
        yield Bar("runs")
        yield Static("reading both runs ...", id="note", markup=False)
        yield Rows(COLUMNS, self._fetch, id="pairs")
        yield Footer()

    def on_mount(self) -> None:
        def side(name: str) -> Side:
            ledger = self.flyball.desk.ledger()
            trajectory = ledger.trajectory(name)
            return Side(ledger.run(name), trajectory.steps, trajectory.spend)

        in_background(
            self,
            lambda: [side(name) for name in self.names],
            lambda sides: self.Found(*sides),
            group="compare",
        )

    def on_comparing_found(self, found: Found) -> None:
        self.pairs = list(aligned(found.left.steps, found.right.steps))
        self.query_one("#pairs", Rows).show(len(self.pairs))
        self.query_one("#note", Static).update(verdict(found.left, found.right, self.pairs))
        self.action_parting()

    def action_parting(self) -> None:
        """Go to the first step that is not the same."""
        place = parting(self.pairs)
        self.query_one("#pairs", Rows).move_to(len(self.pairs) if place is None else place)

    def _fetch(self, first: int, last: int) -> Sequence[Sequence[Cell]]:
        return [cells(pair) for pair in self.pairs[first:last]]


def aligned(left: Sequence[Step], right: Sequence[Step]) -> Iterator[Pair]:
    """Put equal steps beside each other, and what differs beside what stands in its place."""
    keys = [[_key(step) for step in steps] for steps in (left, right)]
    matcher = SequenceMatcher(a=keys[0], b=keys[1], autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        for place in range(max(b - a, d - c)):
            yield Pair(
                left[a + place] if a + place < b else None,
                right[c + place] if c + place < d else None,
                kind == "equal",
            )


def parting(pairs: Sequence[Pair]) -> int | None:
    """Where the runs part; `None` where they do not."""
    return next((place for place, pair in enumerate(pairs) if not pair.same), None)


def verdict(left: Side, right: Side, pairs: Sequence[Pair]) -> str:
    place = parting(pairs)
    told = "they do not part" if place is None else f"they part at step {place}"
    return f"{_told(left)}\n{_told(right)}\n{told}"


def _told(side: Side) -> str:
    won = {True: "✓ won", False: "✗ lost", None: "unchecked"}[side.run.success]
    joules = amount(side.spend.energy.joules, " J")
    took = f"{len(side.steps)} steps, {amount(side.spend.seconds, ' s')}, {joules}"
    return f"{side.run.task.id} · {side.run.policy} · {won} · {took} · {side.run.id}"


def cells(pair: Pair) -> Sequence[Cell]:
    look = "" if pair.same else "warn"
    sides = [(_did(step), look) for step in (pair.left, pair.right)]
    numbers = [str(step.index) if step else "" for step in (pair.left, pair.right)]
    return (numbers[0], sides[0], "=" if pair.same else "≠", sides[1], numbers[1])


def _did(step: Step | None) -> str:
    if step is None:
        return ""
    ruled = "" if step.decision.ruling == "continue" else f" [{step.decision.ruling}]"
    return f"{action_line(step.action)}{ruled}"


def _key(step: Step) -> tuple[str, str, str]:
    return (step.observation.text, action_line(step.action), step.decision.ruling)
