"""Chooses what an observation shows of a page that is too long to be shown whole."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from flyball.tools.browser.reading import Reading
from flyball.tools.page import first_fitting, fits, rank, tokens

_HEAD = ("url ", "title ", "tabs ")
_LONGEST_NOTE = "... 00000 more lines: 00000 above, 00000 on the screen, 00000 below"


class Showing:
    """Remembers what was read and shown of a page, for what is shown of it next."""

    def __init__(self, budget_tokens: int) -> None:
        self._budget = budget_tokens
        self._read: set[str] = set()
        self._shown: dict[str, int] = {}
        """The lines of the page that were really shown, with the look that last showed them."""
        self._looks = 0

    def show(self, reading: Reading, *, scrolled: bool = False) -> list[str]:
        """Give the lines to show: all that fit, first what changed, then what is near the screen.

        Of a screen that does not fit, the same lines are shown again, or, where the page was
        `scrolled`, those that were shown longest ago: so scrolling comes to every line.
        """
        lines, gone = reading.lines, reading.unread
        kept: Sequence[int] = range(len(lines))
        if gone or not fits(lines, self._budget):
            left = self._budget - tokens(_LONGEST_NOTE)
            kept = first_fitting(lines, self._order(reading, scrolled), left)
            gone += len(lines) - len(kept)
        shown = [lines[i] for i in kept]
        self._looks += 1
        still = {line: self._shown[line] for line in lines if line in self._shown}
        self._shown = still | dict.fromkeys(shown, self._looks)
        self._read = set(lines)
        return shown + ([_note(reading, kept, gone)] if gone else [])

    def _order(self, reading: Reading, scrolled: bool) -> list[int]:
        """The lines by their places in the list, those that are to be shown first in front."""

        def key(i: int) -> tuple[float, ...]:
            line, away = reading.lines[i], abs(reading.away[i])
            same, plain = divmod(rank(line, self._read), 2)
            look = self._shown.get(line, 0) if away == 0 else 0
            return same, ceil(away), look if scrolled else -look, plain, away, i

        head = [i for i, line in enumerate(reading.lines) if line.startswith(_HEAD)]
        return head + sorted(set(range(len(reading.lines))).difference(head), key=key)


def _note(reading: Reading, kept: Sequence[int], gone: int) -> str:
    """Say how many lines are left out, and where on the page they stand."""
    out = set(range(len(reading.lines))).difference(kept)
    above = sum(reading.away[i] < 0 for i in out)
    below = sum(reading.away[i] > 0 for i in out) + reading.unread
    counts = {"above": above, "on the screen": gone - above - below, "below": below}
    where = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    return f"... {gone} more lines: {where}"
