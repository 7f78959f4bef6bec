"""Which parts of its goal a run reached, as the environment or the suite's oracle knows it.

No policy and no monitor is shown this: monitors are trained and judged on it.
"""

from __future__ import annotations

from collections.abc import Sequence

from flyball.agents.compact import history, page_of
from flyball.bench.suites import Oracle, Suite
from flyball.records import Action, Observation, Step, Trajectory
from flyball.tools.page import parse

Names = tuple[str, ...]


def oracle_move(oracle: Oracle, prompt: str, steps: Sequence[Step], seen: Observation) -> Action:
    """What the oracle would do after `steps`. Raises `LookupError` where it knows no move."""
    page = parse(page_of(steps, seen).text)
    return oracle(prompt, page, history(steps, seen))


def newly_reached(after: Sequence[frozenset[str]], steps: int) -> tuple[Names, ...]:
    """For each of `steps` the names that the action before it was the first to reach.

    `after` holds, for each step that is over, what was reached when it was.
    """
    known, new = set[str](), list[Names]()
    for reached in [frozenset[str](), *after][:steps]:
        new.append(tuple(sorted(reached - known)))
        known |= reached
    return tuple(new)


def stages(suite: Suite, trajectory: Trajectory) -> tuple[Names, ...]:
    """The same for a world that tells nothing, by the oracle's plan.

    The oracle's moves fall into stages of one kind each: filling in fields, ticking boxes,
    opening something. A stage is reached once the run makes a move of the oracle's, after which
    the oracle's next move is of another kind. The move that ends an episode reaches a stage that
    nobody is there to look at any more.
    """
    oracle, steps = suite.oracle(trajectory.task.id), trajectory.steps
    moves = [_move(oracle, trajectory, at) for at in range(len(steps))]
    known, new = set[str](), [Names()] if steps else list[Names]()
    for step, move, following in zip(steps, moves, moves[1:], strict=False):
        name = "" if move is None else f"{move.tool} {move.arguments.get('target', '')}".strip()
        done = move is not None and following is not None and _same(step.action, move)
        reached = done and _kind(move) != _kind(following) and name not in known
        names = (name,) if reached else ()
        known.update(names)
        new.append(names)
    return tuple(new)


def _move(oracle: Oracle, trajectory: Trajectory, at: int) -> Action | None:
    steps = trajectory.steps
    try:
        return oracle_move(oracle, trajectory.task.prompt, steps[:at], steps[at].observation)
    except (LookupError, ValueError):
        return None


def _kind(move: Action | None) -> tuple[str, str] | None:
    """The tool and the role of its target."""
    if move is None:
        return None
    return move.tool, str(move.arguments.get("target", "")).partition(" ")[0]


def _same(done: Action, move: Action) -> bool:
    """Whether the run did what the oracle would have done; the target's name need not be said."""
    names = ("element", "text", "option", "key", "direction")
    told = [(done.arguments.get(name), move.arguments.get(name)) for name in names]
    return done.tool == move.tool and all(str(mine) == str(its) for mine, its in told)
