"""A step that the proxy holds is answered at the screen, which is another program's."""

import asyncio

import httpx
import pytest

from flyball import Ruling, Verdict
from flyball.adapters import Supervision
from flyball.adapters.proxy import Proxy
from flyball.ledger import Ledger
from tests.adapters.servers import ScriptedServer, proxied, said, upstream
from tests.tui.conftest import screen, text_of, until

pytestmark = pytest.mark.anyio
ASK = {"model": "small", "messages": [{"role": "user", "content": "open the door"}]}


class AsksAtFirst:
    name = "asks_at_first"

    def judge(self, trajectory):
        if trajectory.last.index:
            return Verdict(monitor=self.name)
        return Verdict(monitor=self.name, ruling=Ruling.ASK, reason="is this all right?")


@pytest.mark.parametrize(("key", "ruling"), [("a", Ruling.CONTINUE), ("x", Ruling.REVISE)])
async def test_a_person_answers_what_the_proxy_holds(path, key, ruling):
    server = ScriptedServer(said("", ("open", {"what": "door"})), said("I leave it shut."))
    with Ledger(path) as ledger:
        supervision = Supervision(ledger=ledger, monitors=[AsksAtFirst()])

        def make(behind):
            return Proxy(upstream=upstream(behind), supervision=supervision)

        with proxied(server, make) as base:
            async with httpx.AsyncClient(timeout=20) as client, screen(path) as (app, pilot):
                asked = asyncio.create_task(client.post(f"{base}/chat/completions", json=ASK))
                await until(pilot, lambda: len(ledger.runs()) == 1)
                await pilot.press("f2")
                await until(pilot, lambda: "open" in text_of(app, "#ask"))
                assert "a approves" in text_of(app, "#ask")
                await pilot.press(key)
                answer = await asked
        message = answer.json()["choices"][0]["message"]
        assert ("tool_calls" in message) == (ruling is Ruling.CONTINUE)
        [run] = ledger.runs()
        decision = ledger.steps(run.id)[0].decision
        assert (decision.ruling, decision.by) == (ruling, "human")
