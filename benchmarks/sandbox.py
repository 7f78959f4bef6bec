"""What the sandbox adds to a command: the same command with and without, by turns.

Aim: less than 30 ms at the median.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
from pathlib import Path
from time import perf_counter

from flyball.tools.sandbox import Bare, Job, Sandbox, open_sandbox, run_job

COMMANDS = {
    "true": ("true",),
    "bash": ("bash", "-c", "echo hi"),
    "python": ("python3", "-I", "-c", "pass"),
}
PATHS = {"PATH": "/usr/local/bin:/usr/bin:/bin"}


async def milliseconds(sandbox: Sandbox, tree: Path, command: tuple[str, ...]) -> float:
    job = Job(command=command, tree=tree, environment=PATHS)
    began = perf_counter()
    ran = await run_job(sandbox, job)
    assert ran.ok, ran
    return 1_000 * (perf_counter() - began)


async def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Medians in milliseconds, of each command bare, sandboxed, and of what is between them."""
    bare, sandbox = Bare(), open_sandbox()
    figures: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for name, command in COMMANDS.items():
            pairs = [
                (
                    await milliseconds(bare, tree, command),
                    await milliseconds(sandbox, tree, command),
                )
                for _ in range(rounds + 1)
            ][1:]  # the first fills the file cache
            figures[name] = {
                "without": statistics.median(pair[0] for pair in pairs),
                "with": statistics.median(pair[1] for pair in pairs),
                "added": statistics.median(pair[1] - pair[0] for pair in pairs),
            }
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = asyncio.run(measure(arguments.rounds))
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, figure in figures.items():
        told = "  ".join(f"{key} {value:6.1f} ms" for key, value in figure.items())
        print(f"{name:8s} {told}")


if __name__ == "__main__":
    main()
