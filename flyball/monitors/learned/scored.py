"""What a monitor said over whole runs: what calibration and evaluation work on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from flyball.errors import ConfigError
from flyball.records import Run

Key = str | tuple[str, str, int]
"""A run's id; or its task, policy and seed, for scores that were kept without it."""


@dataclass(frozen=True, kw_only=True)
class ScoredRun:
    """One run, with a score for each of its steps."""

    task: str
    """What tells tasks apart, or groups of them that resemble each other; a split never parts the
    runs of one."""
    name: str = ""
    """The task's own name, where `task` is a group's."""
    success: bool
    scores: tuple[float, ...]
    """The chance of failure as said at step k, counted from 0, before that step is carried out."""
    joules: tuple[float, ...]
    """What the run had taken once step k was proposed and not yet carried out: it would be
    what is spent if the run were stopped there. Tokens where no energy is known, the same for
    all runs that are compared. The last one stands for the whole run."""
    agent: str = ""
    """The policy's name."""
    seed: int = -1
    """-1 where there is none."""
    run: str = ""
    """Its id, where it is known."""
    threshold: float | None = None
    """The score that is worth a ruling, set on other tasks' runs; `None` where nobody set one."""

    @property
    def key(self) -> Key:
        """What `keys_of` the run has, too."""
        return self.run or (self.name or self.task, self.agent, self.seed)

    def __post_init__(self) -> None:
        if len(self.scores) != len(self.joules):
            raise ConfigError(
                f"a run of {self.task!r} has {len(self.scores)} scores and {len(self.joules)}"
                " figures of what it took; give one of each for every step"
            )


def keys_of(run: Run) -> tuple[Key, Key]:
    """What scores of a run may be kept under, the surer one first."""
    seed = -1 if run.seed is None else run.seed
    return run.id, (f"{run.task.suite}/{run.task.id}", run.policy, seed)


def write_scored(path: Path, runs: Iterable[ScoredRun]) -> None:
    """Write a run a line, as JSON."""
    lines = [json.dumps(asdict(run)) + "\n" for run in runs]
    path.write_text("".join(lines), encoding="utf-8")


def read_scored(path: Path) -> tuple[ScoredRun, ...]:
    """Read what `write_scored` wrote. Raises `ConfigError` with the file and the line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    return tuple(_runs(path, lines))


def _runs(path: Path, lines: Iterable[str]) -> Iterator[ScoredRun]:
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
            scores, joules = (tuple(map(float, row.pop(name))) for name in ("scores", "joules"))
            yield ScoredRun(scores=scores, joules=joules, **row)
        except (AttributeError, KeyError, TypeError, ValueError, ConfigError) as error:
            raise ConfigError(f"{path}, line {number}: not a scored run: {error}") from error
