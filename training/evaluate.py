"""Play the suites live with a bundled policy alone, and write its report and its model card.

Nothing supervises it but the budget of steps, so that it fails as it naturally does.

What was played is kept in `training/work/NAME.db`, so that the same command goes on where it was
interrupted. With several workers energy cannot be put down to an episode: it is then measured
apart, one episode a task with one worker.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from flyball.bench.collecting import unsupervised
from flyball.bench.report import Row, make_rows
from flyball.bench.runner import Plan, perform
from flyball.bench.suites import EVALUATION_SEEDS, SUITES, Suite, load_suite, pairs_of
from flyball.cli.scores import Scoreboard
from flyball.config import Config
from flyball.errors import ConfigError, FlyballError
from flyball.ledger import Ledger
from flyball.models import bundled_path
from training.card import card

REPORTS = Path(__file__).parent / "reports"
WORK = Path(__file__).parent / "work"
ENERGY_EPISODES = 1


def evaluate(
    policy: str, tasks: Sequence[str], episodes: int, *, workers: int, ledger: Path
) -> list[Row]:
    """Play the first evaluation seeds of `tasks`, of whichever suites they are.

    Gives the rows of `flyball bench run`. Raises `ConfigError` for a task that no suite has.
    """
    rows: list[Row] = []
    ledger.parent.mkdir(parents=True, exist_ok=True)
    for suite, mine in _by_suite(tasks):
        rows += _played(policy, suite, mine, episodes, workers, ledger)
        if workers > 1:
            apart = ledger.with_name(f"{ledger.stem}-energy{ledger.suffix}")
            measured = _played(policy, suite, mine, ENERGY_EPISODES, 1, apart)
            rows = _with_energy(rows, measured)
    return rows


def _played(
    policy: str, suite: Suite, tasks: Sequence[str], episodes: int, workers: int, path: Path
) -> list[Row]:
    pairs = pairs_of(tasks, EVALUATION_SEEDS[:episodes])
    plan = Plan(suite=suite, policy=policy, pairs=pairs, workers=workers)
    with Ledger(path) as ledger:
        with Scoreboard() as board:
            runs = asyncio.run(perform(plan, unsupervised(Config()), ledger, board))
        return make_rows(suite, runs, ledger)


def _by_suite(tasks: Sequence[str]) -> list[tuple[Suite, list[str]]]:
    suites = [load_suite(name) for name in SUITES]
    known = {suite.name: (*suite.trained, *suite.untrained) for suite in suites}
    for task in tasks:
        if not any(task in names for names in known.values()):
            raise ConfigError(f"no suite has a task {task!r}; flyball bench list names them")
    split = [(suite, [task for task in tasks if task in known[suite.name]]) for suite in suites]
    return [(suite, mine) for suite, mine in split if mine]


def _with_energy(rows: list[Row], measured: list[Row]) -> list[Row]:
    """Put the energy that was measured apart in place of the one that is unknown."""
    found = {_key(row): row for row in measured if "joules" in row["metric"]}
    return [found.get(_key(row), row) for row in rows]


def _key(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in ("suite", "split", "task", "metric"))


def _every_task(names: Sequence[str]) -> list[str]:
    suites = (load_suite(name) for name in names)
    return [task for suite in suites for task in (*suite.trained, *suite.untrained)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("policy", help="bundled/small")
    parser.add_argument("--episodes", type=int, default=30)
    parser.add_argument("--suites", nargs="*", choices=list(SUITES), default=list(SUITES))
    parser.add_argument("--tasks", nargs="*", help="in place of all tasks of the suites")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--ledger", type=Path)
    parser.add_argument("--out", type=Path, default=REPORTS)
    arguments = parser.parse_args()
    name = arguments.policy.removeprefix("bundled/")
    try:
        rows = evaluate(
            arguments.policy,
            arguments.tasks or _every_task(arguments.suites),
            arguments.episodes,
            workers=arguments.workers,
            ledger=arguments.ledger or WORK / f"{name}.db",
        )
    except FlyballError as error:
        sys.exit(f"training.evaluate: {error}")
    arguments.out.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(row) for row in rows)
    (arguments.out / f"{name}.json").write_text(f"[\n{lines}\n]\n")
    if arguments.out == REPORTS:
        bundled_path(name).with_suffix(".md").write_text(card(name))


if __name__ == "__main__":
    main()
