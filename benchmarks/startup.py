"""How long `import flyball` and `flyball --help` take, in fresh processes.

Aims: 60 ms beyond what Python itself takes to start, and 300 ms in all.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

COMMANDS = {
    "python": [sys.executable, "-c", "pass"],
    "import flyball": [sys.executable, "-c", "import flyball"],
    "flyball --help": [sys.executable, "-m", "flyball.cli", "--help"],
}


def milliseconds(command: Sequence[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return 1_000 * (time.perf_counter() - started)


def measure(rounds: int) -> dict[str, float]:
    """Median milliseconds of each command; the rounds alternate between them."""
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(rounds + 1):
        for name, command in COMMANDS.items():
            taken[name].append(milliseconds(command))
    # The first round fills the file cache.
    medians = {name: statistics.median(times[1:]) for name, times in taken.items()}
    own = medians["import flyball"] - medians["python"]
    return {**medians, "import flyball, beyond python": own}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure(arguments.rounds)
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, figure in figures.items():
        print(f"{name:32s} {figure:7.1f} ms")


if __name__ == "__main__":
    main()
