"""What is made of a run that is taken up again, without a world."""

from dataclasses import replace

import pytest

from flyball import Action, Budget, Decision, Observation, Ruling, Run, Task
from flyball.agents import Begun, attempt, check_resumable, first_look, last_address, taken_up
from flyball.agents.account import account
from flyball.errors import ConfigError
from flyball.ledger import MEMORY, Ledger, receipt_of
from flyball.monitors import OverBudget
from flyball.records import Price, Verdict
from flyball.testing import trajectory
from tests.conftest import DONE, ECHO

SEEN = Observation(source="page", text="url http://a/1\na page")
TASK = Task(id="t", prompt="p", budget=Budget(steps=2))


def shown(*texts):
    run = trajectory([Action(tool="click")] * len(texts), task=TASK)
    steps = [
        replace(step, observation=Observation(source="page", text=text))
        for step, text in zip(run.steps, texts, strict=True)
    ]
    return replace(run, steps=tuple(steps))


def stopped(run, **decision):
    last = replace(
        run.last,
        verdicts=(Verdict(monitor="m", ruling=Ruling.STOP, reason="enough", evidence=(0, 1)),),
        decision=Decision(ruling=Ruling.STOP, reason="enough", by="m", **decision),
    )
    return run.amend(last)


async def test_a_run_goes_on_with_its_steps_and_its_spend(crew):
    with Ledger(MEMORY) as ledger:
        parts, _ = crew([ECHO] * 9, [OverBudget()])
        first = Run(id="r", task=TASK, policy="small")
        first = await attempt(first, parts, ledger, observation=SEEN)
        assert first.status == "stopped"
        done = ledger.trajectory("r")
        again = taken_up(first, done, parts, policy="large", budget=Budget(steps=9))
        ended = await attempt(again, parts, ledger, observation=SEEN, begun=Begun(done=done.steps))
        kept = ledger.trajectory("r")
    assert (ended.status, ended.policy, ended.strong) == ("finished", "large", "small")
    assert [step.policy for step in kept.steps] == ["small"] * 3 + ["large"]
    assert kept.steps[:3] == done.steps
    assert kept.last.action == DONE
    [ending] = ended.endings
    assert (ending.steps, ending.policy, ending.ended_by) == (3, "small", "over_budget")


def test_the_last_address_is_the_newest_that_holds_no_password():
    run = shown("url http://a/1\nx", "url http://a/2?p=•••\nx", "the governor's word")
    assert last_address(run) == "http://a/1"
    assert last_address(shown("nothing")) is None


def test_what_is_known_of_the_last_action_is_told():
    told = {"status": "stopped", "reason": "enough"}
    run = Run(id="r", task=TASK, agent="web", policy="small", **told)
    left = first_look(run, stopped(shown("url http://a/1")), SEEN)
    assert (left.ok, left.text) == (False, SEEN.text)
    assert "left undone" in left.note
    unsure = first_look(run, shown("url http://a/1"), SEEN)
    assert unsure.ok
    assert "not known" in unsure.note
    assert first_look(run, shown(), SEEN) == SEEN
    killed = first_look(replace(run, status="running", reason=""), shown(), SEEN)
    assert "may have done one thing more" in killed.note
    code = first_look(replace(run, agent="code"), shown("calc.py"), SEEN)
    assert "the repository was copied anew, with what had been changed" in code.note


def test_a_step_that_was_stopped_is_told_as_not_carried_out():
    told = account(stopped(shown("url http://a/1")), SEEN)
    assert told == "1. click {} -> not carried out: enough"


def test_a_receipt_says_why_on_what_evidence_and_what_going_on_was_to_cost():
    run = Run(id="r", task=TASK, policy="small", status="stopped", ended_by="m", reason="enough")
    price = Price(ruling=Ruling.CONTINUE, chance=0.4, joules=3.0)
    receipt = receipt_of(run, stopped(shown("a", "b"), prices=(price, Price(ruling=Ruling.STOP))))
    assert receipt is not None
    assert (receipt.by, receipt.why, receipt.evidence) == ("m", "enough", (0, 1))
    assert receipt.undone == Action(tool="click")
    assert receipt.expected == price
    unpriced = stopped(shown("a"), prices=(Price(ruling=Ruling.CONTINUE),))
    assert receipt_of(run, unpriced).expected is None
    broken = receipt_of(replace(run, status="failed"), shown("a"))
    assert (broken.evidence, broken.undone) == ((), None)
    assert receipt_of(replace(run, status="finished"), shown("a")) is None
    assert receipt_of(run, shown()).spent.seconds == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": "finished"}, "is finished"),
        ({"status": "running"}, "add --killed"),
        ({"agent": "swe-agent"}, "made by swe-agent"),
        ({"task": replace(TASK, suite="web")}, "an episode of web"),
    ],
)
def test_what_cannot_be_taken_up_is_refused(changes, said):
    run = Run(id="r", task=TASK, policy="small", agent="web", status="stopped")
    check_resumable(run)
    check_resumable(replace(run, agent="code"))
    with pytest.raises(ConfigError, match=said):
        check_resumable(replace(run, **changes))
