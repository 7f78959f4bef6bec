"""Other people's own agent loops under supervision, one after the other in the same trials."""

import pytest

from flyball import Ruling
from flyball.adapters import Supervision
from flyball.monitors import Bursts, OverBudget, Repeats, Strictest
from tests.adapters.hosts import HOSTS, Host
from tests.adapters.servers import ScriptedServer, served

each_host = pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("left_open")]


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def play(host: Host, server: ScriptedServer, supervision: Supervision | None):
    with served(server.app) as base:
        return host.play(base, supervision)


@each_host
def test_continue_changes_nothing_and_the_ledger_has_every_step_with_tokens(host, ledger):
    script = (host.look, host.look, host.done)
    bare, server = ScriptedServer(*script), ScriptedServer(*script)
    expected = play(host, bare, None)
    assert play(host, server, Supervision(ledger=ledger, monitors=[OverBudget()])) == expected
    assert host.asked(server) == host.asked(bare)
    [run] = ledger.runs()
    steps = ledger.steps(run.id)
    assert len(steps) == 3
    assert [step.observation.source == "task" for step in steps] == [True, False, False]
    assert {step.policy_spend.usage.input_tokens for step in steps} == {11}
    assert {step.policy_spend.usage.output_tokens for step in steps} == {5}
    assert run.agent == (host.agent_name or host.name)
    assert run.policy.endswith("small")
    assert run.status == "finished"
    assert run.task.prompt == "look around"


@each_host
def test_thinking_is_told_apart_where_the_host_keeps_it_and_is_unknown_else(host, ledger):
    server = ScriptedServer(host.look | {"thought": 2}, host.done)
    play(host, server, Supervision(ledger=ledger, monitors=[OverBudget()]))
    first, last = ledger.steps(ledger.runs()[0].id)
    # These two keep no such count.
    kept = None if host.name.startswith(("smolagents", "browser_use")) else 2
    assert first.policy_spend.usage.reasoning_tokens == kept
    assert last.policy_spend.usage.reasoning_tokens is None


@each_host
def test_supervision_that_is_off_leaves_the_host_as_it_is_to_the_byte(host, ledger):
    script = (host.look, host.look, host.look, host.done)
    bare, server = ScriptedServer(*script), ScriptedServer(*script)
    expected = play(host, bare, None)
    monitors = [Repeats(limit=2, ruling=Ruling.STOP)]
    off = Supervision(ledger=ledger, monitors=monitors, enabled=False)
    assert repr(play(host, server, off)) == repr(expected)
    assert host.asked(server) == host.asked(bare)
    assert not ledger.runs()


@each_host
def test_escalate_reaches_the_second_model_and_returns(host, ledger):
    server = ScriptedServer(host.look, host.look, host.look, host.done, large=[host.other])
    supervision = Supervision(
        ledger=ledger,
        monitors=[Repeats(limit=2, ruling=Ruling.ESCALATE, policy="large")],
        governor=Strictest(bursts=Bursts(steps=1, cooldown=9)),
    )
    _, output = play(host, server, supervision)
    assert "All is done." in output
    models = [body["model"] for body in server.requests]
    [run] = ledger.runs()
    steps = ledger.steps(run.id)
    if not host.escalates:
        assert set(models) == {"small"}
        assert steps[2].unobeyed == "an approver cannot change the model, or verify"
        return
    assert models == ["small"] * 3 + ["large", "small"]
    assert "take over from small" in str(server.requests[3]["messages"][-1]["content"])
    assert [step.policy for step in steps] == models
    assert steps[2].hand_over.taker == "large"
    assert not any(step.unobeyed for step in steps)


@each_host
def test_stop_ends_the_run_with_the_receipt(host, ledger):
    server = ScriptedServer(host.look)
    supervision = Supervision(ledger=ledger, monitors=[Repeats(limit=2, ruling=Ruling.STOP)])
    _, output = play(host, server, supervision)
    [run] = ledger.runs()
    assert "Stopped by repeats" in output
    assert run.id in output
    assert (run.status, run.ended_by) == ("stopped", "repeats")
    assert len(server.requests) == 3


@each_host
def test_an_action_is_handed_back_with_the_reason(host, ledger):
    server = ScriptedServer(host.look, host.look, host.look, host.other, host.done)
    _, output = play(host, server, Supervision(ledger=ledger, monitors=[Repeats(limit=2)]))
    assert "All is done." in output
    assert "tried 2 times" in str(server.requests[3]["messages"][-1]["content"])
    [run] = ledger.runs()
    assert [step.decision.ruling for step in ledger.steps(run.id)] == [
        "continue", "continue", "revise", "continue", "continue",
    ]  # fmt: skip


@each_host
def test_what_it_cannot_do_is_recorded_as_not_obeyed(host, ledger):
    monitors = [Repeats(limit=1, ruling=Ruling.VERIFY)]
    play(host, ScriptedServer(host.look, host.done), Supervision(ledger=ledger, monitors=monitors))
    [run] = ledger.runs()
    assert ledger.steps(run.id)[0].unobeyed
