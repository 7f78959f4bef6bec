"""A trajectory as named numbers, the same for training and for judging, a step at a time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from flyball.monitors.learned.catalogue import FEATURES, Row
from flyball.monitors.learned.confidence import Confidence
from flyball.monitors.learned.glances import Glance, Goal
from flyball.monitors.learned.recurrence import Recurrence
from flyball.monitors.learned.results import Results
from flyball.monitors.learned.shape import Shape
from flyball.monitors.learned.spending import Spending
from flyball.monitors.learned.wanted import Wanted
from flyball.records import Step, Task, Trajectory

UNKNOWN: Row = dict.fromkeys(FEATURES)
RUNS_KEPT = 64
"""Runs that are followed at a time; one that was forgotten is read again from its start."""


class _Own:
    """What is kept of the policy at work; another one starts anew.

    What its forerunner was unsure of, wrote and saw tells of that one, and what is learned from
    are runs that one policy drove.
    """

    def __init__(self, policy: str) -> None:
        self.policy = policy
        self._confidence = Confidence()
        self._recurrence = Recurrence()
        self._shape = Shape()

    def row(self, glance: Glance) -> Row:
        return {
            **self._confidence.row(glance),
            **self._recurrence.row(glance),
            **self._shape.row(glance),
        }

    def absorb(self, glance: Glance, step: Step) -> None:
        self._confidence.absorb(glance)
        self._recurrence.absorb(glance, step)
        self._shape.absorb(glance)


class Features:
    """The features of one run, for steps that come one after another.

    A row costs the same at every step: counts and windows are kept, and nothing is read twice.
    """

    def __init__(self, task: Task | None = None) -> None:
        task = task or Task(id="", prompt="")
        self._pending: Step | None = None
        self._last: Glance | None = None
        self._newest: Glance | None = None
        self._own = _Own("")
        self._results = Results()
        self._spending = Spending(task.budget)
        self._wanted = Wanted(Goal.read(task.prompt))

    def add(self, step: Step, before: Step | None = None) -> dict[str, float | None]:
        """Add the next step, which is about to be judged; gives its row.

        `before` is what has become of the step that was added last, where it was added before
        it was carried out. A row has every feature of the catalogue.
        """
        if self._pending is not None:
            self.absorb(before or self._pending)
        self._pending = step
        return self.row(step)

    def row(self, step: Step) -> dict[str, float | None]:
        """The features of `step` after the steps that were absorbed; changes nothing."""
        glance = self._glance(step)
        own = self._own if step.policy == self._own.policy else _Own(step.policy)
        known = {
            **own.row(glance),
            **self._results.row(glance),
            **self._spending.row(glance),
            **self._wanted.row(glance),
        }
        return {**UNKNOWN, **known}

    def absorb(self, step: Step) -> None:
        """Take in a step that is over."""
        glance = self._glance(step)
        if step.policy != self._own.policy:
            self._own = _Own(step.policy)
        self._own.absorb(glance, step)
        self._results.absorb(glance, step)
        self._spending.absorb(step)
        self._wanted.absorb(glance)
        self._last, self._newest = glance, None

    def _glance(self, step: Step) -> Glance:
        newest = self._newest
        same = (
            newest is not None
            and newest.action is step.action
            and newest.observation is step.observation
            and newest.step.policy == step.policy
        )
        if newest is None or not same:
            newest = self._newest = Glance(step, self._last)
        return newest


@dataclass(kw_only=True)
class _Followed:
    """A run as far as it was read, and the newest row, which several monitors ask for."""

    task: Task
    absorbed: tuple[Step, ...]
    features: Features
    judged: Step | None = None
    newest: Row = field(default_factory=lambda: UNKNOWN)


class _Follower:
    """Remembers how far runs were read. What it answers does not depend on what it remembers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: OrderedDict[int, _Followed] = OrderedDict()

    def row(self, trajectory: Trajectory) -> Row:
        # A run's first step stays the same object from its second step on, and is kept here, so
        # that its identity is nobody else's.
        first = trajectory.steps[0]
        with self._lock:
            run = self._runs.get(id(first))
            if run is None or not _continues(run, trajectory):
                run = _Followed(
                    task=trajectory.task, absorbed=(), features=Features(trajectory.task)
                )
            self._read(run, trajectory)
            if run.absorbed:
                self._runs[id(first)] = run
                self._runs.move_to_end(id(first))
            while len(self._runs) > RUNS_KEPT:
                self._runs.popitem(last=False)
            return run.newest

    def _read(self, run: _Followed, trajectory: Trajectory) -> None:
        steps, done = trajectory.steps, len(run.absorbed)
        if run.judged is steps[-1] and done == len(steps) - 1:
            return
        for step in steps[done:-1]:
            run.features.absorb(step)
        run.absorbed = steps[:-1]
        run.judged, run.newest = steps[-1], run.features.row(steps[-1])


def _continues(run: _Followed, trajectory: Trajectory) -> bool:
    """Whether the trajectory begins with the steps that were read."""
    # The same objects are told by their identity, which costs nanoseconds a step.
    done = len(run.absorbed)
    if run.task != trajectory.task or done > len(trajectory.steps) - 1:
        return False
    return run.absorbed == trajectory.steps[:done]


_FOLLOWER = _Follower()


def featurise(trajectory: Trajectory) -> dict[str, float | None]:
    """The features of a trajectory's last step: a pure function of the trajectory.

    What was read of a run is remembered, so that its next step costs what its first one did.
    Everything is unknown for a trajectory without steps.
    """
    return dict(_FOLLOWER.row(trajectory) if trajectory.steps else UNKNOWN)
