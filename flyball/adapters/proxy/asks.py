"""Steps that wait for a person, and what the person says."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from flyball.records import Action, Decision, Ruling, Step
from flyball.steering import Helm, helm_folder

ANSWERS = {"continue": Ruling.CONTINUE, "revise": Ruling.REVISE, "stop": Ruling.STOP}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A step that waits for a person."""

    id: str
    run: str
    step: Step
    answer: asyncio.Future[Decision]


async def _heard(waiting: Waiting) -> Decision:
    """What a person says first: over HTTP, or at a screen that watches the run."""
    with suppress(OSError):  # where no socket can be opened, HTTP is left
        async with Helm(helm_folder() / "proxy", waiting.run, (), read=_refused) as helm:
            at_screen = asyncio.ensure_future(helm.ask(waiting.step, alone=True))
            try:
                both = (at_screen, waiting.answer)
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                return (waiting.answer if waiting.answer.done() else at_screen).result()
            finally:
                at_screen.cancel()
    return await waiting.answer


def _refused(text: str) -> Action:
    return Action(tool="invalid", arguments={"why": "the client's agent drives, and nobody else"})


class Asks:
    """What is held for approval."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: dict[str, Waiting] = {}

    def of(self, run_id: str) -> Callable[[Step], Awaitable[Decision]]:
        """Put a step of this run to a person, and wait; in the end nobody is there."""

        async def _ask(step: Step) -> Decision:
            answer: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
            waiting = Waiting(id=secrets.token_hex(4), run=run_id, step=step, answer=answer)
            self._waiting[waiting.id] = waiting
            try:
                return await asyncio.wait_for(_heard(waiting), self._seconds)
            except TimeoutError:
                why = f"nobody answered in {self._seconds:g} s: {step.decision.reason}"
                return Decision(ruling=Ruling.STOP, reason=why, by=step.decision.by)
            finally:
                self._waiting.pop(waiting.id, None)

        return _ask

    def listed(self) -> list[dict[str, Any]]:
        """What is held, for programs."""
        return [
            {
                "id": each.id,
                "run": each.run,
                "step": each.step.index,
                "tool": each.step.action.tool,
                "arguments": dict(each.step.action.arguments),
                "by": each.step.decision.by,
                "reason": each.step.decision.reason,
            }
            for each in self._waiting.values()
        ]

    def answered(self, ask_id: str, ruling: str, reason: str) -> bool:
        """Say what is made of a step that is held; whether there was one. Raises `KeyError`."""
        ruled, waiting = ANSWERS[ruling], self._waiting.get(ask_id)
        if waiting is None or waiting.answer.done():
            return False
        why = reason or ("" if ruled is Ruling.CONTINUE else "a person says so")
        waiting.answer.set_result(Decision(ruling=ruled, reason=why, by="human"))
        return True
