"""Flyball's own time a step: all of it but the model's and the tool's. Aim: a median under 5 ms.

Measured on the loop as it is used (LangGraph, the default monitors, this machine's meter, a
ledger on disk), around a policy and a tool that take no time; and around the bundled policy in
Chromium, where the machine is busy with other things as well.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from flyball import Action, Budget, Observation, Step, Task
from flyball.agents import Crew, assemble, attempt, new_run, open_meter
from flyball.bench.demo import demo_plan
from flyball.bench.runner import Nobody, perform
from flyball.bench.suites import Pair
from flyball.config import Config
from flyball.ledger import Ledger
from flyball.testing import EchoTool, ScriptedPolicy


class Overhead:
    """Notes, for each step, the time since the last that was neither model nor tool."""

    def __init__(self) -> None:
        self.milliseconds: list[float] = []
        self._last: float | None = None

    def begin(self) -> None:
        self._last = None

    def __call__(self, step: Step) -> None:
        now = time.perf_counter()
        if self._last is not None:
            others = step.policy_spend.seconds + step.tool_spend.seconds
            self.milliseconds.append(1_000 * (now - self._last - others))
        self._last = now


async def scripted(steps: int, ledger: Ledger) -> list[float]:
    actions = [Action(tool="echo", arguments={"text": str(i)}) for i in range(steps)]
    actions.append(Action(tool="finish"))
    overhead, config = Overhead(), Config()
    crew = assemble(
        config, {"p": ScriptedPolicy(actions)}, {"echo": EchoTool()}, meter=open_meter(config)
    )
    task = Task(id="overhead", prompt="go", budget=Budget(steps=10 * steps))
    await _run(task, crew, ledger, overhead)
    return overhead.milliseconds


async def _run(task: Task, crew: Crew, ledger: Ledger, overhead: Overhead) -> None:
    run = new_run(task, crew, agent="benchmark", policy="p")
    seen = Observation(source="task", text="\n".join(f'button "b{i}" {i}' for i in range(40)))
    await attempt(run, replace(crew, sink=overhead), ledger, observation=seen)


class RealOverhead(Nobody):
    """The same, for episodes one after the other: what lies between two is not a step's."""

    def __init__(self) -> None:
        self.steps = Overhead()

    def stepped(self, pair: Pair, step: Step) -> None:
        if step.index == 0:
            self.steps.begin()
        self.steps(step)


async def real(ledger: Ledger) -> list[float]:
    overhead, config = RealOverhead(), Config()
    await perform(demo_plan(config.run.policy), config, ledger, overhead)
    return overhead.steps.milliseconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder) / "ledger.db") as ledger:
        taken = {
            "scripted": asyncio.run(scripted(arguments.steps, ledger)),
            "bundled policy in Chromium": asyncio.run(real(ledger)),
        }
    figures = {
        name: {"steps": len(times), "median_ms": statistics.median(times), "p90_ms": p90(times)}
        for name, times in taken.items()
    }
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, row in figures.items():
        print(f"{name:28s} median {row['median_ms']:.2f} ms, p90 {row['p90_ms']:.2f} ms a step")


def p90(times: list[float]) -> float:
    return sorted(times)[int(0.9 * (len(times) - 1))]


if __name__ == "__main__":
    main()
