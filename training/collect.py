"""Collect demonstrations: oracles play MiniWoB++ in the real pages, quickly.

Actions are carried out inside the page, without the browser's input pipeline, so that a
core plays a hundred episodes a second. A share of the moves is deliberately wrong, so that
recoveries are shown; the label is always the oracle's move.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from flyball.agents.compact import encode, summary
from flyball.bench.miniwob import (
    GOAL,
    IGNORE,
    ORACLES,
    SEED_KEY,
    TRAINED,
    VIEWPORT,
    max_steps,
    serve,
)
from flyball.bench.miniwob.oracles import NoMoveError
from flyball.records import Action
from flyball.tools.browser import Browser, BrowserOptions
from flyball.tools.page import Entry, entry
from training.examples import Example, write

MARGIN = 1.5
"""How much longer than its limit an episode with wrong moves in it may take."""
WRONG_MOVES = 0.2
UNFORGIVING = re.compile(r"click-(button|link|d|widget|tab$)|focus|find-greatest")
"""Tasks in which a wrong move ends the episode, by how their names begin."""
TRAINING_SEEDS = range(100_000)
MOST_EXAMPLES = 4_500
"""Long episodes need not be as many."""
EPISODES_A_PAGE = 100
"""Some pages keep what each episode made; their renderer would grow to gigabytes and slow down."""

PREPARE = Path(__file__).with_name("play.js")


def entries(raws: Sequence[dict[str, Any]]) -> list[Entry]:
    return [entry(raw, raw.get("number")) for raw in raws]


def wrong_move(page: Sequence[Entry], rng: random.Random) -> Action | None:
    """Pick a move that the goal does not ask for and that ends nothing."""
    harmless = [e for e in page if e.role in ("textbox", "checkbox", "radio", "select", "tab")]
    harmless = [e for e in harmless if not (e.disabled or e.readonly or e.multiline)]
    harmless = [e for e in harmless if "•" not in e.value and "assword" not in e.name]
    if not harmless:
        return None
    victim = rng.choice(harmless)
    arguments: dict[str, object] = {"element": victim.number, "target": victim.label}
    if victim.role == "textbox":
        text = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=rng.randint(1, 6)))
        return Action(tool="fill", arguments={**arguments, "text": text})
    if victim.role == "select":
        option = rng.choice(victim.options)
        return Action(tool="select", arguments={**arguments, "option": option})
    return Action(tool="click", arguments=arguments)


class Collector:
    """Plays one task in one tab."""

    def __init__(self, browser: Browser, name: str) -> None:
        self._browser = browser
        self._name = name

    async def play(self, seed: int, *, wrong: float) -> tuple[list[Example], bool]:
        """Play one episode; gives its examples and whether it was won."""
        rng, told, examples = random.Random(seed), list[str](), list[Example]()
        look = await self._browser.page.evaluate("s => __start(s)", SEED_KEY.format(seed=seed))
        goal = str(look["goal"])
        may_err = not UNFORGIVING.match(self._name)
        for _ in range(int(max_steps(self._name) * MARGIN)):
            page = entries(look["entries"])
            if look["done"]:
                break
            best = ORACLES[self._name](goal, page, told)
            examples.append(_example(self._name, goal, page, told, best))
            move = best
            if may_err and rng.random() < wrong:
                move = wrong_move(page, rng) or best
            told.append(summary(move, page))
            look = await self._browser.page.evaluate("m => __move(m)", _wire(move))
        won = bool(look["done"]) and look["reward"] == 1
        if won:
            done = Action(tool="finish")
            # The suite's own cover lies over a page that is done with.
            page = [replace(each, covered=False) for each in entries(look["entries"])]
            examples.append(_example(self._name, goal, page, told, done))
        return (examples if won else []), won


def _example(
    name: str, goal: str, page: Sequence[Entry], told: Sequence[str], action: Action
) -> Example:
    label = next((e.label for e in page if e.number == action.arguments.get("element")), "")
    lines = tuple(each.line for each in page)
    answer = encode(action, label)
    return Example(task=name, goal=goal, lines=lines, told=tuple(told), answer=answer)


def _wire(move: Action) -> list[object]:
    named = (move.arguments.get(name) for name in ("text", "option", "key", "direction"))
    text = next((value for value in named if value is not None), None)
    return [move.tool, move.arguments.get("element"), text]


async def collect(
    name: str, episodes: int, *, first: int = 0, most: int = MOST_EXAMPLES
) -> tuple[list[Example], int, int]:
    """Play at most `episodes` episodes of task `name`, from the training seed `first` on.

    It ends once there are `most` examples. Gives them, how many episodes were won, and how many
    were played.
    """
    won, played, rows, prepare = 0, 0, list[Example](), PREPARE.read_text()
    options = BrowserOptions(ignore=IGNORE, viewport=VIEWPORT)
    with serve() as address:
        async with Browser(options) as browser:
            collector = Collector(browser, name)
            for seed in TRAINING_SEEDS[first : first + episodes]:
                if len(rows) >= most:
                    break
                if played % EPISODES_A_PAGE == 0:
                    await browser.open(f"{address}/{name}.html")
                    await browser.page.wait_for_load_state("load")
                    await browser.page.evaluate(f"window.__goal = {GOAL}")
                    await browser.page.evaluate(prepare, IGNORE)
                played += 1
                try:
                    examples, success = await collector.play(
                        seed, wrong=WRONG_MOVES if seed % 2 else 0.0
                    )
                except NoMoveError:
                    continue
                won += success
                rows += examples
    return rows, won, played


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("training/work/demonstrations"))
    parser.add_argument("--episodes", type=int, default=2_250)
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--most", type=int, default=MOST_EXAMPLES, help="examples of a task")
    parser.add_argument("--tasks", nargs="*", default=list(TRAINED))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in arguments.tasks:
        out = arguments.out / f"{name}.jsonl"
        if out.exists():
            continue
        started = time.monotonic()
        examples, won, played = asyncio.run(
            collect(name, arguments.episodes, first=arguments.first, most=arguments.most)
        )
        write(out, examples)
        seconds = time.monotonic() - started
        print(
            f"{name:26s} won {won}/{played}  {len(examples)} examples  {seconds:.0f} s", flush=True
        )


if __name__ == "__main__":
    main()
