"""What all places of the screen share: the ledger, the runs that were started here, and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flyball.ledger import Listing
from flyball.steering import helm_folder

if TYPE_CHECKING:
    from flyball.ledger import Deleted, Ledger

PROGRAM = (sys.executable, "-m", "flyball.cli")


@dataclass(kw_only=True)
class Job:
    """A run in a process of its own, which outlives the screen."""

    words: tuple[str, ...]
    process: subprocess.Popen[bytes]
    log: Path
    named: Path
    """The file that tells which run it is, once that is known."""
    bound: bool
    """Whether the run is to end, to be taken up again, should the screen be gone."""
    run_id: str | None = None

    def find_run(self) -> str | None:
        """Which run it is, once the process says so."""
        if self.run_id is None and self.named.is_file():
            self.run_id = self.named.read_text(encoding="utf-8") or None
        return self.run_id

    def takes_up(self, run_id: str | None) -> bool:
        """Whether it was started to go on with that run."""
        return self.words[:2] == ("resume", run_id)

    @property
    def problem(self) -> str:
        """The last thing that it complained of."""
        said = [line for line in self._lines() if line.startswith("flyball: ")]
        return said[-1].removeprefix("flyball: ") if said else ""

    @property
    def last_words(self) -> str:
        """What it said last: of a run on code, what became of the change."""
        said = [line for line in self._lines() if line.strip()]
        return said[-1] if said else ""

    def _lines(self) -> list[str]:
        return self.log.read_text(encoding="utf-8", errors="replace").splitlines()


@dataclass(kw_only=True)
class Desk:
    """Opens what it is asked for, once. Threads may share it."""

    given: Path | None = None
    """The ledger's file; `None`: where the configuration says."""
    jobs: list[Job] = field(default_factory=list)
    deleted: list[Deleted] = field(default_factory=list)
    """The runs that were deleted since the screen was opened, whole, the newest last."""
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _listing: Listing | None = None
    _ledger: Any = None
    _path: Path | None = None

    @property
    def path(self) -> Path:
        """The ledger's file. Raises `ConfigError`."""
        if self._path is None:
            self._path = self.given or _configured()
        return self._path

    def listing(self) -> Listing:
        """The ledger to read. Raises `LedgerError`, also where there is no file yet."""
        with self._lock:
            if self._listing is None:
                self._listing = Listing(self.path)
            return self._listing

    def ledger(self) -> Ledger:
        """The ledger to write, made where there is none. Raises `LedgerError`."""
        with self._lock:
            if self._ledger is None:
                from flyball.ledger import Ledger  # SQLAlchemy takes its time

                self._ledger = Ledger(self.path)
            opened: Ledger = self._ledger
            return opened

    def delete(self, run_id: str) -> None:
        """Take a run out, for `undo` to bring back. Raises `LedgerError`."""
        self.deleted.append(self.ledger().delete(run_id))

    def undo(self) -> str | None:
        """Bring back what was deleted last; gives its task, or `None` where there is nothing."""
        with self._lock:
            if not self.deleted:
                return None
            gone = self.deleted[-1]
            self.ledger().put_back(gone)
            self.deleted.remove(gone)
            return gone.run.task.id

    def close(self) -> None:
        with self._lock:
            for each in (self._listing, self._ledger):
                if each is not None:
                    each.close()
            self._listing = self._ledger = None

    @property
    def pictures(self) -> Path:
        """Where pictures of what runs see are kept: beside the ledger."""
        return self.path.parent / f"{self.path.stem}-pictures"

    def picture(self, run_id: str, index: int) -> Path:
        return self.pictures / run_id / f"{index:05d}.png"

    def start(self, words: Sequence[str], *, bound: bool, pictures: bool) -> Job:
        """Start `flyball WORDS` on this ledger, as a process that the screen's end does not end."""
        named = helm_folder() / f"{os.getpid()}-{len(self.jobs)}-{time.time_ns()}"
        log = named.with_suffix(".log")
        environment = {**os.environ, "FLYBALL_HELM": str(named), "NO_COLOR": "1"}
        if pictures:
            environment["FLYBALL_PICTURES"] = str(self.pictures)
        with log.open("wb") as file:
            process = subprocess.Popen(
                [*PROGRAM, *words, "--ledger", str(self.path)],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        job = Job(words=tuple(words), process=process, log=log, named=named, bound=bound)
        self.jobs.append(job)
        return job


def _configured() -> Path:
    if named := os.environ.get("FLYBALL_LEDGER"):
        return Path(named).expanduser()
    from flyball.config import load_config  # pydantic takes its time
    from flyball.ledger import ledger_path

    return ledger_path(load_config().ledger.path)


def memory_file() -> Path:
    import platformdirs

    return platformdirs.user_state_path("flyball", appauthor=False) / "screen.json"


def remembered() -> dict[str, str]:
    """The values that were last given on the screen; none where nothing can be read."""
    try:
        kept = json.loads(memory_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in kept.items()} if isinstance(kept, dict) else {}


def remember(values: Mapping[str, str]) -> None:
    """Keep values for the next time. It is no harm if they cannot be."""
    path = memory_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**remembered(), **values}), encoding="utf-8")
    except OSError:
        return
