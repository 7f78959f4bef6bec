"""Where calibrations are kept, and which monitors are obeyed because of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Sequence
from pathlib import Path

import platformdirs

from flyball.errors import ConfigError
from flyball.monitors import Calibrated, Shadow
from flyball.monitors.learned.calibration import Calibration, Subject, read_calibration
from flyball.roles import Monitor


def calibrations_path() -> Path:
    """FLYBALL_CALIBRATIONS, else `calibrations` in the user's data directory."""
    if named := os.environ.get("FLYBALL_CALIBRATIONS"):
        return Path(named).expanduser()
    return platformdirs.user_data_path("flyball", appauthor=False) / "calibrations"


def save_calibration(calibration: Calibration) -> Path:
    """Write a calibration down, in place of an earlier one for the same subject.

    Raises `ConfigError` where it cannot be written.
    """
    path = _path(calibration.subject)
    fresh = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(calibration.to_json(), encoding="utf-8")
        # A full disk or a kill then leaves the earlier one as it was.
        fresh.replace(path)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written: {error.strerror}; FLYBALL_CALIBRATIONS names another place"
        ) from error
    return path


def find_calibration(subject: Subject) -> Calibration | None:
    """The calibration for exactly this subject. Raises `ConfigError` for one that is damaged."""
    found = _read(_path(subject))
    return found if found is None or found.subject == subject else None


def all_calibrations() -> tuple[Calibration, ...]:
    """Every calibration there is, by file name. Raises `ConfigError` for one that is damaged."""
    read = (_read(path) for path in sorted(calibrations_path().glob("*.json")))
    return tuple(calibration for calibration in read if calibration is not None)


def subject_of(monitor: Monitor, model: str, agent: str) -> Subject | None:
    """What a promise about `monitor` would be about; `None` for one that needs no promise.

    A monitor that does has a `fingerprint`: a text that changes with its weights.
    """
    fingerprint = getattr(monitor, "fingerprint", None)
    if fingerprint is None:
        return None
    return Subject(monitor=monitor.name, fingerprint=str(fingerprint), model=model, agent=agent)


def put_in_place(
    monitors: Sequence[Monitor], model: str, agent: str, shadow: Collection[str] = ()
) -> list[Monitor]:
    """Make `monitors` ready to watch `model` drive an `agent`.

    One that needs a calibration is obeyed as its calibration says, and put in shadow mode where it
    has none for this model and agent; so are those that `shadow` names.
    """
    return [_placed(monitor, model, agent, shadow) for monitor in monitors]


def _placed(monitor: Monitor, model: str, agent: str, shadow: Collection[str]) -> Monitor:
    subject = subject_of(monitor, model, agent)
    calibration = find_calibration(subject) if subject else None
    if calibration is not None:
        monitor = Calibrated(monitor=monitor, calibration=calibration)
    if monitor.name in shadow or (subject and calibration is None):
        return Shadow(monitor=monitor)
    return monitor


def _path(subject: Subject) -> Path:
    digest = hashlib.sha256(repr(subject).encode()).hexdigest()[:16]
    return calibrations_path() / f"{subject.monitor}-{digest}.json"


def _read(path: Path) -> Calibration | None:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}; delete it") from error
    return read_calibration(text, str(path))
