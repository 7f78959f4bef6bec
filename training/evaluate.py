"""Play the suite live with a bundled policy, and write its report and its model card."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from flyball.bench.demo import EVALUATION_SEEDS, Scene, open_stage
from flyball.bench.intervals import wilson
from flyball.bench.miniwob import TRAINED, UNTRAINED
from flyball.config import Config
from flyball.ledger import MEMORY, Ledger
from flyball.models import bundled_path
from flyball.records import Run, Step
from training.card import card

REPORTS = Path(__file__).parent / "reports"


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one task's episodes came to: success is a raw reward of 1."""

    suite: str = "miniwob"
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
    steps: float
    """Mean steps of an episode."""
    decision_ms: float
    """Median time of a decision."""


class Evaluation:
    """Plays episodes, and keeps the steps of the task that is being played."""

    def __init__(self, policy: str, episodes: int) -> None:
        self.policy = policy
        self.episodes = episodes

    async def play(self, tasks: Sequence[str]) -> list[Row]:
        rows = []
        async with open_stage(Config(), policy=self.policy) as stage:
            for task in tasks:
                steps: list[Step] = []
                with Ledger(MEMORY) as ledger:
                    runs = [
                        await stage.play(Scene(task, seed), ledger, steps.append)
                        for seed in EVALUATION_SEEDS[: self.episodes]
                    ]
                rows.append(self.row(task, runs, steps))
                print(f"{task:26s} {rows[-1].value:6.1%}  {rows[-1].endings}", flush=True)
        return rows

    def row(self, task: str, runs: Sequence[Run], steps: Sequence[Step]) -> Row:
        won = sum(run.success is True for run in runs)
        low, high = wilson(won, len(runs))
        times = sorted(step.policy_spend.seconds for step in steps)
        return Row(
            split="untrained" if task in UNTRAINED else "trained",
            policy=self.policy,
            task=task,
            value=won / len(runs),
            low=low,
            high=high,
            n=len(runs),
            endings=dict(Counter(run.ended_by for run in runs if not run.success)),
            steps=len(steps) / len(runs),
            decision_ms=1_000 * times[len(times) // 2],
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("policy", help="bundled/small")
    parser.add_argument("--episodes", type=int, default=30)
    parser.add_argument("--tasks", nargs="*", default=[*TRAINED, *UNTRAINED])
    parser.add_argument("--out", type=Path, default=REPORTS)
    arguments = parser.parse_args()
    evaluation = Evaluation(arguments.policy, arguments.episodes)
    rows = [asdict(row) for row in asyncio.run(evaluation.play(arguments.tasks))]
    name = arguments.policy.removeprefix("bundled/")
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / f"{name}.json").write_text(json.dumps(rows, indent=1) + "\n")
    if arguments.out == REPORTS:
        bundled_path(name).with_suffix(".md").write_text(card(name))


if __name__ == "__main__":
    main()
