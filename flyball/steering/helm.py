"""The run's end of the socket: what the loop asks before each step, and what a person told it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from flyball.records import HUMAN, Action, Decision, Observation, Ruling, Step, Trajectory
from flyball.steering.orders import Order, Standing, socket_of

Picture = Callable[[Path], Awaitable[None]]
"""Writes what the agent sees to a file, as a PNG."""
LONGEST_LINE = 1 << 20
FIRST_SECONDS = 15.0
"""How long the first question waits for the first watcher: the screen that started a run connects
once it has found the run in the ledger."""

ANSWERS = {
    "continue": (Ruling.CONTINUE, "approved"),
    "revise": (Ruling.REVISE, "refused"),
    "stop": (Ruling.STOP, "stopped"),
}
LASTING = {
    "always": (Ruling.CONTINUE, "approved for this run"),
    "never": (Ruling.REVISE, "refused for this run"),
}
"""Answers that hold for whatever is asked for the same reason later in the run."""


class Helm:
    """Listens for a person's orders while a run goes on. An async context manager.

    What is ordered holds from the next step on; nothing that is under way is broken off but by
    `stop`, where the run waits for a person.
    """

    def __init__(
        self,
        named: Path,
        run_id: str,
        policies: Sequence[str],
        *,
        read: Callable[[str], Action],
        picture: Picture | None = None,
        pictures: Path | None = None,
    ) -> None:
        """The run listens beside `named`, a file that is to tell which run this process makes.

        `read` makes an action of what is typed; `pictures` is where each step's picture goes.
        """
        self.standing = Standing(run=run_id, policies=tuple(policies))
        self._path = socket_of(named.parent, run_id)
        self._named = named
        self._read, self._picture, self._pictures = read, picture, pictures
        self._watchers = set[asyncio.StreamWriter]()
        self._changed = asyncio.Event()
        self._met = asyncio.Event()
        self._actions = asyncio.Queue[Action]()
        self._answer: Decision | None = None
        self._asked = ("", "")
        self._settled: dict[tuple[str, str], Decision] = {}
        """What a person answered for the whole run, by who asked and why."""
        self._hand_to = ""
        self._stop = ""

    async def __aenter__(self) -> Self:
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._listen, self._path, limit=LONGEST_LINE)
        # Whoever started this process finds out which run it is.
        self._named.write_text(self.standing.run, encoding="utf-8")
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.close()
        for watcher in self._watchers:
            watcher.close()
        self._path.unlink(missing_ok=True)

    async def turn(self, trajectory: Trajectory, seen: Observation, policy: str) -> Action | None:
        """Wait while the run is held; the action of a person who drives, else `None`."""
        await self._keep_picture(len(trajectory.steps))
        self._tell(driver=policy)
        while not self._stop:
            if self.standing.wheel:
                if not self._actions.empty():
                    self._tell(waiting="", question="")
                    return self._actions.get_nowait()
                self._tell(waiting="action", question=seen.text)
            elif not self.standing.paused:
                break
            await self._change()
        self._tell(waiting="", question="")
        return None

    def overrule(self, step: Step) -> Decision | None:
        """What a person decided on `step`, whatever the monitors say; `None`: nothing."""
        if self._stop:
            return Decision(ruling=Ruling.STOP, reason=self._stop, by=HUMAN)
        if to := self._hand_to:
            self._hand_to = ""
            why = f"a person hands over to {to}"
            return Decision(ruling=Ruling.ESCALATE, reason=why, policy=to, by=HUMAN)
        # A person at the wheel is not corrected, but a budget is a budget.
        if step.policy == HUMAN and step.decision.ruling is not Ruling.STOP:
            return Decision(reason="a person drives", by=HUMAN)
        return None

    async def ask(self, step: Step, *, alone: bool = False) -> Decision:
        """Put a step to whoever watches; where nobody does, or all leave, the run is stopped.

        `alone`: wait all the same, as somebody may come. The first watcher may be on the way.
        """
        self._answer, self._asked = None, (step.decision.by, step.decision.reason)
        if settled := self._settled.get(self._asked):
            return settled
        asked = step.action.text or f"{step.action.tool} {dict(step.action.arguments)}"
        self._tell(waiting="answer", question=f"{asked}\n{step.decision.reason}")
        if not alone:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._met.wait(), FIRST_SECONDS)
        while self._answer is None and (self._watchers or alone) and not self._stop:
            await self._change()
        self._tell(waiting="", question="")
        if self._answer is not None:
            return self._answer
        why = self._stop or f"nobody is there to ask: {step.decision.reason}"
        by = HUMAN if self._stop else step.decision.by
        return Decision(ruling=Ruling.STOP, reason=why, by=by)

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._watchers.add(writer)
        self._met.set()
        # What is said already is read first: writing to one who is gone would lose it.
        await asyncio.sleep(0)
        writer.write(self.standing.to_line())
        bound = False
        with suppress(ConnectionError, ValueError):
            while line := await reader.readline():
                order = Order.from_line(line)
                if order is None:
                    self._tell(problem="that order is not understood")
                elif order.do == "bind":
                    bound = True
                else:
                    self._obey(order)
        self._watchers.discard(writer)
        writer.close()
        if bound and not self._watchers:
            self._stop = "the screen that it was bound to is gone"
        self._changed.set()

    def _obey(self, order: Order) -> None:
        self._tell(problem="")
        match order.do:
            case "pause" | "resume":
                self._tell(paused=order.do == "pause")
            case "take_wheel" | "leave_wheel":
                self._tell(wheel=order.do == "take_wheel")
            case "stop":
                self._stop = order.text or "stopped by a person"
                self._tell(stopping=True)
            case "hand_over":
                self._hand_over(order.to)
            case "act":
                self._act(order.text)
            case "answer":
                self._decide(order)
        self._changed.set()

    def _hand_over(self, to: str) -> None:
        if to not in self.standing.policies:
            known = ", ".join(self.standing.policies)
            self._tell(problem=f"there is no {to!r} to hand over to; there are: {known}")
        elif to == self.standing.driver:
            self._tell(problem=f"{to} drives already")
        else:
            self._hand_to = to

    def _act(self, text: str) -> None:
        action = self._read(text)
        if action.tool == "invalid":
            why = action.arguments.get("why", "it cannot be read")
            self._tell(problem=f'not done: {why}; for example: click button "Login" 3')
        else:
            self._actions.put_nowait(action)

    def _decide(self, order: Order) -> None:
        known = {**ANSWERS, **LASTING}
        if order.to not in known:
            self._tell(problem=f"an answer is {', '.join(known)}, not {order.to!r}")
            return
        ruling, said = known[order.to]
        decision = Decision(ruling=ruling, reason=order.text or f"{said} by a person", by=HUMAN)
        if order.to in LASTING and self.standing.waiting == "answer":
            self._settled[self._asked] = decision
        self._answer = decision

    def _tell(self, **changes: object) -> None:
        """Change how the run stands, and tell whoever watches, if that is news."""
        standing = replace(self.standing, **changes)  # type: ignore[arg-type]
        if standing == self.standing:
            return
        self.standing = standing
        for watcher in self._watchers:
            # One that reads no more is not waited for: the run goes on.
            with suppress(ConnectionError):
                watcher.write(standing.to_line())

    async def _keep_picture(self, index: int) -> None:
        if self._picture is None or self._pictures is None:
            return
        with suppress(OSError):
            self._pictures.mkdir(parents=True, exist_ok=True)
            await self._picture(self._pictures / f"{index:05d}.png")
