"""What every place of the screen has: the bar, the keys, and work that does not block it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from textual.message import Message
from textual.screen import Screen

from flyball.errors import FlyballError

if TYPE_CHECKING:
    from textual.dom import DOMNode

    from flyball.tui.app import FlyballApp

Result = TypeVar("Result")


class Failed(Message):
    """Some work in the background came to nothing."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class Undone(Message, bubble=False):
    """A deletion was undone; `None`: there was none to undo."""

    def __init__(self, task: str | None) -> None:
        super().__init__()
        self.task = task


class Place(Screen[None]):
    """One of the places that the bar names."""

    @property
    def flyball(self) -> FlyballApp:
        app: Any = self.app
        return app  # type: ignore[no-any-return]

    def on_failed(self, failed: Failed) -> None:
        failed.stop()
        self.take_failure(failed.error)

    def take_failure(self, error: Exception) -> None:
        """Say what came to nothing."""
        self.flyball.complain(error)


def in_background(
    node: DOMNode,
    work: Callable[[], Result],
    then: Callable[[Result], Message | None],
    *,
    group: str,
) -> None:
    """Do `work` in a thread, and post what `then` makes of it, if anything, or `Failed` to `node`.

    Of one group only the newest is listened to.
    """

    def do() -> None:
        from textual.worker import get_current_worker

        worker = get_current_worker()
        message: Message | None
        try:
            message = then(work())
        except (FlyballError, OSError, ValueError, ImportError) as error:
            message = Failed(error)
        if message is not None and not worker.is_cancelled:
            node.post_message(message)

    node.run_worker(do, thread=True, exclusive=True, group=group, exit_on_error=False)
