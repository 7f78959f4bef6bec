"""How quick the screen is on a large ledger, and what it costs to follow a run with it.

python -m benchmarks.screen [--runs 20000] [--steps 50] [--keep FILE]

Makes a ledger, opens `flyball tui` on it in a terminal of its own, and prints the time from the
start of the process to the first frame with runs in it, the time from a key to the screen, and the
share of a core that following a run of 5 steps a second takes. Aims: 700 ms, 50 ms, 2 %.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import select
import statistics
import struct
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from benchmarks.ledger import a_run, a_step
from flyball import Verdict
from flyball.ledger import Ledger
from flyball.records import Run, Step

ROUNDS = 7
QUIET_SECONDS = 0.25
FOLLOWED_SECONDS = 30.0
STEPS_PER_SECOND = 5.0
KEYS = {"down": b"\x1b[B", "page down": b"\x1b[6~", "end": b"\x1b[F", "a letter": b"f"}


def make_ledger(path: Path, runs: int, steps: int) -> None:
    """Many runs of the same common steps, written as the ledger writes them."""
    common = [a_step(index) for index in range(steps)]
    with Ledger(path) as ledger:
        for first in range(0, runs, 500):
            numbers = range(first, min(first + 500, runs))
            ledger.add((a_run(number), common) for number in numbers)


class Terminal:
    """A program in a terminal of 160 by 48."""

    def __init__(self, words: Iterable[str]) -> None:
        self.began = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 48, 160, 0, 0))
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
            os.execv(sys.executable, [sys.executable, "-m", "flyball.cli", *words])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 48, 160, 0, 0))
        self.seen = b""

    def read(self, seconds: float) -> bytes:
        """What it writes next; nothing if it writes nothing for so long."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return b""
        try:
            new = os.read(self.fd, 1 << 16)
        except OSError:
            return b""
        self.seen += new
        return new

    def until(self, words: bytes, seconds: float = 60.0) -> float:
        """Seconds from the start until it has written `words`."""
        end = time.perf_counter() + seconds
        while words not in self.seen:
            if time.perf_counter() > end:
                raise TimeoutError(f"{words!r} was never shown")
            self.read(0.1)
        return time.perf_counter() - self.began

    def settle(self) -> None:
        while self.read(QUIET_SECONDS):
            pass

    def press(self, key: bytes) -> float:
        """Milliseconds from a key until something is drawn."""
        self.settle()
        began = time.perf_counter()
        os.write(self.fd, key)
        if not self.read(5.0):
            raise TimeoutError("nothing was drawn")
        return (time.perf_counter() - began) * 1000

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        os.write(self.fd, b"\x11")
        os.kill(self.pid, 15)
        while self.read(1.0):
            pass
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def first_paint(path: Path) -> tuple[float, float]:
    """Milliseconds to the first frame with runs in it: by the clock, and of processor time."""
    terminal = Terminal(["tui", "--ledger", str(path)])
    shown = terminal.until(b"task-") * 1000
    taken = terminal.cpu_seconds() * 1000
    terminal.settle()
    terminal.end()
    return shown, taken


def keys(path: Path) -> dict[str, list[float]]:
    terminal = Terminal(["tui", "--ledger", str(path)])
    terminal.until(b"runs")
    time.sleep(2)
    times: dict[str, list[float]] = {name: [] for name in KEYS}
    for name, key in KEYS.items():
        if name == "a letter":
            terminal.press(b"/")
        for _ in range(ROUNDS):
            if name == "end":
                terminal.press(b"\x1b[H")
            times[name].append(terminal.press(key))
    terminal.end()
    return times


def scored(index: int) -> Step:
    verdicts = [Verdict(monitor=name, score=0.3, threshold=0.8) for name in ("will_fail", "stuck")]
    return replace(a_step(index), verdicts=(Verdict(monitor="over_budget"), *verdicts))


def write_live(ledger: Ledger, run: Run, stop: threading.Event) -> None:
    index = 0
    while not stop.wait(1 / STEPS_PER_SECOND):
        ledger.append(run.id, scored(index))
        index += 1


def following(path: Path, seconds: float) -> float:
    """The share of a core that following takes, start-up left out."""
    run = replace(a_run(10**6), status="running", score=None)
    with Ledger(path) as ledger:
        ledger.save(run)
        stop = threading.Event()
        writer = threading.Thread(target=write_live, args=(ledger, run, stop))
        writer.start()
        terminal = Terminal(["tui", "--ledger", str(path)])
        terminal.until(b"task-")
        terminal.press(b"2")
        end = time.perf_counter() + 8
        while time.perf_counter() < end:
            terminal.read(0.1)
        before, began = terminal.cpu_seconds(), time.perf_counter()
        while time.perf_counter() - began < seconds:
            terminal.read(0.1)
        share = (terminal.cpu_seconds() - before) / (time.perf_counter() - began)
        terminal.end()
        stop.set()
        writer.join()
        ledger.delete(run.id)
    return share


def measure(path: Path, seconds: float) -> dict[str, float]:
    paints = [first_paint(path) for _ in range(ROUNDS)]
    figures = {
        "first paint, ms": statistics.median(clock for clock, _ in paints),
        "first paint, best ms": min(clock for clock, _ in paints),
        "first paint, ms of processor": statistics.median(taken for _, taken in paints),
    }
    for name, times in keys(path).items():
        figures[f"key to screen, {name}, ms"] = statistics.median(times)
    figures["following, % of a core"] = 100 * following(path, seconds)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=FOLLOWED_SECONDS)
    parser.add_argument("--keep", type=Path, help="Make the ledger here, or take the one there.")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.keep or Path(folder) / "ledger.db"
        if not path.exists():
            print(f"making {given.runs:,} runs and {given.runs * given.steps:,} steps ...")
            make_ledger(path, given.runs, given.steps)
        figures = measure(path, given.seconds)
    if given.json:
        print(json.dumps(figures))
        return
    for name, figure in figures.items():
        print(f"{name:36s} {figure:8.1f}")


if __name__ == "__main__":
    main()
