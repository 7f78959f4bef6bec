"""A step in full: what was seen, thought, done, judged and spent, with a picture of the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Footer, Static

from flyball.records import Trajectory
from flyball.telling import action_line, ending_lines, endings_at, reasons, receipts, spent
from flyball.tui.place import Failed, in_background

if TYPE_CHECKING:
    from flyball.records import Run, Step

Pixels = list[list[tuple[int, int, int]]]
UPPER_HALF = "▀"


class Whole(ModalScreen[None]):
    """One step; the arrow keys go to the next and the one before."""

    BINDINGS = [
        Binding("escape,enter,q", "dismiss", "Back"),
        Binding("right,n", "step(1)", "Next step"),
        Binding("left,p", "step(-1)", "Step before"),
    ]

    class Painted(Message):
        def __init__(self, pixels: Pixels) -> None:
            super().__init__()
            self.pixels = pixels

    def __init__(self, run: Run, steps: Sequence[Step], index: int, picture: Path) -> None:
        super().__init__()
        self.run, self.steps, self.index, self.pictures = run, steps, index, picture.parent

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="sheet tall"):
            yield Static(id="words")
            yield Picture(id="picture")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._show()

    def action_step(self, by: int) -> None:
        self.index = min(max(self.index + by, 0), len(self.steps) - 1)
        self._show()

    def _show(self) -> None:
        path = self.pictures / f"{self.index:05d}.png"
        trajectory = Trajectory(task=self.run.task, steps=tuple(self.steps))
        text = Text("\n".join(lines(self.run, trajectory, self.steps[self.index])))
        text.append(f"\n\npicture: {path if path.is_file() else 'none was kept of this step'}")
        self.query_one("#words", Static).update(text)
        picture = self.query_one(Picture)
        picture.show([])
        width = max(min(self.app.size.width - 12, 120), 10)
        # Without colours, half blocks show nothing: there the file has to do.
        if path.is_file() and not self.app.no_color:
            in_background(self, lambda: pixels(path, width), self.Painted, group="picture")

    def on_whole_painted(self, painted: Painted) -> None:
        self.query_one(Picture).show(painted.pixels)

    def on_failed(self, failed: Failed) -> None:
        self.notify(f"the picture cannot be shown: {failed.error}", markup=False)


class Picture(Widget):
    """A picture of half blocks: two pixels a character."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._pixels: Pixels = []

    def show(self, rows: Pixels) -> None:
        self._pixels = rows
        self.styles.height = (len(rows) + 1) // 2
        self.refresh(layout=True)

    def render_line(self, y: int) -> Strip:
        if 2 * y >= len(self._pixels):
            return Strip.blank(self.size.width)
        upper = self._pixels[2 * y]
        lower = self._pixels[2 * y + 1] if 2 * y + 1 < len(self._pixels) else upper
        return Strip(
            Segment(UPPER_HALF, Style(color=Color.from_rgb(*a), bgcolor=Color.from_rgb(*b)))
            for a, b in zip(upper, lower, strict=True)
        )


def pixels(path: Path, width: int) -> Pixels:
    """The picture in a file, `width` pixels wide."""
    from PIL import Image  # Pillow takes its time

    with Image.open(path) as image:
        height = max(round(image.height * width / image.width), 1)
        flat = image.convert("RGB").resize((width, height)).tobytes()
    points = list(zip(flat[0::3], flat[1::3], flat[2::3], strict=True))
    return [points[start : start + width] for start in range(0, len(points), width)]


def lines(run: Run, trajectory: Trajectory, step: Step) -> Iterator[str]:
    """All there is to say about a step; of the last one, how the run ended besides."""
    if step.index == trajectory.last.index and run.status != "running":
        yield from ending_lines(run, trajectory)
        yield ""
    yield from endings_at(run, step.index)
    yield f"step {step.index} of {len(trajectory.steps)}, taken by {step.policy}"
    seen = step.observation
    yield f"\nsaw ({seen.source}){'' if seen.ok else ', which failed'}: {seen.note}"
    yield seen.text
    if step.action.thought:
        yield f"\nthought: {step.action.thought}"
    yield f"\ndid: {action_line(step.action)}"
    for name, value in step.action.arguments.items():
        yield f"  {name}: {value}"
    if step.action.forbidden is not None:
        yield f"  chance to say what the page does not offer: {step.action.forbidden:.3g}"
    yield ""
    yield from reasons(trajectory, step)
    yield from receipts(step)
    yield ""
    parts = (step.policy_spend, step.monitor_spend, step.tool_spend)
    for name, part in zip(("policy", "monitors", "tool"), parts, strict=True):
        yield f"{name} took {spent(part)}"
