"""What an audit of many runs takes, and its intervals by plain draws and as they are drawn now."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from statistics import median

from benchmarks.ledger import SPEND, a_run, a_step
from flyball.audit import RunFigure, figures, report
from flyball.audit.report import KEYS, interval_of_median, success_interval, units
from flyball.bench.intervals import bootstrap
from flyball.ledger import By, Ledger
from flyball.records import Energy, Run, Step


def written(number: int, draw: random.Random) -> tuple[Run, Sequence[Step]]:
    spends = [replace(SPEND, energy=Energy(estimated_j=draw.lognormvariate(1, 0.7)))] * 5
    steps = [replace(a_step(at), policy_spend=spend) for at, spend in enumerate(spends)]
    return a_run(number), steps


def seconds(work: Callable[[], object]) -> float:
    """Of this process's CPU: a machine that is busy with other things does not count."""
    began = time.process_time()
    work()
    return time.process_time() - began


def plainly(mine: Sequence[RunFigure]) -> None:
    """The intervals of a row by drawing units one by one, a thousand times."""
    drawn = units(mine)
    sums = [(sum(r.joules or 0 for r in u), sum(r.success is True for r in u)) for u in drawn]
    joules = [[r.joules or 0.0 for r in u] for u in drawn]
    bootstrap(sums, lambda d: sum(j for j, _ in d) / max(sum(n for _, n in d), 1))
    bootstrap(joules, lambda d: median(chain.from_iterable(d)))


def now(mine: Sequence[RunFigure]) -> None:
    success_interval(mine)
    interval_of_median(mine)


def each_group(
    told: Sequence[RunFigure], by: By, work: Callable[[Sequence[RunFigure]], None]
) -> None:
    groups = dict[str, list[RunFigure]]()
    for run in told:
        groups.setdefault(KEYS[by](run), []).append(run)
    for mine in (*groups.values(), told):
        work(mine)


def main(runs: int = 5000) -> None:
    draw = random.Random(1)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "l.db"
        with Ledger(path) as ledger:
            ledger.add([written(number, draw) for number in range(runs)])
            all_runs = ledger.runs()
            told = figures(ledger, all_runs)
            print(f"{runs} runs; seconds of CPU")
            for by in KEYS:
                before = seconds(lambda by=by: each_group(told, by, plainly))  # type: ignore[misc]
                after = seconds(lambda by=by: each_group(told, by, now))  # type: ignore[misc]
                whole = seconds(lambda by=by: report(ledger, all_runs, by))  # type: ignore[misc]
                print(
                    f"by {by:6} intervals by plain draws {before:6.2f}, now {after:6.2f}"
                    f" ({before / after:4.0f} times); the whole report {whole:5.2f}"
                )
        command = [sys.executable, "-m", "flyball.cli", "audit", "--ledger", str(path)]
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        print(f"flyball audit, from the prompt to the end: {time.perf_counter() - began:.2f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
