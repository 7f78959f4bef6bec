"""The verbs of flyball: what each replaceable part must be able to do.

Having the methods is enough; there is nothing to inherit from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from flyball.records import (
    Action,
    Arguments,
    Completion,
    Decision,
    Energy,
    Observation,
    Request,
    Run,
    Step,
    ToolSpec,
    Trajectory,
    Usage,
    Verdict,
)

Sink = Callable[[Step], None]
"""Is told of every step once it is over: the ledger, the screen, an exporter."""


class Record(Protocol):
    """What keeps runs: the ledger."""

    def save(self, run: Run) -> None: ...

    def append(self, run_id: str, step: Step) -> None: ...


class Proposal(NamedTuple):
    action: Action
    usage: Usage


class Policy(Protocol):
    """Chooses the next action."""

    @property
    def name(self) -> str: ...

    async def propose(self, trajectory: Trajectory, observation: Observation) -> Proposal: ...


class Model(Protocol):
    """A language model, in process or behind a server."""

    @property
    def name(self) -> str: ...

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        """Answer `request`; `on_text` is told of each piece of text as it is generated.

        Cancelling the task stops the generation. Raises `ModelError`.
        """
        ...


class Monitor(Protocol):
    """Judges the last step of a trajectory, before it is carried out.

    A monitor is a pure function: no I/O, no clock, no memory between calls. The same
    monitor can then sit in our loop, in someone else's, or replay old runs from the
    ledger, and says the same thing in all three.
    """

    @property
    def name(self) -> str: ...

    def judge(self, trajectory: Trajectory) -> Verdict: ...


class Ruled(NamedTuple):
    decision: Decision
    usage: Usage
    passed: bool | None = None
    """Whether the work passed; `None` where the verifier cannot tell."""


class Verifier(Protocol):
    """Checks, with a stronger model or a test, what a monitor can only suspect.

    Asked when a decision says VERIFY. It does I/O and costs something, which is why it
    is not a monitor: its usage is charged to the step's `monitor_spend`, and a replay
    reads its decision from the ledger instead of asking again. What it decides is one more
    verdict to the governor, which has the last word. It may raise `ModelError` and `ToolError`.
    """

    @property
    def name(self) -> str: ...

    async def verify(self, trajectory: Trajectory) -> Ruled: ...


class Governor(Protocol):
    """Makes one decision out of the verdicts on the last step of a trajectory.

    A pure function, as a monitor is: what it has to remember (who drives, since when, how often
    it escalated) is in the trajectory's decisions.
    """

    @property
    def name(self) -> str: ...

    def decide(self, trajectory: Trajectory, verdicts: Sequence[Verdict]) -> Decision: ...


class Tool(Protocol):
    """Something a policy can do to the world."""

    @property
    def spec(self) -> ToolSpec: ...

    async def call(self, arguments: Arguments) -> Observation: ...


class Recoverable(Protocol):
    """A world that can be put back as it was, without anything being done in it again."""

    async def snapshot(self) -> object:
        """What `restore` needs to come back to here. It is kept in memory, and written nowhere."""
        ...

    async def restore(self, snapshot: object) -> Observation:
        """Go back, and show what is there; not `ok`, with a note, where it was not done.

        It is not done where an effect that cannot be taken back has come about since: whoever is
        shown the earlier state would bring it about again.
        """
        ...


class Helm(Protocol):
    """Where a person takes a hand in a run."""

    async def turn(self, trajectory: Trajectory, seen: Observation, policy: str) -> Action | None:
        """Wait while the run is held; the action of a person who drives, else `None`."""
        ...

    def overrule(self, step: Step) -> Decision | None:
        """What a person decided on a step that was judged; `None`: nothing."""
        ...


class Meter(Protocol):
    """Energy counters that only grow: what passed between two readings is their difference."""

    def read(self) -> Energy: ...
