"""Read the power rails of NVIDIA Jetson boards, and add them up over time.

Source: the kernel's Documentation/hwmon/ina3221.rst: `in[123]_input` in mV, `curr[123]_input` in
mA, `in[123]_label` the rail's name.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from flyball.meters.integral import Integral
from flyball.meters.rapl import explain
from flyball.meters.source import Source
from flyball.records import Energy

HWMON = Path("/sys/class/hwmon")
MILLIVOLT_MILLIAMPERES_PER_WATT = 1_000_000
WHOLE = ("VDD_IN", "POM_5V_IN")
"""Rails that feed all others, by board. SYS5V feeds none: AGX Xavier has it beside five others."""


class JetsonMeter:
    """The board's input rail where it has one, else all rails; never both.

    Power is integrated, so that it should be read often: `Sampled` does.
    """

    def __init__(self, root: Path = HWMON) -> None:
        self._lock = threading.Lock()
        self._why = ""
        self._opened = False
        self._rails: Sequence[_Rail] = ()
        try:
            self._rails = _rails(root)
            if self._rails:
                self._integral = Integral(self._watts)
                self._opened = True
            else:
                self._why = f"no ina3221 power monitor under {root}"
        except (OSError, ValueError) as error:
            self._why = explain(error)

    @property
    def source(self) -> Source:
        if self._why:
            return Source(name="jetson", works=False, why=self._why)
        names = ", ".join(rail.name for rail in self._rails)
        return Source(name="jetson", works=True, why=f"integrates the power of {names}")

    def read(self) -> Energy:
        if not self._opened:
            return Energy()
        if not self._why:
            try:
                with self._lock:
                    return Energy(cpu_j=self._integral.joules(), method="integrated")
            except (OSError, ValueError) as error:
                self._why = explain(error)
        return Energy(unknown=(f"jetson: {self._why}",))

    def _watts(self) -> float:
        return sum(rail.watts() for rail in self._rails)


class _Rail(NamedTuple):
    name: str
    millivolts: Path
    milliamperes: Path

    def watts(self) -> float:
        millivolts = int(self.millivolts.read_text())
        milliamperes = int(self.milliamperes.read_text())
        if millivolts < 0 or milliamperes < 0:
            raise ValueError(f"{self.name} says {millivolts} mV and {milliamperes} mA")
        return millivolts * milliamperes / MILLIVOLT_MILLIAMPERES_PER_WATT


def _rails(root: Path) -> Sequence[_Rail]:
    found = []
    for name in sorted(root.glob("hwmon*/name")):
        if name.read_text().strip() == "ina3221":
            labels = sorted(name.parent.glob("in*_label"))
            found += [_rail(label) for label in labels]
    rails = [rail for rail in found if rail.milliamperes.exists()]
    whole = [rail for rail in rails if rail.name in WHOLE]
    return whole or rails


def _rail(label: Path) -> _Rail:
    number = label.name.removeprefix("in").removesuffix("_label")
    return _Rail(
        name=label.read_text().strip(),
        millivolts=label.with_name(f"in{number}_input"),
        milliamperes=label.with_name(f"curr{number}_input"),
    )
