"""Read what a laptop's battery gives while it is discharged, and how much is left.

Source: the kernel's Documentation/ABI/testing/sysfs-class-power: `power_now` in uW, `current_now`
in uA, `voltage_now` in uV, `energy_now` and `energy_full` in uWh, `charge_now` in uAh.
"""

from __future__ import annotations

import threading
from pathlib import Path

from flyball.meters.integral import Integral
from flyball.meters.rapl import explain
from flyball.meters.source import Source
from flyball.records import Energy

SUPPLIES = Path("/sys/class/power_supply")
MICROWATTS_PER_WATT = 1_000_000
MICROVOLT_MICROAMPERES_PER_WATT = 10**12
FULL_PERCENT = 100.0


class BatteryMeter:
    """The whole machine, screen included, by the battery's power; and the charge that it lost.

    On mains, and from the moment that the charger is plugged in, joules are unknown. Power is
    integrated, so that it should be read often: `Sampled` does. With `joules=False` only the
    charge is told, beside counters that see the machine better.
    """

    def __init__(self, root: Path = SUPPLIES, *, joules: bool = True) -> None:
        self._lock = threading.Lock()
        self._why = ""
        self._battery: Path | None = None
        self._integral: Integral | None = None
        try:
            self._battery = _battery(root)
            if self._battery is None:
                self._why = f"no battery under {root}"
                return
            self._first_percent = _percent(self._battery)
            if joules:
                self._integral = Integral(self._watts)
        except (OSError, ValueError) as error:
            self._why = explain(error)

    @property
    def source(self) -> Source:
        if self._why or self._battery is None:
            return Source(name="battery", works=False, why=self._why)
        why = f"integrates what {self._battery.name} gives to the whole machine"
        return Source(name="battery", works=self._integral is not None, why=why)

    @property
    def charged(self) -> bool:
        """Whether there is a battery whose charge can be told."""
        return self._battery is not None and hasattr(self, "_first_percent")

    def read(self) -> Energy:
        percent = self._lost_percent()
        if self._integral is None:
            return Energy(battery_percent=percent)
        if not self._why:
            try:
                with self._lock:
                    joules = self._integral.joules()
                return Energy(cpu_j=joules, method="integrated", battery_percent=percent)
            except (OSError, ValueError) as error:
                self._why = explain(error)
        return Energy(unknown=(f"battery: {self._why}",), battery_percent=percent)

    def _lost_percent(self) -> float | None:
        if not self.charged or self._battery is None:
            return None
        try:
            return max(self._first_percent - _percent(self._battery), 0.0)
        except (OSError, ValueError):
            return None

    def _watts(self) -> float:
        battery = self._battery or SUPPLIES
        status = (battery / "status").read_text().strip()
        if status != "Discharging":
            raise ValueError(f"{battery.name} is not discharged: {status.lower()}")
        if (battery / "power_now").exists():
            return abs(_number(battery / "power_now")) / MICROWATTS_PER_WATT
        volts_amperes = _number(battery / "voltage_now") * _number(battery / "current_now")
        return abs(volts_amperes) / MICROVOLT_MICROAMPERES_PER_WATT


def _battery(root: Path) -> Path | None:
    for kind in sorted(root.glob("*/type")):
        scope = kind.with_name("scope")
        # A mouse's battery has the scope `Device`.
        of_the_machine = not scope.exists() or scope.read_text().strip() == "System"
        if kind.read_text().strip() == "Battery" and of_the_machine:
            return kind.parent
    return None


def _percent(battery: Path) -> float:
    """From energy or charge, which are finer than `capacity`."""
    for unit in ("energy", "charge"):
        now, full = battery / f"{unit}_now", battery / f"{unit}_full"
        if now.exists() and full.exists() and _number(full) > 0:
            return FULL_PERCENT * _number(now) / _number(full)
    return float(_number(battery / "capacity"))


def _number(path: Path) -> int:
    return int(path.read_text())
