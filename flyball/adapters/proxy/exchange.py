"""One request: asked of an upstream, judged, obeyed, and answered."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

from flyball.adapters.actions import action_of, priced
from flyball.adapters.endings import stops
from flyball.adapters.proxy.asking import EVENTS, JSON, Attempt, Desk, Head, ask
from flyball.adapters.proxy.runs import Given, Live, seen_in
from flyball.adapters.proxy.talk import Asked, Dialect, Reply, table
from flyball.adapters.proxy.upstream import parsed
from flyball.errors import LedgerError
from flyball.records import Action, HandOver, Observation, Ruling, Spend, Step, Usage

MOST_HAND_BACKS = 2
"""How often an action is handed back within one request; then it is passed on."""
KEEP_ALIVE_SECONDS = 10.0
WAITING = b": waiting for approval\n\n"
LOG = logging.getLogger("flyball.proxy")


class Exchange:
    """A request in the hands of a desk."""

    def __init__(
        self, desk: Desk, dialect: Dialect, asked: Asked, live: Live, headers: Mapping[str, str]
    ) -> None:
        given = live.given.get(asked.after)
        if given is not None:
            asked = replace(asked, after=given.id)
        self.desk, self.dialect, self.asked, self.live = desk, dialect, asked, live
        self._keeper = given.driver if given else live.home
        """Who knows the conversation, where the request says only what is new."""
        self._headers = headers
        self._seen = seen_in(asked.said, live)
        self._sent: list[Mapping[str, Any]] = []
        self._begun = False
        self._tries = 0

    async def answer(self) -> AsyncIterator[Head | bytes]:
        """The head of the answer, and then its body as it comes."""
        async with self.live.lock:
            if self.live.stopped:
                for piece in self._final(Usage()):
                    yield piece
                return
            body: dict[str, Any] | None = self._question()
            while body is not None:
                attempt = self._attempt()
                try:
                    async for piece in ask(self.desk, self.dialect, self.asked, attempt, body):
                        self._begun = True
                        yield piece
                    reviewing = asyncio.ensure_future(self._review(attempt))
                    async for waiting in self._until(reviewing):
                        yield waiting
                finally:
                    self._note_broken(attempt)
                step = reviewing.result()
                body = None if step is None else self._again(attempt, step, body)
                if body is None:
                    for piece in self._passed_on(attempt, step):
                        yield piece

    def _question(self) -> dict[str, Any]:
        """What is asked first."""
        if self.desk.upstream(self._driver) is not self.desk.upstream(self.live.driver):
            self.live.supervisor.unobeyed(self._kept_by)
        return self.dialect.body(self.asked, stream=self.asked.stream)

    async def _until(self, reviewing: asyncio.Future[Step | None]) -> AsyncIterator[bytes]:
        """Wait for a review; a person may take so long that the client has to be told."""
        while not reviewing.done():
            await asyncio.wait([reviewing], timeout=KEEP_ALIVE_SECONDS)
            if not reviewing.done() and self._begun and self.asked.stream:
                yield WAITING

    @property
    def _driver(self) -> str:
        return self._keeper if self.asked.after else self.live.driver

    @property
    def _kept_by(self) -> str:
        return f"only {self._keeper} knows the conversation, which the client does not send"

    @property
    def _at_home(self) -> bool:
        return self.desk.upstream(self._driver) is self.desk.home

    def _attempt(self) -> Attempt:
        stream, self._tries = self.asked.stream and self._tries == 0, self._tries + 1
        return Attempt(
            upstream=self.desk.upstream(self._driver),
            draft=self.dialect.draft(self.asked, stream=stream),
            stream=stream,
            passed=self._sent,
            headers=self._headers,
        )

    async def _review(self, attempt: Attempt) -> Step | None:
        """Judge what was proposed; a question that the home upstream refused is no step."""
        if attempt.refused and self._at_home:
            attempt.reviewed = True
            self.desk.shares.end(attempt)
            return None
        spend = await self._spend(attempt)
        action = self._action(attempt)
        attempt.reviewed = True
        try:
            return await self.live.supervisor.areview(
                self._seen,
                action,
                policy=self._driver,
                policy_spend=spend,
                fault=attempt.fault,
            )
        except LedgerError as error:
            # What watches must not break what it watches.
            LOG.error("%s", error)
            return Step(index=0, policy=self._driver, observation=self._seen, action=action)

    def _action(self, attempt: Attempt) -> Action:
        if attempt.refused and not attempt.fault:
            status = attempt.head.status if attempt.head else 0
            attempt.fault = f"{attempt.upstream.name} refused the question ({status})"
        if attempt.fault:
            return Action(tool="invalid", arguments={"why": attempt.fault})
        reply = attempt.draft.reply()
        return action_of(
            reply.calls,
            reply.text,
            thought=reply.thought,
            logprobs=reply.logprobs,
            entropies=reply.entropies,
        )

    async def _spend(self, attempt: Attempt) -> Spend:
        spend, local = self.desk.spent(attempt), attempt.upstream.local
        if local or not attempt.draft.reply().counted:
            return spend
        model = attempt.upstream.model or self.asked.model
        return replace(spend, usage=await asyncio.to_thread(priced, attempt.usage, model))

    def _note_broken(self, attempt: Attempt) -> None:
        """Write down what a client took that went away in mid-answer."""
        if attempt.reviewed:
            return
        attempt.fault = attempt.fault or "the client went away in mid-answer"
        try:
            self.live.supervisor.review(
                self._seen,
                self._action(attempt),
                policy=self._driver,
                policy_spend=self.desk.spent(attempt),
                fault=attempt.fault,
            )
            self.live.supervisor.close(failed=attempt.fault)
        except LedgerError as error:
            LOG.error("%s", error)

    def _again(
        self, attempt: Attempt, step: Step, body: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """What to ask next in place of passing the answer on; `None` where it is passed on."""
        decision = step.decision
        taker = decision.policy if decision.policy not in (None, step.policy) else None
        if why := self._cannot(attempt, step, taker):
            self.live.supervisor.unobeyed(why)
            return None
        if taker:
            self._hand_over(step, taker)
        if decision.ruling not in (Ruling.REVISE, Ruling.ESCALATE) or (attempt.fault and not taker):
            return None
        self._seen = Observation(source="governor", text=decision.reason, ok=False)
        if taker:
            return self.dialect.noted(
                self.dialect.body(self.asked, stream=False), _note(step, taker)
            )
        whole = self.dialect.body(replace(self.asked, body=body), stream=False)
        reason = f"Not carried out: {decision.reason}"
        return self.dialect.handed_back(whole, attempt.draft.reply(), reason)

    def _cannot(self, attempt: Attempt, step: Step, taker: str | None) -> str:
        """Why a decision cannot be obeyed; empty where it can."""
        ruling = step.decision.ruling
        if taker and taker not in self.desk.others and taker != self.live.home:
            return f"no upstream is called {taker}"
        if taker and self.asked.after and self.desk.upstream(taker) is not attempt.upstream:
            return self._kept_by
        if ruling is Ruling.VERIFY:
            return "the proxy has nothing to verify with"
        if ruling is Ruling.CONTINUE or attempt.fault:
            return ""
        if self._is_out(attempt):
            return "its answer was passed on as it came"
        if ruling is not Ruling.STOP and self._tries > MOST_HAND_BACKS:
            return f"it was handed back {MOST_HAND_BACKS} times in one request"
        return ""

    def _is_out(self, attempt: Attempt) -> bool:
        return attempt.stream and not attempt.draft.reply().calls and bool(attempt.passed)

    def _hand_over(self, step: Step, taker: str) -> None:
        told, note = tuple(range(step.index + 1)), _note(step, taker)
        self.live.supervisor.handed_over(
            HandOver(
                giver=step.policy,
                taker=taker,
                kind="full",
                why=step.decision.reason,
                told=told,
                left_out=0,
                text=note,
                characters=len(note) + sum(len(each.text) for each in self.asked.said),
            )
        )

    def _passed_on(self, attempt: Attempt, step: Step | None) -> list[Head | bytes]:
        """The rest of the answer: what was held, a receipt, or what went wrong."""
        supervisor = self.live.supervisor
        if step is not None and attempt.fault:
            supervisor.close(failed=attempt.fault)
            return self._failed(attempt.fault)
        if step is not None and stops(supervisor.trajectory.last):
            supervisor.close()
            return self._final(attempt.usage)
        if step is not None:
            self.live.answered = attempt.draft.reply()
            self._keep(step.policy, self.live.answered.id)
            if not self.live.answered.calls:
                supervisor.close()
        if attempt.stream:
            return list(attempt.held)
        if not self.asked.stream or attempt.refused:
            return [attempt.head or Head(200, JSON), attempt.whole]
        answer = parsed(attempt.whole)
        return [*self._opened(), *self.dialect.tail(self.asked, answer, self._sent)]

    def _opened(self) -> list[Head]:
        opened, self._begun = self._begun, True
        return [] if opened else [Head(200, EVENTS)]

    def _final(self, usage: Usage) -> list[Head | bytes]:
        text = self.live.supervisor.receipt()
        answer = self.dialect.final(self.asked, text, usage)
        self.live.answered = Reply(text=text)
        self._keep(self._driver, str(answer.get("id") or ""))
        if not self.asked.stream:
            return [Head(200, JSON), _json(answer)]
        return [*self._opened(), *self.dialect.tail(self.asked, answer, self._sent)]

    def _keep(self, driver: str, answer: str) -> None:
        """Remember an answer; one whose events are another's is known to the client by its id."""
        begun = table(self._sent[0].get("response")) if self._sent else {}
        if answer:
            self.live.keep(str(begun.get("id") or answer), Given(driver, answer))

    def _failed(self, why: str) -> list[Head | bytes]:
        if self._begun:
            return [self.dialect.error_event(why)]
        return [Head(502, JSON), _json(self.dialect.error(502, why))]


def _note(step: Step, taker: str) -> str:
    why = step.fault or step.decision.reason
    return f"(You take over from {step.policy}: {why}. Go on from here, in your own way.)"


def _json(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode(errors="replace")
