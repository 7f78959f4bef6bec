"""What a terminal and a shell tell the screen."""

from __future__ import annotations

import signal
from types import FrameType


def resume_only_what_was_stopped() -> None:
    """Have SIGCONT resume a screen that SIGTSTP has stopped, and no other.

    A terminal that is closed sends it beside SIGHUP: Textual would begin anew to read a terminal
    that is gone, on a thread that keeps the process busy for good.
    """
    if not hasattr(signal, "SIGCONT"):
        return
    stop, resume = signal.getsignal(signal.SIGTSTP), signal.getsignal(signal.SIGCONT)
    if not callable(stop) or not callable(resume):
        return
    stopped = False

    def on_stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True
        stop(number, frame)

    def on_resume(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        if stopped:
            stopped = False
            resume(number, frame)

    signal.signal(signal.SIGTSTP, on_stop)
    signal.signal(signal.SIGCONT, on_resume)
