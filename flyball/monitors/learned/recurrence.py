"""What comes again: actions, views, and actions on views."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable
from typing import Generic, TypeVar

from flyball.monitors.learned.catalogue import Row
from flyball.monitors.learned.glances import Glance
from flyball.records import Ruling, Step

RECENT = 12
"""Steps that count as recent."""
LONGEST_CYCLE = 4

Thing = TypeVar("Thing", bound=Hashable)


class _Series(Generic[Thing]):
    """Things one after another, counted over the run and of late."""

    def __init__(self) -> None:
        self.counts: Counter[Thing] = Counter()
        self.recent: deque[Thing] = deque(maxlen=RECENT)
        self._recent_counts: Counter[Thing] = Counter()
        self._cycles = [0] * LONGEST_CYCLE

    def lately(self, thing: Thing) -> int:
        return self._recent_counts[thing]

    def cycles(self, thing: Thing) -> list[int]:
        """For each length, for how many steps each thing has been that of `length` before."""
        recent = self.recent
        return [
            count + 1 if len(recent) >= length and recent[-length] == thing else 0
            for length, count in enumerate(self._cycles, start=1)
        ]

    def distinct(self, thing: Thing) -> float:
        kinds = len(self._recent_counts) + (thing not in self._recent_counts)
        return kinds / (len(self.recent) + 1)

    def add(self, thing: Thing) -> None:
        self._cycles = self.cycles(thing)
        self.counts[thing] += 1
        if len(self.recent) == RECENT:
            oldest = self.recent[0]
            self._recent_counts[oldest] -= 1
            if not self._recent_counts[oldest]:
                del self._recent_counts[oldest]
        self.recent.append(thing)
        self._recent_counts[thing] += 1


class Recurrence:
    """Counts of what one policy has seen and done."""

    def __init__(self) -> None:
        self._steps = self._fresh_age = self._fresh = 0
        self._repeats = self._stale = self._tools = 0
        self._tool = ""
        self._actions: _Series[int] = _Series()
        self._views: _Series[int] = _Series()
        self._pairs: _Series[tuple[int, int]] = _Series()
        self._idle: Counter[tuple[int, int]] = Counter()
        self._to_stale: Counter[tuple[int, int]] = Counter()
        self._undone: tuple[int, int] | None = None

    def row(self, glance: Glance) -> Row:
        action, view, pair = glance.key, glance.view.mark, glance.pair
        idle, to_stale = self._came_of(view)
        fresh = not self._views.counts[view]
        action_cycles = self._actions.cycles(action)
        row: dict[str, float | None] = {
            "action_count": self._actions.counts[action],
            "action_count_recent": self._actions.lately(action),
            "action_streak": action_cycles[0],
            "view_count": self._views.counts[view],
            "view_count_recent": self._views.lately(view),
            "pair_count": self._pairs.counts[pair],
            "pair_count_recent": self._pairs.lately(pair),
            "pair_idle": self._idle[pair] + (idle and pair == self._undone),
            "pair_stale": self._to_stale[pair] + (to_stale and pair == self._undone),
            "repeats_streak": self._repeats + 1 if self._pairs.lately(pair) else 0,
            "stale_streak": self._stale + 1 if self._views.lately(view) else 0,
            "actions_distinct": self._actions.distinct(action),
            "views_distinct": self._views.distinct(view),
            "fresh_age": 0 if fresh else self._fresh_age + 1,
            "fresh_share": (self._fresh + fresh) / (self._steps + 1),
            "tool_streak": self._tools + 1 if glance.action.tool == self._tool else 0,
            "policy_age": self._steps,
        }
        cycles = (action_cycles, self._views.cycles(view), self._pairs.cycles(pair))
        for what, counts in zip(("action", "view", "pair"), cycles, strict=True):
            row |= {f"{what}_cycle_{length}": n for length, n in enumerate(counts, start=1)}
        return row

    def absorb(self, glance: Glance, step: Step) -> None:
        """Take in a step that is over."""
        action, view, pair = glance.key, glance.view.mark, glance.pair
        if self._undone is not None:
            idle, to_stale = self._came_of(view)
            self._idle[self._undone] += idle
            self._to_stale[self._undone] += to_stale
        fresh = not self._views.counts[view]
        self._fresh += fresh
        self._fresh_age = 0 if fresh else self._fresh_age + 1
        self._repeats = self._repeats + 1 if self._pairs.lately(pair) else 0
        self._stale = self._stale + 1 if self._views.lately(view) else 0
        self._tools = self._tools + 1 if glance.action.tool == self._tool else 0
        self._tool = glance.action.tool
        self._actions.add(action)
        self._views.add(view)
        self._pairs.add(pair)
        self._steps += 1
        # What was handed back has come to nothing, and says nothing about the world.
        self._undone = pair if step.decision.ruling is Ruling.CONTINUE else None

    def _came_of(self, view: int) -> tuple[bool, bool]:
        """Whether the newest action left what is seen as it was, or led to what had been seen."""
        if self._undone is None:
            return False, False
        return view == self._undone[0], self._views.lately(view) > 0
