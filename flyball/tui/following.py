"""Follow a run without being in its way: through the ledger, and through its socket."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from textual.message import Message

from flyball.steering import Standing, helm_folder, socket_of
from flyball.steering.orders import Order

if TYPE_CHECKING:
    from textual.widget import Widget

    from flyball.ledger.listing import Listing
    from flyball.records import Run, Step

RETRY_SECONDS = 1.0
HELD_SECONDS = 1.0
LONGEST_LINE = 1 << 20


class News(NamedTuple):
    """What a run has come to since it was looked at."""

    run: Run | None
    """`None` where its record is what it was."""
    record: str
    steps: list[Step]


def news(listing: Listing, run_id: str, known: str, steps: int) -> News | None:
    """Read what is new of a run of which so many `steps` are known; `None` where it is gone."""
    from flyball.ledger.codec import run_from_json, step_from_json

    # The steps first: a run that is over has no more of them.
    records = listing.steps(run_id, steps)
    record = listing.run(run_id)
    if record is None:
        return None
    run = None if record == known else run_from_json(record)
    return News(run, record, [step_from_json(each) for each in records])


def is_held(run_id: str) -> bool:
    """Whether a process listens for orders to a run, and so still runs it.

    One that was not started from a screen listens to nobody: that it runs cannot be told.
    """
    with suppress(OSError), socket.socket(socket.AF_UNIX) as line:
        line.settimeout(HELD_SECONDS)
        line.connect(str(socket_of(helm_folder(), run_id)))
        return True
    return False


class Told(Message):
    """How the run stands with a person; `None` while nothing listens."""

    def __init__(self, standing: Standing | None) -> None:
        super().__init__()
        self.standing = standing


class Line:
    """The screen's end of a run's socket. It connects, and connects again."""

    def __init__(self, run_id: str, widget: Widget, *, bound: bool) -> None:
        self._path = socket_of(helm_folder(), run_id)
        self._widget, self._bound = widget, bound
        self._writer: asyncio.StreamWriter | None = None

    async def listen(self) -> None:
        """Post what the run says, for as long as one likes."""
        while True:
            with suppress(OSError, ValueError):
                reader, self._writer = await asyncio.open_unix_connection(
                    self._path, limit=LONGEST_LINE
                )
                if self._bound:
                    self.say(Order(do="bind"))
                try:
                    while told := await reader.readline():
                        self._widget.post_message(Told(Standing.from_line(told)))
                finally:
                    self._writer.close()
                    self._writer = None
                self._widget.post_message(Told(None))
            await asyncio.sleep(RETRY_SECONDS)

    def say(self, order: Order) -> bool:
        """Give an order; whether anybody listens."""
        if self._writer is None or self._writer.is_closing():
            return False
        self._writer.write(order.to_line())
        return True
