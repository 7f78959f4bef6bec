"""What is true of a step, as seen later: labels may look ahead, where features may not."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from flyball.monitors.learned.catalogue import Row
from flyball.monitors.learned.glances import Glance
from flyball.records import Run, Trajectory

AHEAD = 3
"""Steps in a row, the labelled one first, that must come to nothing."""
BACK = 12
"""Steps that are looked back at for something that was done or seen before."""


def stuck_labels(trajectory: Trajectory, run: Run) -> tuple[bool, ...]:
    """For each step whether the run is stuck there: actions repeat, and the state does not change.

    A step is idle if the same action on the same observation is one of the last `BACK` steps, and
    what it led to was seen in them too; but not if the action is repeated until something new is
    seen, which is how one waits for a page or reads a list. The run is stuck at a step if it and
    those after it, `AHEAD` in all, are idle. A run that was stopped has no more steps: what it
    would have gone on with is taken to be what it was at. An action that ended a run came to
    something.
    """
    idle = _idle(trajectory, stopped=run.status == "stopped")
    tail = [run.status == "stopped"] * (AHEAD - 1)
    extended = [*idle, *tail]
    return tuple(all(extended[at : at + AHEAD]) for at in range(len(idle)))


def milestone_labels(reached: Sequence[Sequence[str]], steps: int) -> tuple[bool, ...]:
    """For each step whether the action before it reached a subgoal for the first time."""
    return tuple(bool(names) for names in reached[:steps])


def sound_repeats(rows: Sequence[Row]) -> list[bool]:
    """For each step whether it repeats an action that in the end shows something new.

    Waiting for a page, paging, reading a list: a monitor that rules against these is in the way.
    """
    worth, sound = False, list[bool]()
    following: Row | None = None
    for row in reversed(rows):
        fresh = following is not None and not following["view_count_recent"]
        goes_on = following is not None and bool(following["action_streak"])
        worth = fresh or (goes_on and worth)
        sound.append(worth and bool(row["action_count_recent"]))
        following = row
    return sound[::-1]


def _idle(trajectory: Trajectory, *, stopped: bool) -> list[bool]:
    glances: list[Glance] = []
    for step in trajectory.steps:
        glances.append(Glance(step, glances[-1] if glances else None))
    pairs, views = deque[tuple[int, int]](maxlen=BACK), deque[int](maxlen=BACK)
    repeated, stale = list[bool](), list[bool]()
    for glance, following in zip(glances, [*glances[1:], None], strict=True):
        views.append(glance.view.mark)
        stale.append(stopped if following is None else following.view.mark in views)
        repeated.append(glance.pair in pairs)
        pairs.append(glance.pair)
    worth = _worth([glance.key for glance in glances], stale)
    return [a and b and not c for a, b, c in zip(repeated, stale, worth, strict=True)]


def _worth(actions: Sequence[int], stale: Sequence[bool]) -> list[bool]:
    """For each step whether its action, repeated from there on, led to something new."""
    worth, following = list[bool](), None
    for action, nothing in zip(reversed(actions), reversed(stale), strict=True):
        worth.append(not nothing or (action == following and worth[-1]))
        following = action
    return worth[::-1]
