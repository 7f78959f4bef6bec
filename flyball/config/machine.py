"""What `flyball doctor --calibrate` measured on this machine, and where it is kept."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import platformdirs
from pydantic import TypeAdapter, ValidationError

from flyball.errors import ConfigError
from flyball.meters.processors import processor_name


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A calibration of one machine."""

    name: str
    """What tells it from others: see `machine_name`."""
    measured_at: datetime
    seconds: float
    """For how long it was left alone."""
    busy_share: float
    """How busy it was all the same, from 0 to 1: the lower, the better the baseline."""
    idle_watts: float | None
    """Of all that is read, GPUs included; `None` where no counter told."""
    method: str | None
    bandwidth_bytes_per_s: float
    """What all cores move between memory and themselves."""
    processor_idle_watts: float | None = None
    """The part of processor and memory; `None` in files of before, too."""


MACHINE = TypeAdapter(Machine)


def machine_name() -> str:
    """The host, its processor and its cores: a baseline holds on no other machine."""
    return f"{platform.node()}: {processor_name() or 'unknown processor'} x {os.cpu_count()}"


def machine_path() -> Path:
    """FLYBALL_MACHINE, else `machine.json` in the user's data directory."""
    if named := os.environ.get("FLYBALL_MACHINE"):
        return Path(named).expanduser()
    return platformdirs.user_data_path("flyball", appauthor=False) / "machine.json"


def save_machine(machine: Machine) -> Path:
    """Write a calibration down, in place of an earlier one. Raises `ConfigError`."""
    path = machine_path()
    fresh = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(MACHINE.dump_json(machine, indent=2))
        fresh.replace(path)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written: {error.strerror}; FLYBALL_MACHINE names another place"
        ) from error
    return path


def find_machine() -> Machine | None:
    """The calibration of this machine; `None` where there is none, or it is another's.

    Raises `ConfigError` for one that is damaged.
    """
    path = machine_path()
    try:
        machine = MACHINE.validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        why = "cannot be read" if isinstance(error, OSError) else "is damaged"
        raise ConfigError(f"{path} {why}: delete it, or flyball doctor --calibrate") from error
    return machine if machine.name == machine_name() else None
