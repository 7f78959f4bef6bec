"""What only browser-use does: its tools ask models, it does not wait for ever, it wants a shape."""

import pytest

from flyball import Ruling
from flyball.adapters import Supervision
from flyball.monitors import Repeats
from tests.adapters.apart import Rooms, never, played
from tests.adapters.hosts import acted
from tests.adapters.servers import ScriptedServer, said, served

LOOK = acted("I look.", evaluate={"code": "document.title"})
DONE = acted("", done={"text": "All is done.", "success": True})
EXTRACT = acted("I read.", extract={"query": "what is here"})


@pytest.fixture
def play(ledger):
    def _play(*answers, monitors=(), ask=None, **options):
        supervision = Supervision(ledger=ledger, monitors=monitors, ask=ask)
        with served(ScriptedServer(*answers).app) as base:
            told, output, _ = played(base, supervision, **options)
        [run] = ledger.runs()
        return run, ledger.steps(run.id), told, output

    return _play


def test_unreadable_answers_are_steps_and_what_a_tool_asks_a_model_for_is_counted(play):
    _, steps, _, output = play(said("I would rather not."), EXTRACT, said("A door."), DONE)
    assert output == "All is done."
    assert [step.action.tool for step in steps] == ["invalid", "extract", "finish"]
    assert steps[0].policy_spend.usage.unpriced_requests == 1
    assert not steps[1].observation.ok
    assert "A door." in steps[2].observation.text
    assert [step.tool_spend.usage.requests for step in steps] == [0, 1, 0]
    assert steps[1].tool_spend.usage.input_tokens == steps[1].policy_spend.usage.input_tokens == 11


def test_a_person_whom_the_host_does_not_wait_for_is_recorded_as_not_obeyed(play):
    monitors = [Repeats(limit=1, ruling=Ruling.ASK)]
    patience = {"llm_timeout": 5, "max_failures": 1, "final_response_after_failure": False}
    run, [step], _, _ = play(LOOK, DONE, monitors=monitors, ask=never, **patience)
    assert (run.status, step.decision.ruling) == ("finished", "ask")
    assert step.unobeyed == "the host did not wait for an answer"


def test_where_no_text_may_be_answered_the_receipt_is_an_error(play):
    monitors = [Repeats(limit=1, ruling=Ruling.STOP)]
    run, _, (_, results), output = play(LOOK, monitors=monitors, output_model_schema=Rooms)
    assert (run.status, output) == ("stopped", "")
    assert run.id in results[-1]["error"]
