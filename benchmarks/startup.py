"""How long `import flyball` and `flyball --help` take, in fresh processes.

Aims: 60 ms beyond what Python itself takes to start, for the supervisor as well, and 300 ms in all.
The time on the processor is told too: that of the clock counts whatever else the machine does.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

COMMANDS = {
    "python": [sys.executable, "-c", "pass"],
    "import flyball": [sys.executable, "-c", "import flyball"],
    "from flyball import Supervisor": [sys.executable, "-c", "from flyball import Supervisor"],
    "flyball --help": [sys.executable, "-m", "flyball.cli", "--help"],
}


OWN = ("import flyball", "from flyball import Supervisor")


def milliseconds(command: Sequence[str]) -> tuple[float, float]:
    """What a process takes, by the clock and on the processor."""
    before, started = _on_processor(), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return 1_000 * (time.perf_counter() - started), 1_000 * (_on_processor() - before)


def _on_processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(rounds: int) -> dict[str, float]:
    """Median milliseconds of each command; the rounds alternate between them."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for _ in range(rounds + 1):
        for name, command in COMMANDS.items():
            taken[name].append(milliseconds(command))
    found = {}
    for place, kind in enumerate(("", ", processor")):
        # The first round fills the file cache.
        medians = {
            name: statistics.median(each[place] for each in times[1:])
            for name, times in taken.items()
        }
        medians |= {f"{name}, beyond python": medians[name] - medians["python"] for name in OWN}
        found |= {f"{name}{kind}": median for name, median in medians.items()}
    return found


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
        print(f"{name:58s} {figure:7.1f} ms")


if __name__ == "__main__":
    main()
