"""Runs of hosts that end without an answer: by an error, a limit, or whoever leaves."""

import inspect_ai
import pytest
import smolagents
from inspect_ai.agent import react
from inspect_ai.dataset import Sample
from inspect_ai.model import get_model
from inspect_ai.solver import generate, use_tools
from inspect_ai.tool import tool
from starlette.responses import JSONResponse

from flyball.adapters import Supervision
from flyball.adapters.inspect_ai import supervision_approver
from flyball.adapters.smolagents import supervise
from tests.adapters.hosts import DONE, LOOK, OTHER, PROMPT, inspect_look, look
from tests.adapters.servers import ScriptedServer, served

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("left_open")]


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def broken(body):
    return JSONResponse({"error": {"message": "no power"}}, 400)


def smol(base, ledger, **more):
    model = smolagents.OpenAIModel(model_id="small", api_base=base, api_key="k")
    agent = smolagents.ToolCallingAgent(
        tools=[smolagents.tool(look)], model=model, verbosity_level=0, **more
    )
    supervise(agent, Supervision(ledger=ledger))
    return agent


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_smolagents_that_raises_fails_its_run_with_its_steps(ledger, stream):
    with served(ScriptedServer(LOOK, broken).app) as base:
        agent = smol(base, ledger)
        with pytest.raises(smolagents.AgentGenerationError) as raised:
            list(agent.run(PROMPT, stream=True)) if stream else agent.run(PROMPT)
    [run] = ledger.runs()
    assert (run.status, run.reason) == ("failed", repr(raised.value))
    assert [step.action.tool for step in ledger.steps(run.id)] == ["look"]


def test_smolagents_whose_callback_raises_fails_its_run(ledger):
    def leave(step):
        raise OSError("the disk is full")

    with served(ScriptedServer(LOOK).app) as base, pytest.raises(OSError, match="disk"):
        smol(base, ledger, step_callbacks=[leave]).run(PROMPT)
    [run] = ledger.runs()
    assert (run.status, len(ledger.steps(run.id))) == ("failed", 1)


def test_smolagents_that_reaches_its_limit_closes_its_run(ledger):
    with served(ScriptedServer(LOOK, OTHER, DONE).app) as base:
        smol(base, ledger, max_steps=2).run(PROMPT)
    [run] = ledger.runs()
    tools = [step.action.tool for step in ledger.steps(run.id)]
    assert (run.status, tools[:2]) == ("finished", ["look", "look"])


def test_smolagents_that_nobody_listens_to_any_more_closes_its_run(ledger):
    with served(ScriptedServer(LOOK).app) as base:
        steps = smol(base, ledger).run(PROMPT, stream=True)
        next(steps)
        steps.close()
    [run] = ledger.runs()
    assert (run.status, len(ledger.steps(run.id))) == ("finished", 1)


def sample(base, ledger, solver, *, tries=1, **more):
    approval = [
        inspect_ai.approval.ApprovalPolicy(supervision_approver(Supervision(ledger=ledger)), "*")
    ]
    task = inspect_ai.Task(
        dataset=[Sample(input=PROMPT, id="s")], solver=solver, approval=approval, **more
    )
    model = get_model(
        "openai/small", base_url=base, api_key="k", memoize=False, responses_api=False
    )
    inspect_ai.eval(task, model=model, display="none", log_dir="logs", retry_on_error=tries - 1)
    return ledger.runs()


@tool(name="look")
def locked():
    async def execute(at: str) -> str:
        """Look at a thing.

        Args:
            at: What to look at.
        """
        raise OSError("the door is locked")

    return execute


@pytest.mark.parametrize(
    ("script", "solver", "limits", "status"),
    [
        ((LOOK,), [react(prompt=None, tools=[inspect_look()])], {"message_limit": 4}, "finished"),
        ((LOOK, DONE), [use_tools(inspect_look()), generate()], {}, "finished"),
        ((LOOK,), [react(prompt=None, tools=[locked()])], {}, "failed"),
    ],
    ids=["limit", "answer", "error"],
)
def test_a_sample_of_inspect_ai_closes_its_run_whatever_ends_it(
    ledger, script, solver, limits, status
):
    with served(ScriptedServer(*script).app) as base:
        [run] = sample(base, ledger, solver, **limits)
    assert run.status == status
    assert ("the door is locked" in run.reason) == (status == "failed")
    assert {step.action.tool for step in ledger.steps(run.id)} == {"look"}


def test_a_sample_that_is_tried_again_has_a_run_each_time(ledger):
    with served(ScriptedServer(LOOK).app) as base:
        solver = [react(prompt=None, tools=[locked()])]
        runs = sample(base, ledger, solver, tries=2)
    assert [run.status for run in runs] == ["failed", "failed"]
