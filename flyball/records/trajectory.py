"""A run: its task, its steps, and what was thought of each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from flyball.records.metering import Metering
from flyball.records.rulings import Decision, HandOver, Recovery, Verdict
from flyball.records.spending import Budget, Spend, Usage

Arguments = Mapping[str, object]
HUMAN = "human"
"""The policy of a step that a person took, and who made a decision of his."""
Status = Literal["running", "finished", "stopped", "failed"]
"""`finished`: the policy answered, or the environment says it is over. `stopped`: the
governor, a budget or a person ended it. `failed`: a part that the run needs broke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a run is asked to do."""

    id: str
    prompt: str
    suite: str = "adhoc"
    budget: Budget = Budget()
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """What a policy is told about a tool."""

    name: str
    description: str
    parameters: Mapping[str, object] = field(default_factory=dict[str, object])
    """JSON schema of the arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What the policy is shown: the task, a tool's result, or the governor's word."""

    source: str
    """A tool's name, or `task`, `governor`, `human`, `recovery`."""
    text: str
    ok: bool = True
    note: str = ""
    """What became of the action, in a line: the error, or what the page said."""
    secret: tuple[int, ...] = ()
    """Numbers of the elements that take passwords: what is typed there is recorded masked."""
    ended: bool = False
    """The environment says that nothing more can be done here."""
    usage: Usage = Usage()
    """What a tool's own model requests took, those of a sub-run among them: it is charged to the
    step that called the tool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What the policy proposes: one tool call, or the answer (`tool="finish"`)."""

    tool: str
    """A tool's name, `finish`, `invalid` for an answer that could not be read, or `not_asked`
    where a request would not have fitted into the budget."""
    arguments: Arguments = field(default_factory=dict[str, object])
    thought: str = ""
    text: str = ""
    """The answer as the model wrote it."""
    logprobs: tuple[float, ...] | None = None
    """Log-probability in nats of each generated token, where the model gives them."""
    entropies: tuple[float, ...] | None = None
    """Entropy in nats of the top k at each generated token, where the model gives it."""
    forbidden: float | None = None
    """Chance from 0 to 1 that the model, left to itself, would have said something else than what
    the page offers; `None` where it was left to itself, or its backend does not tell."""

    @property
    def is_final(self) -> bool:
        return self.tool == "finish"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One turn: what was seen, proposed and decided, and what each part of it took."""

    index: int
    policy: str
    observation: Observation
    action: Action
    verdicts: tuple[Verdict, ...] = ()
    decision: Decision = Decision()
    policy_spend: Spend = Spend()
    monitor_spend: Spend = Spend()
    tool_spend: Spend = Spend()
    fault: str = ""
    """Why somebody gave no answer, being down or slow: the policy, whose action is then `invalid`,
    or else the verifier."""
    verified: bool | None = None
    """What a verifier said of the work up to here; `None` where none was asked, or could tell."""
    paused_seconds: float = 0.0
    """For how long the run waited before this step to stay under its watts."""
    recovery: Recovery | None = None
    """What became of going back, where that was tried after this step."""
    hand_over: HandOver | None = None
    """What the next policy is told, where another drives from the next step on. What taking over
    costs, the cold prefill of all this, is in the next step's `policy_spend`."""
    unobeyed: str = ""
    """Why the decision was not carried out, in a loop that cannot; empty where it was."""

    @property
    def spend(self) -> Spend:
        return self.policy_spend + self.monitor_spend + self.tool_spend


class _Kept:
    """A place for a running total, which is no part of the record: `replace` does not copy it."""

    __slots__ = ("before",)

    before: Spend
    """What all steps but the last took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory(_Kept):
    """A task and the steps taken at it so far."""

    task: Task
    steps: tuple[Step, ...] = ()

    @property
    def last(self) -> Step:
        """The newest step: the one a monitor is asked about."""
        return self.steps[-1]

    @property
    def spend(self) -> Spend:
        """What all steps took. Added up once, and then carried on from step to step."""
        return self._before() + self.last.spend if self.steps else Spend()

    def then(self, step: Step) -> Trajectory:
        """Add `step`."""
        grown = replace(self, steps=(*self.steps, step))
        object.__setattr__(grown, "before", self.spend)
        return grown

    def amend(self, step: Step) -> Trajectory:
        """Put `step` in place of the last."""
        amended = replace(self, steps=(*self.steps[:-1], step))
        object.__setattr__(amended, "before", self._before())
        return amended

    def _before(self) -> Spend:
        if not hasattr(self, "before"):
            before = sum((step.spend for step in self.steps[:-1]), Spend())
            object.__setattr__(self, "before", before)
        return self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run had ended before it was taken up again."""

    steps: int
    """How many steps it had taken by then."""
    policy: str
    """The policy that drove by default."""
    status: Status
    ended_by: str = ""
    reason: str = ""
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One attempt at a task: who made it, and how it ended."""

    id: str
    task: Task
    agent: str = ""
    """The kind of agent: `web`, `code`, or the name of a foreign stack."""
    policy: str
    """The policy that drives by default, as a rule a model's name."""
    strong: str | None = None
    """The policy that an escalation goes to."""
    monitors: tuple[str, ...] = ()
    """Each monitor with its settings, as `describe` writes it."""
    governor: str = ""
    seed: int | None = None
    status: Status = "running"
    ended_by: str = ""
    """The monitor, `policy`, `environment`, `human`, or the part that broke."""
    reason: str = ""
    """Why it ended, in a line."""
    answer: str | None = None
    gave_up: bool = False
    """The policy ended the run, and says itself that the task is not done."""
    score: float | None = None
    """The task's own checker, from 0 to 1; `None` where there is no checker."""
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended_at: datetime | None = None
    endings: tuple[Ending, ...] = ()
    """How it had ended before, for each time that it was taken up again, oldest first."""
    metering: Metering | None = None
    """What its figures rest on; `None` for runs of other programs, and before it was kept."""
    total: Spend | None = None
    """All that passed between its first look and its end, as read at those two moments."""
    idle: Spend | None = None
    """What passed between the windows of its steps: with those, it makes up `total`."""

    @property
    def success(self) -> bool | None:
        """Whether the checker gave full marks; `None` where nothing checked."""
        return None if self.score is None else self.score >= 1.0


def new_run_id(now: datetime) -> str:
    """Give an identifier that sorts by time, and that no other run has."""
    return f"{now:%y%m%d-%H%M%S}-{os.urandom(3).hex()}"
