"""Which episodes belong together, and which of them the ledger holds already."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flyball import __version__
from flyball.bench.cascades import Contender
from flyball.bench.oracle import ORACLE, oracle_policy
from flyball.bench.suites import Pair, Suite, split_of
from flyball.config import Config
from flyball.config.tables import GovernorTable
from flyball.errors import ToolError
from flyball.ledger import Ledger
from flyball.meters import NoMeter
from flyball.models import gguf_path
from flyball.monitors import Calibrated, Shadow, describe
from flyball.monitors.learned.milestone import Milestone
from flyball.monitors.learned.stuck import Stuck
from flyball.monitors.learned.trees import load_trees
from flyball.monitors.learned.will_fail import WillFail
from flyball.records import Budget, Run
from flyball.roles import Monitor

RETRIES = 2
LOST_IN_A_ROW = 5
"""So many pairs given up one after another say that it is not about the pairs."""
END_BYTES = 1 << 20
TREES: Mapping[type, str] = {WillFail: "will_fail", Stuck: "stuck", Milestone: "milestone"}
CONTENDER = "contender"
"""The key in a task's metadata that tells what an episode was played by, in a comparison."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Episodes of one suite that were played by the same policy under the same supervision.

    Which tasks and seeds they are does not count: playing more seeds adds to the batch.
    """

    suite: Suite
    policy: str
    label: str
    """What the policy is called in a comparison; its own name for a model by itself."""
    model: str
    """What its models are: their settings, the marks of their files, whether they are held to what
    the page offers."""
    monitors: tuple[str, ...]
    governor: str
    cascade: str = ""
    """Who may be called in and how, and what checks and takes back; empty for a model by itself
    with nothing of that set."""
    temperature: float = 0.0
    weights: str = ""
    """The marks of what its learned monitors go by; empty where there are none."""

    @property
    def id(self) -> str:
        parts = (
            __version__,
            self.suite.name,
            self.policy,
            self.model,
            self.monitors,
            self.governor,
            *([self.label] if self.label != self.policy else []),
            *([self.cascade] if self.cascade else []),
            *([self.temperature] if self.temperature else []),
            *([self.weights] if self.weights else []),
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]

    def marks(self, pair: Pair, workers: int) -> Mapping[str, str]:
        """What the task of an episode says about the batch, for the ledger."""
        return {
            "batch": self.id,
            CONTENDER: self.label,
            "split": split_of(self.suite, pair.task),
            "seed": str(pair.seed),
            "workers": str(workers),
        }

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


def make_batch(suite: Suite, contender: Contender, *, temperature: float = 0.0) -> Batch:
    """Say what playing `contender` on `suite` is. Raises `ConfigError`."""
    config, strong = contender.config, contender.strong
    governing = config.tables.governor
    stand_ins = {name: oracle_policy(suite) for name in contender.models}
    crew = contender.crew(stand_ins, {}, meter=NoMeter(), agent=suite.agent)
    return Batch(
        suite=suite,
        policy=contender.driver,
        label=contender.label,
        model=_told(config, contender.driver),
        monitors=tuple(describe(monitor) for monitor in crew.monitors),
        governor=describe(crew.governor),
        cascade=f"{strong} {_told(config, strong)} {governing}" if strong else _other(governing),
        temperature=temperature,
        weights=" ".join(filter(None, map(_weights_of, crew.monitors))),
    )


def _weights_of(monitor: Monitor) -> str:
    """Changes with a monitor's weights, as `describe` does not; empty for one that has none."""
    if isinstance(monitor, Shadow | Calibrated):
        return _weights_of(monitor.monitor)
    if isinstance(monitor, WillFail | Stuck | Milestone):
        return load_trees(TREES[type(monitor)], monitor.weights).fingerprint
    return str(getattr(monitor, "fingerprint", ""))


def _other(governing: GovernorTable) -> str:
    """What is set in `[governor]` and is not as it is by default."""
    return "" if governing == GovernorTable() else str(governing)


def _told(config: Config, policy: str) -> str:
    if policy == ORACLE:
        return ORACLE
    spec = config.model(policy)
    path = gguf_path(spec)
    return f"{spec} {_marks_of(path) if path else ''} grammar={config.run.grammar}"


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
