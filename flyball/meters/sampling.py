"""Read a meter in the background, so that no counter wraps and no power goes unseen."""

from __future__ import annotations

import threading
import weakref
from types import TracebackType
from typing import Self

from flyball.records import Energy
from flyball.roles import Meter

SAMPLE_SECONDS = 0.5


class Sampled:
    """A meter that a thread of its own reads every `seconds`, from now until it is closed.

    What it gives is what the meter gives. A meter that raises is one that failed: what it read is
    unknown from there, and neither the thread nor the run ends. The thread is a daemon, and ends
    with the last use of this object too.
    """

    def __init__(self, meter: Meter, *, seconds: float = SAMPLE_SECONDS) -> None:
        self.meter = meter
        self._lock = threading.Lock()
        self._failed = ""
        self._over = threading.Event()
        self.read()
        thread = threading.Thread(
            target=_sample, args=(weakref.ref(self), self._over, seconds), daemon=True
        )
        thread.name = "flyball-meter"
        weakref.finalize(self, self._over.set)
        thread.start()
        self._thread = thread

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._over.set()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout=5.0)

    def read(self) -> Energy:
        with self._lock:
            if not self._failed:
                try:
                    return self.meter.read()
                except Exception as error:  # noqa: BLE001 - a broken meter must not break a run
                    self._failed = f"{type(self.meter).__name__} failed: {error!r}"
            return Energy(unknown=(self._failed,))


def _sample(sampled: weakref.ref[Sampled], over: threading.Event, seconds: float) -> None:
    while not over.wait(seconds):
        mine = sampled()
        if mine is None:
            return
        mine.read()
        del mine
