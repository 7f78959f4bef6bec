"""Time what Flyball adds to a step: an append, a meter's reading, a review; and an audit.

python benchmarks/ledger.py [RUNS] [STEPS_PER_RUN]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import get_args

from flyball import Action, Budget, Energy, Observation, Run, Spend, Step, Task, Trajectory, Usage
from flyball.ledger import By, Ledger, audit
from flyball.meters import EstimateMeter, NoMeter, detect
from flyball.monitors import LiteLLMStall, OpenHandsStuck, OverBudget, Repeats, Strictest, review
from flyball.roles import Meter

START = datetime(2026, 1, 1, tzinfo=UTC)
SPEND = Spend(
    seconds=0.2,
    usage=Usage(requests=1, input_tokens=900, output_tokens=20, cost_usd=Decimal("0.00001")),
    energy=Energy(estimated_j=3.0),
)


def a_step(index: int) -> Step:
    """A step of a common size: a page of 1,500 characters, 20 tokens with log-probabilities."""
    return Step(
        index=index,
        policy="small",
        observation=Observation(source="browser", text=f"{index} " + "x" * 1500),
        action=Action(
            tool="click", arguments={"id": index}, logprobs=(-0.1,) * 20, entropies=(0.2,) * 20
        ),
        policy_spend=SPEND,
        monitor_spend=SPEND,
        tool_spend=SPEND,
    )


def a_run(number: int) -> Run:
    return Run(
        id=f"{number:032x}",
        task=Task(id=f"task-{number % 100}", prompt="p", suite=f"suite-{number % 5}"),
        agent="web",
        policy="small",
        status="finished",
        score=float(number % 3 == 0),
        started_at=START + timedelta(minutes=number * 10),
    )


def timed(work: Callable[[], object]) -> float:
    """Milliseconds that `work` takes."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def show(what: str, times_ms: list[float]) -> None:
    times_ms.sort()
    last = times_ms[int(len(times_ms) * 0.99)]
    print(f"{what:28} median {statistics.median(times_ms):8.3f} ms   p99 {last:8.3f} ms")


def appends(ledger: Ledger, runs: int, steps: int) -> list[float]:
    times = []
    for number in range(runs):
        run = a_run(number)
        ledger.save(run)
        for index in range(steps):
            step = a_step(index)
            times.append(timed(partial(ledger.append, run.id, step)))
    return times


def reviews(steps: int) -> list[float]:
    budget = Budget(steps=10**6, seconds=1e9, joules=1e9)
    trajectory = Trajectory(task=Task(id="t", prompt="p", budget=budget))
    monitors = (OverBudget(), OpenHandsStuck(), LiteLLMStall(policy="large"), Repeats())
    times = []
    for index in range(steps):
        started = time.perf_counter()
        trajectory = review(trajectory.then(a_step(index)), monitors, Strictest())
        times.append((time.perf_counter() - started) * 1000)
    return times


def main(runs: int = 1000, steps: int = 5) -> None:
    meters: dict[str, Meter] = {"none": NoMeter(), "estimate": EstimateMeter(), "auto": detect()}
    for name, meter in meters.items():
        show(f"read meter {name}", [timed(meter.read) for _ in range(2000)])
    show("review, 200 steps", reviews(200))
    with tempfile.TemporaryDirectory() as directory, Ledger(Path(directory) / "l.db") as ledger:
        show(f"append, {runs} x {steps} steps", appends(ledger, runs, steps))
        for by in get_args(By):
            print(f"audit by {by:19} {timed(partial(audit, ledger, by)):15.1f} ms")
        print(f"{'newest 50 runs':28} {timed(lambda: ledger.runs(limit=50)):15.1f} ms")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
