"""LangChain's own agent loop and a LangGraph, under supervision."""

import asyncio

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware, ModelRetryMiddleware
from langchain_core.messages import HumanMessage
from langchain_core.tools import StructuredTool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import Command
from starlette.responses import JSONResponse

from flyball import Ruling, Supervisor, Task
from flyball.adapters import Supervision
from flyball.adapters.langchain import _RAISING, SupervisionMiddleware, watched_node
from flyball.monitors import Bursts, OverBudget, Repeats, Strictest
from tests.adapters.servers import ScriptedServer, said, served

LOOK = said("I look.", ("look", {"at": "door"}))
DONE = said("All is done.")
ASK = {"messages": [HumanMessage("look around", id="m0")]}


def look(at: str) -> str:
    """Look at a thing."""
    return "a door"


def told(messages):
    """A transcript, without the ids and times that are never the same twice."""
    return [
        (
            each.type,
            each.content,
            [(call["name"], call["args"], call["id"]) for call in getattr(each, "tool_calls", [])],
            getattr(each, "usage_metadata", None),
        )
        for each in messages
    ]


def model(base, name="small"):
    return ChatOpenAI(model=name, base_url=base, api_key="k", max_retries=0)


def run(server, supervision=None, *, strong=False, **more):
    """The agent's transcript; without `supervision` it is the bare host."""
    with served(server.app) as base:
        middleware = []
        if supervision is not None:
            large = {"large": model(base, "large")} if strong else None
            middleware = [SupervisionMiddleware(supervision, strong=large)]
        agent = create_agent(model(base), tools=[look], middleware=middleware, **more)
        return agent.invoke(ASK)


def test_continue_changes_nothing_and_the_ledger_has_every_step_with_tokens(ledger):
    bare = ScriptedServer(LOOK, LOOK, DONE)
    server = ScriptedServer(LOOK, LOOK, DONE)
    supervision = Supervision(ledger=ledger, monitors=[OverBudget()])
    expected, state = run(bare), run(server, supervision)
    assert told(state["messages"]) == told(expected["messages"])
    assert state.keys() == expected.keys()
    assert server.requests == bare.requests
    [run_] = ledger.runs()
    steps = ledger.steps(run_.id)
    assert [step.action.tool for step in steps] == ["look", "look", "finish"]
    assert [step.observation.source for step in steps] == ["task", "look", "look"]
    assert {step.policy_spend.usage.output_tokens for step in steps} == {5}
    assert (run_.agent, run_.policy, run_.status) == ("langchain", "small", "finished")


def test_escalate_reaches_the_second_model_and_returns(ledger):
    server = ScriptedServer(
        LOOK, LOOK, LOOK, DONE, large=[said("I see.", ("look", {"at": "roof"}))]
    )
    supervision = Supervision(
        ledger=ledger,
        monitors=[Repeats(limit=2, ruling=Ruling.ESCALATE, policy="large")],
        governor=Strictest(bursts=Bursts(steps=1, cooldown=9)),
    )
    state = run(server, supervision, strong=True)
    assert [body["model"] for body in server.requests] == ["small"] * 3 + ["large", "small"]
    assert "take over from small" in server.requests[3]["messages"][-1]["content"]
    assert state["messages"][-1].text.strip() == "All is done."
    [run_] = ledger.runs()
    assert [step.policy for step in ledger.steps(run_.id)] == [
        body["model"] for body in server.requests
    ]


def test_stop_ends_the_run_with_the_receipt(ledger):
    supervision = Supervision(ledger=ledger, monitors=[Repeats(limit=2, ruling=Ruling.STOP)])
    state = run(ScriptedServer(LOOK), supervision)
    last = state["messages"][-1]
    assert last.text.startswith("Stopped by repeats")
    assert last.tool_calls == []
    [run_] = ledger.runs()
    assert run_.status == "stopped"
    assert run_.id in last.text


def test_what_is_handed_back_does_not_show_in_the_transcript(ledger):
    server = ScriptedServer(LOOK, LOOK, LOOK, said("", ("look", {"at": "roof"})), DONE)
    state = run(server, Supervision(ledger=ledger, monitors=[Repeats(limit=2)]))
    assert server.requests[3]["messages"][-1]["content"].startswith("Not carried out")
    calls = [
        call["args"]["at"] for each in state["messages"] for call in getattr(each, "tool_calls", [])
    ]
    assert calls == ["door", "door", "roof"]


def test_what_it_cannot_do_is_recorded_as_not_obeyed(ledger):
    supervision = Supervision(ledger=ledger, monitors=[Repeats(limit=1, ruling=Ruling.VERIFY)])
    run(ScriptedServer(LOOK, DONE), supervision)
    [run_] = ledger.runs()
    assert ledger.steps(run_.id)[0].unobeyed == "the host has nothing to verify with"


