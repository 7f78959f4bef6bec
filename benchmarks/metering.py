"""What metering costs: a window in the foreground, and a second in the background.

Aims: under 0.2 ms a window, under 1 % of one core in the background. `--peers PYTHON` names an
interpreter that has codecarbon and zeus, which are asked for the same in the same run: they are
nobody's dependencies here.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from flyball.agents import open_meter
from flyball.config import Config
from flyball.meters import Attributed, RaplMeter, Sampled, Stopwatch
from flyball.roles import Meter

# Spoken by the peers' own interpreter, which has no flyball.
PEERS = """
import json, logging, statistics, sys, time, warnings
warnings.simplefilter("ignore"); logging.disable(logging.CRITICAL)
windows, seconds = int(sys.argv[1]), float(sys.argv[2])

def codecarbon():
    from codecarbon import OfflineEmissionsTracker
    def make():
        return OfflineEmissionsTracker(
            country_iso_code="DEU", save_to_file=False, log_level="critical",
            allow_multiple_runs=True, measure_power_secs=1)
    tracker = make()
    def window():
        tracker.start_task("w"); tracker.stop_task("w")
    def background():
        running = make(); running.start()
        before = time.process_time(); time.sleep(seconds)
        used = time.process_time() - before
        running.stop(); return used
    return window, background, lambda: tracker._conf.get("cpu_model", "") + ", estimated"

def zeus():
    from zeus.monitor import ZeusMonitor
    monitor = ZeusMonitor(gpu_indices=[], approx_instant_energy=False)
    def window():
        monitor.begin_window("w"); monitor.end_window("w")
    def background():
        before = time.process_time(); time.sleep(seconds)
        return time.process_time() - before
    cpus = len(monitor.cpus.cpus) if getattr(monitor, "cpus", None) else 0
    return window, background, lambda: f"{cpus} CPUs and {len(monitor.gpu_indices)} GPUs"

told = {}
for name, make in (("codecarbon", codecarbon), ("zeus", zeus)):
    try:
        window, background, reads = make()
        window()
        times = []
        for _ in range(windows):
            began = time.perf_counter(); window()
            times.append(1000 * (time.perf_counter() - began))
        told[name] = {"median_ms": statistics.median(times), "windows": len(times),
                      "reads": reads(), "background_percent": 100 * background() / seconds}
    except Exception as error:
        told[name] = {"error": f"{type(error).__name__}: {error}"[:200]}
print(json.dumps(told))
"""


def window_ms(meter: Meter, windows: int) -> list[float]:
    times = []
    for _ in range(windows):
        began = time.perf_counter()
        with Stopwatch(meter):
            pass
        times.append(1000 * (time.perf_counter() - began))
    return times


def background_percent(
    open_it: Callable[[], AbstractContextManager[Meter]], seconds: float
) -> float:
    """CPU time of this process while nothing but the sampling thread runs, of one core."""
    with open_it():
        before = time.process_time()
        time.sleep(seconds)
        return 100 * (time.process_time() - before) / seconds


def constructed(root: Path) -> RaplMeter:
    """Two packages with memory, as files: what reading costs, not what they say."""
    for place, name in enumerate(("package-0", "package-1")):
        for path, title in ((f"intel-rapl:{place}", name), (f"intel-rapl:{place}:0", "dram")):
            zone = root / path
            zone.mkdir()
            (zone / "name").write_text(title)
            (zone / "max_energy_range_uj").write_text("262143328850")
            (zone / "energy_uj").write_text("1000000")
    return RaplMeter(root)


def ours(windows: int, seconds: float) -> dict[str, dict[str, float]]:
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        rapl = constructed(root)
        kinds: dict[str, Callable[[], Sampled]] = {
            "this machine's meter": lambda: _sampled(open_meter(Config())),
            "four RAPL counters, attributed": lambda: Sampled(Attributed(rapl, idle_watts=10.0)),
        }
        for name, open_it in kinds.items():
            with open_it() as meter:
                times = window_ms(meter, windows)
            figures[name] = {
                "median_ms": statistics.median(times),
                "p90_ms": sorted(times)[int(0.9 * (len(times) - 1))],
                "windows": len(times),
                "background_percent": background_percent(open_it, seconds),
            }
    return figures


def _sampled(meter: Meter) -> Sampled:
    assert isinstance(meter, Sampled)
    return meter


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--peers", help="An interpreter that has codecarbon and zeus.")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures: dict[str, dict[str, float | str]] = {**ours(arguments.windows, arguments.seconds)}
    if arguments.peers:
        few = str(min(arguments.windows, 50))
        command = [arguments.peers, "-c", PEERS, few, str(arguments.seconds)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        figures |= json.loads(done.stdout.splitlines()[-1])
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, row in figures.items():
        if "error" in row:
            print(f"{name:32s} does not run here: {row['error']}")
            continue
        print(
            f"{name:32s} median {float(row['median_ms']):8.3f} ms a window,"
            f" {float(row['background_percent']):5.2f} % of a core in the background"
            f"{'; it reads ' + str(row['reads']) if 'reads' in row else ''}"
        )


if __name__ == "__main__":
    main()
