"""Runs that tell of one policy: those that it drove alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from flyball.ledger.ledger import Ledger
from flyball.records import Run, Step

Tell = Callable[[str], None]


def drove_alone(run: Run, steps: Sequence[Step]) -> bool:
    """Whether the run's own policy took every step, and no other stood by to be called in.

    Where one stood by, the runs that were left to the run's own policy are the easier ones, and
    tell no more of it than those that were not.
    """
    return run.strong is None and all(step.policy == run.policy for step in steps)


def checked_alone(ledger: Ledger, tell: Tell) -> Iterator[tuple[Run, tuple[Step, ...]]]:
    """Read the runs that were checked, oldest first, of policies that drove alone.

    In the end `tell` is told how many others there were, if any.
    """
    others = 0
    for run in reversed(ledger.runs()):
        if run.success is None or not (steps := ledger.steps(run.id)):
            continue
        if drove_alone(run, steps):
            yield run, steps
        else:
            others += 1
    if others:
        tell(passed_over(others))


def passed_over(runs: int) -> str:
    """Say in a line that runs are not read, and why."""
    return f"{runs} runs are passed over: another policy drove in them, or stood by to be called in"
