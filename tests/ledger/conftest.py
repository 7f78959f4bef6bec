from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from flyball import Action, Energy, Observation, Run, Spend, Step, Task, Usage
from flyball.ledger import Ledger

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)


def a_run(name: str = "r1", **changes: object) -> Run:
    settings: dict[str, object] = {
        "id": name,
        "task": Task(id="greet", prompt="say hi", suite="manners"),
        "agent": "web",
        "policy": "small",
        "started_at": MONDAY,
    }
    return Run(**{**settings, **changes})


def a_step(index: int = 0, *, policy: str = "small", text: str = "seen", **spends: Spend) -> Step:
    return Step(
        index=index,
        policy=policy,
        observation=Observation(source="page", text=text),
        action=Action(tool="click", arguments={"id": index}),
        **spends,
    )


def read(joules: float, seconds: float = 1.0) -> Spend:
    """A spend with a reading, 1,000 tokens in, 10 out, and a tenth of a cent."""
    usage = Usage(
        requests=1,
        input_tokens=1000,
        cached_tokens=400,
        output_tokens=10,
        cost_usd=Decimal("0.001"),
    )
    return Spend(seconds=seconds, usage=usage, energy=Energy(cpu_j=joules, method="counter"))


def estimated(joules: float) -> Spend:
    return Spend(seconds=1.0, energy=Energy(estimated_j=joules))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with Ledger(path) as ledger:
        yield ledger
