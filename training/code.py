"""Collect demonstrations of the code suite: an oracle that knows the bug mends it, in process.

A share of the edits is deliberately wrong, so that testing, going back and mending after all are
shown; the label of such a step is the right edit, and the last is `finish` on tests that pass.
"""

from __future__ import annotations

import argparse
import ast
import random
import time
from collections.abc import Sequence
from pathlib import Path

from flyball.agents.compact_code import encode, summary
from flyball.bench.code.desk import Desk
from flyball.bench.code.exercise import Exercise, exercise
from flyball.bench.code.functions import TRAINED
from flyball.bench.code.judging import NO_END
from flyball.bench.code.mutations import mutated, mutations
from flyball.bench.code.running import guarded
from flyball.bench.suites import TRAINING_SEEDS
from flyball.records import Action
from flyball.tools.source import difference
from training.examples import Example, write

MOST_WRONG = 2
SAME_LINE = 0.5
"""How often a wrong edit is on the line of the bug, if one can be made there."""
REFUSED = 0.2
"""How often a wrong edit names tokens that are not on its line."""
MOST_TRIES = 12
BLOCK = 30
"""Seeds of each function that lie in one file, which is what an interruption can cost."""

TEST, REVERT, FINISH = Action(tool="test"), Action(tool="revert"), Action(tool="finish")


def play(name: str, seed: int, *, wrong: int = 0) -> list[Example]:
    """Mend one exercise after `wrong` wrong edits; gives its steps."""
    task = exercise(name, seed)
    episode, rng = _Episode(task), random.Random(f"wrong {name} {seed}")
    right, tried = edit(task.source, task.solution), list[Action]()
    episode.step(TEST)
    for _ in range(wrong):
        if rng.random() < REFUSED:
            episode.step(right, refused_edit(task, rng))
        elif (slip := wrong_edit(task, rng)) and slip not in tried:
            tried.append(slip)
            episode.step(right, slip)
            episode.step(TEST)
            episode.step(REVERT)
    for action in (right, TEST, FINISH):
        episode.step(action)
    return episode.examples


class _Episode:
    """Keeps what was done on one desk, and the examples that it made."""

    def __init__(self, task: Exercise) -> None:
        self._task, self._desk = task, Desk(task)
        self._told: list[str] = []
        self.examples: list[Example] = []

    def step(self, label: Action, done: Action | None = None) -> None:
        """Show `label` as the right action, and do it, or `done` in its place."""
        self.examples.append(
            Example(
                task=f"code-{self._task.kind.replace(' ', '-')}",
                goal=self._task.goal,
                lines=tuple(self._desk.lines),
                told=tuple(self._told),
                answer=encode(label),
                format="code",
            )
        )
        action = done or label
        ok = self._desk.act(action)
        self._told.append(summary(action, "\n".join(self._desk.lines), ok=ok))


def edit(before: str, after: str) -> Action:
    """Give the `replace` that makes `after` of `before`. Raises `ValueError` where none does."""
    found = difference(before, after)
    if found is None:
        raise ValueError("no single replacement makes the one of the other")
    line, old, new = found
    return Action(tool="replace", arguments={"line": line, "old": old, "new": new})


def wrong_edit(task: Exercise, rng: random.Random) -> Action | None:
    """Pick an edit that could have been the right one; the tests fail after it, but end."""
    tree = ast.parse(task.source)
    right = edit(task.source, task.solution).arguments["line"]
    near = rng.random() < SAME_LINE
    found = mutations(tree)
    for mutation in rng.sample(found, k=min(MOST_TRIES, len(found))):
        near_enough = not near or getattr(mutation.node, "lineno", 0) == right
        source = mutated(tree, mutation) if near_enough else task.source
        if source == task.source or difference(task.source, source) is None:
            continue
        made = guarded(source, task.visible)
        if all(each.got != NO_END for each in made) and not all(each.passed for each in made):
            return edit(task.source, source)
    return None


def refused_edit(task: Exercise, rng: random.Random) -> Action:
    """Give the right edit on a line that the source does not have, or that lacks its tokens."""
    right = edit(task.source, task.solution)
    lines = list(range(1, task.source.count("\n") + 3))
    for line in rng.sample(lines, k=len(lines)):
        action = Action(tool="replace", arguments={**right.arguments, "line": line})
        if not Desk(task).act(action):
            return action
    raise AssertionError("the last of the lines is not there, and its edit is refused")


def collect(names: Sequence[str], seeds: Sequence[int], out: Path) -> None:
    """Collect every function with every seed into `out`, unless it is there already."""
    if out.exists():
        return
    started, rows = time.monotonic(), list[Example]()
    for seed in seeds:
        for name in names:
            rows += play(name, seed, wrong=seed % (MOST_WRONG + 1))
    write(out, rows)
    seconds = time.monotonic() - started
    rate = len(rows) / seconds
    print(f"{out.stem:10s} {len(rows)} examples  {seconds:.0f} s  {rate:.0f} a second", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("training/work/demonstrations"))
    parser.add_argument("--episodes", type=int, default=60)
    parser.add_argument("--tasks", nargs="*", default=list(TRAINED))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for first in range(0, arguments.episodes, BLOCK):
        seeds = TRAINING_SEEDS[first : min(first + BLOCK, arguments.episodes)]
        collect(arguments.tasks, seeds, arguments.out / f"code-{first:05d}.jsonl")


if __name__ == "__main__":
    main()
