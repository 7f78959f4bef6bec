"""The screen on a real ledger, driven by keys."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.text import Text

from flyball import (
    Action,
    Budget,
    Energy,
    Observation,
    Ruling,
    Run,
    Spend,
    Step,
    Task,
    Usage,
    Verdict,
)
from flyball.ledger import Ledger
from flyball.records import Decision
from flyball.tui.app import FlyballApp
from flyball.tui.lines import Lines
from tests.site import serve_site

ROOT = Path(__file__).parent.parent.parent
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Nothing of the user's own is read or written."""
    for name in ("CONFIG", "STATE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setenv("FLYBALL_CALIBRATIONS", str(tmp_path / "calibrations"))
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("FLYBALL_LEDGER", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path):
    """Twelve runs of three tasks, every third of them lost."""
    with Ledger(path) as ledger:
        for number in range(12):
            ledger.add([a_run(number)])
        yield ledger


@pytest.fixture(scope="module")
def site():
    with serve_site() as site:
        yield site


def a_run(number: int, steps: int | None = None) -> tuple[Run, list[Step]]:
    won = number % 3 != 0
    run = Run(
        id=f"2611{number:02d}-run",
        task=Task(
            id=f"task-{number % 4}",
            prompt=f"Do the thing number {number}.",
            suite="manners",
            budget=Budget(steps=30, joules=100.0),
        ),
        agent="web",
        policy=("bundled/small", "bundled/strong")[number % 2],
        status="finished" if number != 6 else "stopped",
        ended_by="environment" if number != 6 else "over_budget",
        reason="" if number != 6 else "out of steps",
        score=float(won),
        started_at=NOON + timedelta(minutes=number),
    )
    count = steps if steps is not None else 3 + number % 5
    return run, [a_step(index, won=won) for index in range(count)]


def a_step(index: int, *, won: bool = True) -> Step:
    risk = min(0.2 + index * (0.02 if won else 0.15), 0.95)
    high = Verdict(
        monitor="will_fail",
        score=risk,
        threshold=0.7,
        shadow=Ruling.STOP if risk >= 0.7 else None,
        reason="it goes in circles" if risk >= 0.7 else "",
    )
    return Step(
        index=index,
        policy="bundled/small",
        observation=Observation(source="click", text=f"url http://shop/{index}\ntitle S{index}"),
        action=Action(tool="click", arguments={"element": 1}, text=f'click button "Go {index}" 1'),
        verdicts=(Verdict(monitor="over_budget"), high),
        decision=Decision(),
        policy_spend=Spend(
            seconds=0.5,
            usage=Usage(requests=1, local_requests=1, input_tokens=100, output_tokens=10),
            energy=Energy(estimated_j=2.0 + index % 4),
        ),
    )


@asynccontextmanager
async def screen(path, size=(80, 24), **how):
    """The running screen, and a pilot; what it started is ended with it."""
    app = FlyballApp(path, **how)
    try:
        async with app.run_test(size=size) as pilot:
            yield app, pilot
    finally:
        for job in app.desk.jobs:
            if job.process.poll() is None:
                job.process.send_signal(signal.SIGINT)
                job.process.wait(20)


async def until(pilot, holds, seconds=30.0):
    """Wait until something holds. It fails where it does not come to hold."""
    end = time.monotonic() + seconds
    while True:
        try:
            held = holds()
        except Exception as error:  # noqa: BLE001 - what is waited for may not be there yet
            held, why = False, error
        else:
            why = None
        if held:
            return held
        if time.monotonic() > end:
            said = [each.message for each in pilot.app._notifications]
            raise AssertionError(f"it never came to hold ({why}); the notices are {said}")
        await pilot.pause(0.02)
        await asyncio.sleep(0.02)


def text_of(app, selector):
    """What a widget of the topmost screen shows."""
    widget = app.screen.query(selector).first()
    if isinstance(widget, Lines):
        return widget.plain
    shown = widget.render()
    return shown.plain if isinstance(shown, Text) else str(shown)


def notices(app):
    return [notice.message for notice in app._notifications]


async def write(pilot, text):
    for character in text:
        await pilot.press("space" if character == " " else character)
