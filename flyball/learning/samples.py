"""Runs as tables: a row of features for each step, its labels, and what it took."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from flyball.errors import ConfigError
from flyball.learning.labels import milestone_labels, stuck_labels
from flyball.ledger import Ledger
from flyball.ledger.alone import Tell, checked_alone
from flyball.ledger.imports import is_ledger, read_checked
from flyball.monitors.learned.catalogue import Row, check_features
from flyball.monitors.learned.features import Features
from flyball.records import Run, Spend, Trajectory

SOURCES = "a ledger, a file that flyball import takes, or a .jsonl of samples"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One run that ended and was checked, as training takes it."""

    task: str
    """Suite and task: runs of one are never parted by a split."""
    group: str | None = None
    """Suite and group, where tasks resemble each other: runs of one are never parted either."""
    agent: str
    seed: int
    run: str = ""
    """Its id, where it is known."""
    success: bool
    rows: tuple[Row, ...]
    """The features of each step."""
    stuck: tuple[bool, ...]
    milestone: tuple[bool, ...] | None
    """`None` where the environment does not tell."""
    joules: tuple[float, ...] | None
    """What the run had taken once each step was proposed; `None` where energy is unknown."""
    tokens: tuple[float, ...]
    """Tokens read and generated until each step was proposed."""

    @property
    def unit(self) -> str:
        """What a split must not part."""
        return self.group or self.task


def read_samples(sources: Sequence[Path], tell: Tell) -> Iterator[Sample]:
    """Read ledgers, files that `write_samples` wrote, and those that `flyball import` takes.

    Of a ledger, runs that a policy drove alone; `tell` is told in a line what is passed over.
    Raises `ConfigError`, `LedgerError`.
    """
    for source in sources:
        if not source.exists():
            raise ConfigError(f"{source} does not exist; give {SOURCES}")
        if is_ledger(source):
            with Ledger(source) as ledger:
                yield from _from_ledger(ledger, tell)
        elif _holds_samples(source):
            yield from _from_lines(source)
        else:
            for run, steps in read_checked(source):
                yield make_sample(run, Trajectory(task=run.task, steps=steps), None)


def write_samples(path: Path, samples: Iterable[Sample]) -> None:
    """Write a run a line, as JSON: what was worked out once need not be worked out again."""
    path.write_text("".join(json.dumps(asdict(sample)) + "\n" for sample in samples), "utf-8")


def make_sample(
    run: Run, trajectory: Trajectory, reached: Sequence[Sequence[str]] | None
) -> Sample:
    """Put a run that was checked into numbers."""
    features, steps = Features(trajectory.task), trajectory.steps
    joules, tokens = _taken(trajectory)
    group = run.task.metadata.get("group")
    return Sample(
        task=f"{run.task.suite}/{run.task.id}",
        group=f"{run.task.suite}/{group}" if group else None,
        agent=run.policy,
        seed=-1 if run.seed is None else run.seed,
        run=run.id,
        success=run.success is True,
        rows=tuple(features.add(step) for step in steps),
        stuck=stuck_labels(trajectory, run),
        milestone=None if reached is None else milestone_labels(reached, len(steps)),
        joules=joules if run.task.metadata.get("workers", "1") == "1" else None,
        tokens=tokens,
    )


def _from_ledger(ledger: Ledger, tell: Tell) -> Iterator[Sample]:
    for run, steps in checked_alone(ledger, tell):
        trajectory = Trajectory(task=run.task, steps=steps)
        yield make_sample(run, trajectory, ledger.milestones(run.id))


def _taken(trajectory: Trajectory) -> tuple[tuple[float, ...] | None, tuple[float, ...]]:
    before, joules, tokens = Spend(), list[float | None](), list[float]()
    for step in trajectory.steps:
        proposed = before + step.policy_spend
        joules.append(proposed.energy.joules)
        tokens.append(float(proposed.usage.input_tokens + proposed.usage.output_tokens))
        before = before + step.spend
    known = tuple(each for each in joules if each is not None)
    return (known if len(known) == len(joules) else None), tuple(tokens)


def _holds_samples(path: Path) -> bool:
    """Whether a file begins as `write_samples` has it: other formats have no rows."""
    with path.open("rb") as file:
        first = file.readline()
    try:
        fields = json.loads(first)
    except ValueError:
        return False
    return isinstance(fields, dict) and "rows" in fields


def _from_lines(path: Path) -> Iterator[Sample]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                yield _sample(line)
            except (KeyError, TypeError, ValueError, ConfigError) as error:
                raise ConfigError(f"{path}, line {number}: no sample: {error}") from error


def _sample(line: str) -> Sample:
    fields = json.loads(line)
    rows = tuple(fields.pop("rows"))
    for row in rows:
        check_features(row)
    listed = {name: value for name, value in fields.items() if isinstance(value, list)}
    for name, values in listed.items():
        if len(values) != len(rows):
            raise ValueError(f"{name} has not one value for each of {len(rows)} steps")
        fields[name] = tuple(values)
    return Sample(rows=rows, **fields)