async def test_an_agent_that_does_not_wait_has_many_runs_at_a_time(ledger):
    with served(ScriptedServer(LOOK, DONE).app) as base:
        supervision = Supervision(ledger=ledger)
        agent = create_agent(
            model(base),
            tools=[look],
            middleware=[SupervisionMiddleware(supervision)],
            checkpointer=InMemorySaver(),
        )
        threads = [{"configurable": {"thread_id": str(number)}} for number in range(3)]
        await asyncio.gather(*(agent.ainvoke(ASK, thread) for thread in threads))
    assert len(ledger.runs()) == 3
    assert all(each.status == "finished" for each in ledger.runs())


@pytest.mark.parametrize(
    ("ruling", "last"),
    [
        (Ruling.CONTINUE, "All is done."),
        (Ruling.REVISE, "All is done."),
        (Ruling.VERIFY, "All is done."),
        (Ruling.STOP, "Stopped by repeats"),
    ],
)
def test_a_graph_of_ones_own_takes_a_node(ledger, ruling, last):
    task = Task(id="t", prompt="look around")
    monitors = [] if ruling is Ruling.CONTINUE else [Repeats(limit=2, ruling=ruling)]
    supervisor = Supervisor(task, monitors=monitors, ledger=ledger, policy="small")
    with served(ScriptedServer(LOOK, LOOK, LOOK, DONE).app) as base:
        chat = model(base).bind_tools([look])
        graph = StateGraph(MessagesState)
        graph.add_node("propose", lambda state: {"messages": [chat.invoke(state["messages"])]})
        judge = watched_node(supervisor, act="act", propose="propose", end=END)
        graph.add_node("judge", judge, destinations=("propose", "act", END))
        graph.add_node("act", ToolNode([look]))
        graph.add_edge(START, "propose")
        graph.add_edge("propose", "judge")
        graph.add_edge("act", "propose")
        state = graph.compile(checkpointer=InMemorySaver()).invoke(
            ASK, {"configurable": {"thread_id": "1"}}
        )
    supervisor.close()
    assert state["messages"][-1].text.strip().startswith(last)
    assert len(ledger.steps(supervisor.run.id)) == (3 if ruling is Ruling.STOP else 4)


def broken_model(body):
    return JSONResponse({"error": {"message": "no power"}}, 500)


def broken_tool(at: str) -> str:
    """Look at a thing."""
    raise OSError("the door is locked")


def failing(base, watched, *, waits, tool=look, config=None):
    """Run an agent that raises; returns what it raised."""
    tools = [StructuredTool.from_function(tool, name="look")]
    agent = create_agent(model(base), tools=tools, middleware=[watched])

    def invoke():
        return agent.invoke(ASK, config) if waits else asyncio.run(agent.ainvoke(ASK, config))

    with pytest.raises(Exception, match=r"no power|locked|Recursion limit") as raised:
        invoke()
    return raised.value


@pytest.mark.parametrize("waits", [True, False], ids=["waits", "does not wait"])
@pytest.mark.parametrize(
    ("script", "tool", "config", "steps"),
    [
        ((LOOK, broken_model), look, None, 1),
        ((LOOK,), broken_tool, None, 1),
        ((LOOK,), look, {"recursion_limit": 7}, 2),
    ],
    ids=["model", "tool", "limit"],
)
def test_what_raises_closes_the_run_as_failed_with_its_steps(
    ledger, script, tool, config, steps, waits
):
    watched = SupervisionMiddleware(Supervision(ledger=ledger))
    with served(ScriptedServer(*script).app) as base:
        error = failing(base, watched, waits=waits, tool=tool, config=config)
    [run_] = ledger.runs()
    assert (run_.status, run_.ended_by, run_.reason) == ("failed", "host", repr(error))
    written = ledger.steps(run_.id)
    assert [step.action.tool for step in written] == ["look"] * steps
    assert all(step.tool_spend.seconds > 0 for step in written)
    assert not watched._runs
    assert not _RAISING._within
    assert not _RAISING._told


def test_what_another_middleware_tries_again_is_one_run(ledger):
    watched = SupervisionMiddleware(Supervision(ledger=ledger))
    again = ModelRetryMiddleware(max_retries=1, initial_delay=0)
    with served(ScriptedServer(LOOK, broken_model, DONE).app) as base:
        create_agent(model(base), tools=[look], middleware=[again, watched]).invoke(ASK)
    [run_] = ledger.runs()
    assert run_.status == "finished"
    assert [step.action.tool for step in ledger.steps(run_.id)] == ["look", "finish"]


def test_a_run_that_waits_for_a_person_goes_on(ledger):
    watched = SupervisionMiddleware(Supervision(ledger=ledger))
    person = HumanInTheLoopMiddleware(interrupt_on={"look": True})
    thread = {"configurable": {"thread_id": "1"}}
    with served(ScriptedServer(LOOK, DONE).app) as base:
        agent = create_agent(
            model(base),
            tools=[look],
            middleware=[person, watched],
            checkpointer=InMemorySaver(),
        )
        agent.invoke(ASK, thread)
        assert ledger.runs()[0].status == "running"
        agent.invoke(Command(resume={"decisions": [{"type": "approve"}]}), thread)
    [run_] = ledger.runs()
    assert (run_.status, len(ledger.steps(run_.id))) == ("finished", 2)
    assert not watched._runs
