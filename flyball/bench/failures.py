"""How an episode was lost, told from its trajectory.

The kinds exclude each other; the first that fits holds, in the order of `KINDS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from flyball.agents.compact import history, page_of
from flyball.agents.secrets import masked
from flyball.bench.suites import Pair, Suite
from flyball.records import Action, Ruling, Run, Step, Trajectory
from flyball.tools.page import parse

Failure = Literal["infrastructure", "loop", "wrong_ending", "dead_click", "drift", "step_limit"]
KINDS: tuple[Failure, ...] = (
    "infrastructure",
    "loop",
    "wrong_ending",
    "dead_click",
    "drift",
    "step_limit",
)

LONGEST_CYCLE = 4
FEWEST_REPEATS = 2
"""So many moves at the end, and a whole cycle of them, are those of the cycle before."""
DEAD_MOVES = 2
"""So many moves at the end failed or changed nothing."""
RIGHT_START = 2
"""So many moves of the suite's oracle at the beginning are a right start."""

TOLD = ("element", "text", "option", "key", "direction")
"""The arguments that tell two moves apart."""


def failure_of(run: Run, trajectory: Trajectory, suite: Suite) -> Failure | None:
    """Say how `run` was lost; `None` for one that was won, or that is not over.

    `infrastructure`: a part broke, and the agent is not to blame. `loop`: the last moves go round a
    cycle of at most 4 pages and actions. `wrong_ending`: the policy or the world ended it.
    `dead_click`: the last moves failed or changed nothing. `drift`: the first moves were the
    oracle's, or reached a milestone, and the run came to nothing. `step_limit`: anything else.
    """
    if run.success or (run.score is None and run.status != "failed"):
        return None
    steps = trajectory.steps
    if run.score is None:
        return "infrastructure"
    if _circles(steps):
        return "loop"
    if run.ended_by in ("policy", "environment"):
        return "wrong_ending"
    if _is_dead(steps):
        return "dead_click"
    return "drift" if _started_right(run, trajectory, suite) else "step_limit"


def _circles(steps: Sequence[Step]) -> bool:
    """Whether the last moves are those of one, two, three or four moves before, page and all."""
    moves = [(_page(steps, index), _move(step.action)) for index, step in enumerate(steps)]
    for cycle in range(1, LONGEST_CYCLE + 1):
        repeats = max(cycle, FEWEST_REPEATS)
        if len(moves) >= cycle + repeats and moves[-repeats:] == moves[-repeats - cycle : -cycle]:
            return True
    return False


def _is_dead(steps: Sequence[Step]) -> bool:
    """Whether the last moves that were carried out failed or left the page as it was."""
    results = [
        result.observation.ok and _page(steps, index) != _page(steps, index + 1)
        for index, (step, result) in enumerate(pairwise(steps))
        if step.decision.ruling is Ruling.CONTINUE
    ]
    return len(results) >= DEAD_MOVES and not any(results[-DEAD_MOVES:])


def _started_right(run: Run, trajectory: Trajectory, suite: Suite) -> bool:
    steps = trajectory.steps
    done = [step.action for step in steps if step.decision.ruling is Ruling.CONTINUE]
    pair = Pair(run.task.id, -1 if run.seed is None else run.seed)
    if suite.milestones(pair, done):
        return True
    oracle = suite.oracle(run.task.id)
    if len(steps) <= RIGHT_START:
        return False
    for index, step in enumerate(steps[:RIGHT_START]):
        seen = page_of(steps[: index + 1])
        told = history(steps[:index], step.observation)
        try:
            best = oracle(run.task.prompt, parse(seen.text), told)
        except (LookupError, ValueError):
            return False
        if _move(masked(best, seen)) != _move(step.action):
            return False
    return True


def _page(steps: Sequence[Step], index: int) -> str:
    return page_of(steps[: index + 1]).text


def _move(action: Action) -> tuple[str, ...]:
    said = (str(action.arguments.get(name, "")) for name in TOLD)
    return (action.tool, *said, action.text if action.tool == "invalid" else "")
