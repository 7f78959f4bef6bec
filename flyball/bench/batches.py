"""Which episodes belong together, and which of them the ledger holds already."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flyball import __version__
from flyball.bench.oracle import ORACLE
from flyball.bench.suites import Pair, Suite, split_of
from flyball.config import Config
from flyball.errors import ConfigError, ToolError
from flyball.ledger import Ledger
from flyball.models import gguf_path
from flyball.models.specs import BUNDLED
from flyball.monitors import describe
from flyball.records import Budget, Run

RETRIES = 2
LOST_IN_A_ROW = 5
"""So many pairs given up one after another say that it is not about the pairs."""
END_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Episodes of one suite that were played by the same policy under the same supervision.

    Which tasks and seeds they are does not count: playing more seeds adds to the batch.
    """

    suite: Suite
    policy: str
    model: str
    """What the policy's model is: its settings, the marks of its file, whether it is held to what
    the page offers."""
    monitors: tuple[str, ...]
    governor: str
    temperature: float = 0.0

    @property
    def id(self) -> str:
        parts = (
            __version__,
            self.suite.name,
            self.policy,
            self.model,
            self.monitors,
            self.governor,
            *([self.temperature] if self.temperature else []),
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def marks(self, task: str, workers: int) -> Mapping[str, str]:
        """What the task of an episode says about the batch, for the ledger."""
        split = split_of(self.suite, task)
        return {"batch": self.id, "split": split, "workers": str(workers)}

    def runs(self, ledger: Ledger, pairs: Collection[Pair]) -> list[Run]:
        """The runs of `pairs` in the ledger: the newest that ended of each, and all that broke.

        A run that ended has a score; one that was interrupted, killed or broke has none.
        """
        wanted, ended, broken = set(pairs), dict[Pair, Run](), list[Run]()
        for run in ledger.batch(self.id):
            pair = pair_of(run)
            if pair not in wanted or run.task.budget != self.budget(pair.task):
                continue
            if run.score is not None:
                ended[pair] = run
            elif run.status == "failed":
                broken.append(run)
        return [*ended.values(), *broken]

    def budget(self, task: str) -> Budget:
        return Budget(steps=self.suite.max_steps(task))


def pair_of(run: Run) -> Pair:
    return Pair(run.task.id, -1 if run.seed is None else run.seed)


def make_batch(config: Config, suite: Suite, policy: str, *, temperature: float = 0.0) -> Batch:
    """Say what `policy` on `suite` is under this configuration. Raises `ConfigError`."""
    if policy == ORACLE:
        model = ORACLE
    else:
        spec = config.model(policy)
        path = gguf_path(spec)
        model = f"{spec} {_marks_of(path) if path else ''} grammar={config.run.grammar}"
    return Batch(
        suite=suite,
        policy=policy,
        model=model,
        monitors=tuple(describe(monitor) for monitor in config.monitors_for(policy, "web")),
        governor=describe(config.governor()),
        temperature=temperature,
    )


def full_name(config: Config, policy: str) -> str:
    """The whole name of a policy, where `small` is short for `bundled/small`.

    Raises `ConfigError` for a name that nobody has.
    """
    names = config.model_names()
    for name in (policy, f"{BUNDLED}/{policy}"):
        if name == ORACLE or name in names:
            return name
    known = ", ".join((*names, ORACLE))
    raise ConfigError(f"no policy is called {policy!r}; there are: {known}")


def _marks_of(path: Path) -> str:
    """Size and a digest of both ends: tells a retrained model without reading gigabytes."""
    size = path.stat().st_size
    with path.open("rb") as file:
        ends = file.read(END_BYTES)
        file.seek(max(0, size - END_BYTES))
        ends += file.read(END_BYTES)
    return f"{size} {hashlib.sha256(ends).hexdigest()}"


@dataclass(kw_only=True)
class Todo:
    """The pairs that are left to play. One that breaks is the next to be tried, twice at most."""

    pairs: deque[Pair]
    given_up: list[Pair] = field(default_factory=list[Pair])
    tries: Counter[Pair] = field(default_factory=Counter[Pair])
    lost_in_a_row: int = 0

    def __len__(self) -> int:
        return len(self.pairs)

    def take(self) -> Pair | None:
        return self.pairs.popleft() if self.pairs else None

    def done(self) -> None:
        self.lost_in_a_row = 0

    def broke(self, pair: Pair, why: str) -> None:
        """Take `pair` back. Raises `ToolError` once nothing seems to work any more."""
        self.tries[pair] += 1
        if self.tries[pair] <= RETRIES:
            self.pairs.appendleft(pair)
            return
        self.given_up.append(pair)
        self.lost_in_a_row += 1
        if self.lost_in_a_row >= LOST_IN_A_ROW:
            raise ToolError(
                f"{LOST_IN_A_ROW} episodes in a row could not be played; the last: {why}"
            )
