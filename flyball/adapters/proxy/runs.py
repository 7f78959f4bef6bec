"""Tells runs apart by their conversations: a request goes on from an earlier one."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from flyball.adapters.proxy.asks import Asks
from flyball.adapters.proxy.talk import Asked, Reply, Said
from flyball.adapters.supervision import Supervision
from flyball.adapters.supervisor import Supervisor
from flyball.records import Observation, Ruling, Task, new_run_id

MOST_IDLE = 256
IDLE_SECONDS = 3600.0
LONGEST_PROMPT = 20_000
MOST_ANSWERS = 64
"""Answers of a run that a request may go on from by their ids."""


class Given(NamedTuple):
    """An answer that a client got."""

    driver: str
    """Who gave it, and keeps the conversation up to it."""
    id: str
    """What its upstream calls it."""


class Live:
    """A run that may go on."""

    def __init__(self, supervisor: Supervisor, home: str, name: str) -> None:
        self.supervisor = supervisor
        self.home = home
        """The model that the client asked for first."""
        self.name = name
        self.lock = asyncio.Lock()
        self.chain: tuple[bytes, ...] = ()
        """A digest of each beginning of the newest request."""
        self.answered: Reply | None = None
        self.given: OrderedDict[str, Given] = OrderedDict()
        """The newest answers, by the ids that the client knows."""
        self.used = time.monotonic()

    @property
    def driver(self) -> str:
        return self.supervisor.driver or self.home

    @property
    def stopped(self) -> bool:
        return self.supervisor.run.status == "stopped"

    def keep(self, answer: str, given: Given) -> None:
        """Remember an answer, so that a request may go on from it by its id."""
        self.given[answer] = given
        if len(self.given) > MOST_ANSWERS:
            self.given.popitem(last=False)

    def gave(self, said: Said) -> bool:
        """Whether `said` is the answer that this run got last."""
        reply = self.answered
        if reply is None:
            return False
        ids = tuple(call.id for call in reply.calls)
        return said.calls == ids if ids else said.text.strip() == reply.text.strip()


class Runs:
    """The runs that may go on, the least recently used first."""

    def __init__(self, supervision: Supervision, asks: Asks, *, most_idle: int = MOST_IDLE) -> None:
        self._supervision, self._asks, self._most = supervision, asks, most_idle
        self._lives: OrderedDict[str, Live] = OrderedDict()
        self._named: dict[str, Live] = {}
        self._by_prefix: defaultdict[bytes, dict[str, Live]] = defaultdict(dict)

    def __len__(self) -> int:
        return len(self._lives)

    @property
    def prefixes(self) -> int:
        """How many beginnings of conversations are remembered."""
        return len(self._by_prefix)

    def find(self, asked: Asked, *, name: str = "", agent: str = "proxy") -> Live:
        """The run that a request goes on with, or a new one. A `name` tells it outright."""
        # What says only what is new is no beginning of a conversation.
        chain = () if asked.after else chained(asked.said)
        live = self._known(asked, name, chain)
        if live is None:
            live = self._begin(asked, name, agent)
        self._move(live, chain or live.chain)
        self._forget()
        return live

    def close(self) -> None:
        """Write down how all of them ended."""
        for live in list(self._lives.values()):
            self._drop(live)

    def _known(self, asked: Asked, name: str, chain: Sequence[bytes]) -> Live | None:
        if name:
            return self._named.get(name)
        if asked.after:
            lives = self._lives.values()
            return next((live for live in lives if asked.after in live.given), None)
        return self._goes_on(asked.said, chain)

    def _goes_on(self, said: Sequence[Said], chain: Sequence[bytes]) -> Live | None:
        talk = [each for each in said if each.role != "system"]
        if not any(each.role == "assistant" for each in talk):
            return None
        for length in range(len(chain), 0, -1):
            found = list(self._by_prefix.get(chain[length - 1], {}).values())
            if not found:
                continue
            tips = [live for live in found if len(live.chain) == length]
            if length < len(talk):
                tips = [live for live in tips if live.gave(talk[length])] or tips
            # Of several that say the same, the one that waits longest is next.
            return min(tips or found, key=lambda live: live.used)
        return None

    def _begin(self, asked: Asked, name: str, agent: str) -> Live:
        prompt = next((each.text for each in asked.said if each.role == "user"), "")
        run_id = new_run_id(datetime.now(UTC))
        supervision = replace(self._supervision, ask=self._asks.of(run_id))
        prompt = prompt[:LONGEST_PROMPT]
        task: Task | str = prompt
        if name:
            task = Task(id=name, prompt=prompt, budget=supervision.budget)
        home = asked.model or "upstream"
        live = Live(supervision.begin(task, agent=agent, policy=home, run_id=run_id), home, name)
        if name:
            self._named[name] = live
        return live

    def _move(self, live: Live, chain: tuple[bytes, ...]) -> None:
        run_id = live.supervisor.run.id
        self._unlink(live)
        live.chain, live.used = chain, time.monotonic()
        for prefix in chain:
            self._by_prefix[prefix][run_id] = live
        self._lives[run_id] = live
        self._lives.move_to_end(run_id)

    def _unlink(self, live: Live) -> None:
        run_id = live.supervisor.run.id
        for prefix in live.chain:
            self._by_prefix[prefix].pop(run_id, None)
            if not self._by_prefix[prefix]:
                del self._by_prefix[prefix]

    def _forget(self) -> None:
        now = time.monotonic()
        for live in list(self._lives.values()):
            if len(self._lives) <= self._most and now - live.used < IDLE_SECONDS:
                break
            if not live.lock.locked() and live.used < now:
                self._drop(live)

    def _drop(self, live: Live) -> None:
        self._unlink(live)
        self._lives.pop(live.supervisor.run.id, None)
        self._named.pop(live.name, None)
        if live.supervisor.run.status == "running":
            live.supervisor.close()


def chained(said: Sequence[Said]) -> tuple[bytes, ...]:
    """A digest of each beginning of a conversation, system messages left out."""
    chain, before = [], b""
    for each in said:
        if each.role != "system":
            before = hashlib.blake2b(before + each.digest, digest_size=16).digest()
            chain.append(before)
    return tuple(chain)


def seen_in(said: Sequence[Said], live: Live) -> Observation:
    """What is new in a request since the newest answer in it: what the action is decided on."""
    last = live.supervisor.trajectory.steps[-1:]
    answers = [place for place, each in enumerate(said) if each.role == "assistant"]
    new = [each for each in said[answers[-1] + 1 if answers else 0 :] if each.role != "system"]
    text = "\n".join(each.text for each in new)
    source = next((each.source for each in new if each.role == "tool"), "")
    if not source:
        source = "user" if last and last[0].decision.ruling is Ruling.CONTINUE else "task"
    return Observation(source=source, text=text, ok=all(each.ok for each in new))
