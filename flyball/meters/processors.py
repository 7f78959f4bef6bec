"""Watts per core of processors, for estimates: a table of families, and which one this is."""

from __future__ import annotations

import functools
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple


class Processor(NamedTuple):
    """A processor, or a family that is near enough for an estimate."""

    pattern: str
    """Regular expression that is searched for in the model's name, whatever the case."""
    watts: float
    """Rated power of the package."""
    cores: int
    """Physical cores."""
    origin: str
    """Where `watts` comes from: a key of ORIGINS."""

    @property
    def watts_per_core(self) -> float:
        return self.watts / self.cores


ORIGINS = {
    "intel": "thermal design power (base power) on Intel's specification pages",
    "amd": "default thermal design power on AMD's specification pages",
    "cloud": "made for one cloud, no public page: reported power, as in codecarbon's table",
    "guess": "no published rating: package power under load as reviewers report it, +-30 %",
    "config": "as the configuration says",
    "any": "Green Algorithms' figure for an unknown core (Lannelongue 2020): 12 W",
}

GENERIC = Processor("unknown processor", 12.0, 1, "any")

# The first match counts, so single models stand before their families. A family's figure is
# that of a model of middling size; per core, larger ones draw less and smaller ones more.
TABLE = (
    # Intel servers and clouds
    Processor(r"platinum 8175|platinum 8124", 240, 24, "cloud"),
    Processor(r"platinum 8259", 210, 24, "cloud"),
    Processor(r"platinum 8272", 195, 26, "cloud"),
    Processor(r"platinum 8370", 205, 32, "cloud"),
    Processor(r"platinum 8375", 300, 32, "cloud"),
    Processor(r"platinum 8171", 165, 26, "cloud"),
    Processor(r"E5-2686 v4", 145, 18, "cloud"),
    Processor(r"E5-2673 v4", 135, 20, "cloud"),
    Processor(r"xeon.*6[79]\d\dP", 350, 64, "intel"),
    Processor(r"platinum 85\d\d", 350, 64, "intel"),
    Processor(r"platinum 84\d\d", 350, 56, "intel"),
    Processor(r"platinum 83\d\d", 270, 40, "intel"),
    Processor(r"platinum 82\d\d", 205, 28, "intel"),
    Processor(r"platinum 81\d\d", 205, 28, "intel"),
    Processor(r"gold 64\d\d", 270, 32, "intel"),
    Processor(r"gold 63\d\d", 235, 28, "intel"),
    Processor(r"gold 6[12]\d\d", 150, 20, "intel"),
    Processor(r"gold 5\d\d\d", 125, 16, "intel"),
    Processor(r"silver 4\d\d\d", 85, 10, "intel"),
    Processor(r"E5-26\d\d v4", 120, 14, "intel"),
    Processor(r"E5-26\d\d v3", 120, 12, "intel"),
    Processor(r"E5-26\d\d", 115, 8, "intel"),
    Processor(r"E3-12\d\d|xeon.*E-2\d\d\d", 80, 4, "intel"),
    Processor(r"xeon", 205, 28, "intel"),
    # Intel desktops and laptops
    Processor(r"core.* ultra \d 2\d\dV", 17, 8, "intel"),
    Processor(r"core.* ultra \d 2\d\d[KF]", 125, 24, "intel"),
    Processor(r"core.* ultra \d \d\d\dU", 15, 12, "intel"),
    Processor(r"core.* ultra", 28, 16, "intel"),
    Processor(r"i9-1[34]\d00K", 125, 24, "intel"),
    Processor(r"i7-14\d00K", 125, 20, "intel"),
    Processor(r"i7-13\d00K|i9-12\d00K", 125, 16, "intel"),
    Processor(r"i5-1[34]\d00K", 125, 14, "intel"),
    Processor(r"i7-12\d00K", 125, 12, "intel"),
    Processor(r"i[3579]-1[234]\d\d\d?H", 45, 14, "intel"),
    Processor(r"i[3579]-1[234]\d\dP", 28, 12, "intel"),
    Processor(r"i[3579]-1[234]\d\dU", 15, 10, "intel"),
    Processor(r"i5-1[234]\d00", 65, 6, "intel"),
    Processor(r"i9-(9900|11\d00)K", 125, 8, "intel"),
    Processor(r"i9-10\d00K|i7-10700K", 125, 10, "intel"),
    Processor(r"i[3579]-\d{4,5}H", 45, 6, "intel"),
    Processor(r"i[3579]-11\d\dG", 28, 4, "intel"),
    Processor(r"i[357]-[4567]\d{3}U", 15, 2, "intel"),
    Processor(r"i[3579]-\d{4,5}[UYG]", 15, 4, "intel"),
    Processor(r"i[79]-[89]\d00", 95, 8, "intel"),
    Processor(r"i5-(8|9|10|11)\d00", 65, 6, "intel"),
    Processor(r"i[357]-[4567]\d\d\d", 84, 4, "intel"),
    Processor(r"intel.* N\d\d\d?\b", 6, 4, "intel"),
    # AMD servers
    Processor(r"EPYC 7B12|EPYC 7R32", 240, 64, "cloud"),
    Processor(r"EPYC 7R13", 225, 64, "cloud"),
    Processor(r"EPYC 9\d\d5", 360, 64, "amd"),
    Processor(r"EPYC 9[A-Z0-9]\d4", 290, 48, "amd"),
    Processor(r"EPYC 7[A-Z0-9]\d3", 225, 32, "amd"),
    Processor(r"EPYC 7[A-Z0-9]\d2", 200, 32, "amd"),
    Processor(r"EPYC 7[A-Z0-9]\d1", 170, 24, "amd"),
    Processor(r"EPYC", 280, 64, "amd"),
    # AMD desktops and laptops
    Processor(r"threadripper.* \d99\d", 280, 64, "amd"),
    Processor(r"threadripper", 280, 32, "amd"),
    Processor(r"ryzen ai", 28, 12, "amd"),
    Processor(r"ryzen \d (pro )?[234]\d{3}U", 15, 4, "amd"),
    Processor(r"ryzen \d (pro )?\d{4}U", 15, 8, "amd"),
    Processor(r"ryzen \d (pro )?\d{4}H", 45, 8, "amd"),
    Processor(r"ryzen 9 [79]9\d\dX", 170, 16, "amd"),
    Processor(r"ryzen 9", 105, 16, "amd"),
    Processor(r"ryzen 7 (pro )?\d{4}X", 105, 8, "amd"),
    Processor(r"ryzen 7", 65, 8, "amd"),
    Processor(r"ryzen [35]", 65, 6, "amd"),
    # Apple silicon: Apple publishes the power of whole machines only
    Processor(r"apple M\d ultra", 72, 24, "guess"),
    Processor(r"apple M[34] max", 56, 16, "guess"),
    Processor(r"apple M[12] (max|pro)", 34, 10, "guess"),
    Processor(r"apple M[3456] pro", 40, 12, "guess"),
    Processor(r"apple M[456]", 25, 10, "guess"),
    Processor(r"apple M\d", 20, 8, "guess"),
    # Arm: Linux gives part numbers, which stand for Neoverse N1, V1 and V2, and Cortex-A
    Processor(r"graviton2|neoverse-n1|arm part 0xd0c", 110, 64, "guess"),
    Processor(r"graviton3|neoverse-v1|arm part 0xd40", 110, 64, "guess"),
    Processor(r"graviton4|neoverse-v2|arm part 0xd4f", 150, 96, "guess"),
    Processor(r"ampere|arm part 0xac3", 250, 128, "guess"),
    Processor(r"raspberry pi 5|arm part 0xd0b", 8, 4, "guess"),
    Processor(r"raspberry pi 4|raspberry pi 400|arm part 0xd08", 5, 4, "guess"),
    Processor(r"raspberry pi|arm part 0xd03", 4, 4, "guess"),
)


def find_processor(name: str) -> Processor:
    """The entry of the table that fits a model's name, or the generic core."""
    fits = (each for each in TABLE if re.search(each.pattern, name, re.IGNORECASE))
    return next(fits, GENERIC)


@functools.cache
def this_processor() -> Processor:
    return find_processor(processor_name())


def processor_name(root: Path = Path("/")) -> str:
    """What this machine calls its processor; on Arm boards, the board or the part number."""
    if sys.platform == "darwin":
        return _output("sysctl", "-n", "machdep.cpu.brand_string")
    board, info = root / "proc/device-tree/model", root / "proc/cpuinfo"
    if board.exists():
        return board.read_text(errors="replace").strip("\0\n ")
    facts = _facts(info.read_text(errors="replace")) if info.exists() else {}
    if model := facts.get("model name"):
        return model
    if part := facts.get("CPU part"):
        return f"Arm part {part}"
    return platform.processor()


def _facts(cpuinfo: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in cpuinfo.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=5)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
