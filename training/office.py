"""Collect demonstrations of the office suite: oracles play it in process, without a browser.

A share of the moves is deliberately wrong, but never one that changes the records, so that
every recovery can be shown; the label is always the oracle's move, the last is `finish`.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from pathlib import Path

from flyball.agents.compact import encode, summary
from flyball.bench.miniwob.oracles.moves import NoMoveError
from flyball.bench.office import TEMPLATES, Job, Office, Tab
from flyball.records import Action
from flyball.tools.page import Entry
from training.examples import Example, write

TRAINING_SEEDS = range(100_000)
WRONG_MOVES = 0.15
LONGEST = 4
"""How many times the oracle's most steps an episode with wrong moves may take."""


def play(task: str, seed: int, wrong: float = 0.0) -> list[Example]:
    """Play one episode; gives its examples, or none where it was not won."""
    job, rng = Job(TEMPLATES[task], seed), random.Random(f"wrong {task} {seed}")
    tab, oracle = Tab(job.site), job.template.oracle()
    told, examples = list[str](), list[Example]()
    for _ in range(LONGEST * job.template.steps[1]):
        page = tab.entries
        try:
            best = oracle(job.goal, page, told)
        except NoMoveError:
            return []
        examples.append(_example(task, job.goal, page, told, best))
        if best.is_final:
            answer = best.arguments.get("answer")
            return examples if job.score(None if answer is None else str(answer)) == 1 else []
        move = best
        if rng.random() < wrong:
            move = wrong_move(page, rng) or best
        told.append(summary(move, page, ok=tab.act(move)))
    return []


def wrong_move(page: Sequence[Entry], rng: random.Random) -> Action | None:
    """Pick a move that the goal does not ask for and that changes no records."""
    harmless = [entry for entry in page if entry.role in ("link", "textbox", "select")]
    # Kept mail stays in view for good, which is no mistake to be recovered from.
    harmless = [entry for entry in harmless if entry.name != "Keep in view"]
    if rng.random() < 0.1 or not harmless:
        return Action(tool="back")
    victim = rng.choice(harmless)
    arguments: dict[str, object] = {"element": victim.number, "target": victim.label}
    if victim.role == "textbox":
        return Action(tool="fill", arguments={**arguments, "text": _misread(page, rng)})
    if victim.role == "select":
        option = rng.choice(victim.options)
        return Action(tool="select", arguments={**arguments, "option": option})
    return Action(tool="click", arguments=arguments)


def _misread(page: Sequence[Entry], rng: random.Random) -> str:
    """Give a text from elsewhere on the page, or a number."""
    names = [entry.name for entry in page if entry.role == "link"]
    return rng.choice([*names, str(rng.randint(1, 99))])


def _example(
    task: str, goal: str, page: Sequence[Entry], told: Sequence[str], action: Action
) -> Example:
    label = next((e.label for e in page if e.number == action.arguments.get("element")), "")
    lines = tuple(entry.line for entry in page)
    answer = encode(action, label)
    return Example(task=task, goal=goal, lines=lines, told=tuple(told), answer=answer)


def collect(task: str, episodes: int, out: Path, *, first: int = 0) -> None:
    """Collect one task, from the training seed `first` on, into `out`, unless it is there."""
    if out.exists():
        return
    started, won, rows = time.monotonic(), 0, list[Example]()
    for seed in TRAINING_SEEDS[first : first + episodes]:
        examples = play(task, seed, wrong=WRONG_MOVES if seed % 2 else 0.0)
        won += bool(examples)
        rows += examples
    write(out, rows)
    seconds = time.monotonic() - started
    print(f"{task:20s} won {won}/{episodes}  {len(rows)} examples  {seconds:.0f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("training/work/demonstrations"))
    parser.add_argument("--episodes", type=int, default=150)
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--tasks", nargs="*", default=list(Office.trained))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for task in arguments.tasks:
        out = arguments.out / f"office-{task}.jsonl"
        collect(task, arguments.episodes, out, first=arguments.first)


if __name__ == "__main__":
    main()
