"""Play the suite live with a bundled policy, and write its report and its model card."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from flyball.bench.intervals import wilson
from flyball.bench.miniwob import TRAINED, UNTRAINED
from flyball.bench.report import outcome_of
from flyball.bench.runner import Plan, perform
from flyball.bench.suites import EVALUATION_SEEDS, Suite, load_suite, pairs_of, split_of
from flyball.cli.scores import Scoreboard
from flyball.config import Config
from flyball.ledger import MEMORY, Ledger
from flyball.models import bundled_path
from flyball.records import Run
from training.card import card

REPORTS = Path(__file__).parent / "reports"


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one task's episodes came to: success is a raw reward of 1."""

    suite: str = "web"
    split: str
    policy: str
    task: str
    metric: str = "success"
    value: float
    low: float
    high: float
    n: int
    endings: dict[str, int]
    """How the episodes that were lost ended."""
    max_steps: int
    steps: float
    """Mean steps of an episode."""
    decision_ms: float
    """Median over episodes of their median decision."""


def evaluate(policy: str, tasks: Sequence[str], episodes: int) -> list[Row]:
    """Play the first evaluation seeds of `tasks`, one episode at a time."""
    suite = load_suite("web")
    pairs = pairs_of(tasks, EVALUATION_SEEDS[:episodes])
    with Ledger(MEMORY) as ledger:
        with Scoreboard() as board:
            plan = Plan(suite=suite, policy=policy, pairs=pairs)
            runs = asyncio.run(perform(plan, Config(), ledger, board))
        ended = [run for run in runs if run.score is not None]
        return [
            _row(suite, [run for run in ended if run.task.id == task], ledger) for task in tasks
        ]


def _row(suite: Suite, runs: Sequence[Run], ledger: Ledger) -> Row:
    outcomes = [outcome_of(run, ledger) for run in runs]
    won = sum(outcome.won for outcome in outcomes)
    low, high = wilson(won, len(runs))
    task = runs[0].task.id
    return Row(
        split=split_of(suite, task),
        policy=runs[0].policy,
        task=task,
        value=won / len(runs),
        low=low,
        high=high,
        n=len(runs),
        endings=dict(Counter(run.ended_by for run in runs if not run.success)),
        max_steps=suite.max_steps(task),
        steps=sum(outcome.steps for outcome in outcomes) / len(runs),
        decision_ms=median(outcome.decision_ms or 0.0 for outcome in outcomes),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("policy", help="bundled/small")
    parser.add_argument("--episodes", type=int, default=30)
    parser.add_argument("--tasks", nargs="*", default=[*TRAINED, *UNTRAINED])
    parser.add_argument("--out", type=Path, default=REPORTS)
    arguments = parser.parse_args()
    rows = [asdict(r) for r in evaluate(arguments.policy, arguments.tasks, arguments.episodes)]
    name = arguments.policy.removeprefix("bundled/")
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / f"{name}.json").write_text(json.dumps(rows, indent=1) + "\n")
    if arguments.out == REPORTS:
        bundled_path(name).with_suffix(".md").write_text(card(name))


if __name__ == "__main__":
    main()
