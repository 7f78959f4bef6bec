"""Other people's agent loops, each as one function: it runs, and gives its transcript."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import agents
import inspect_ai
import minisweagent.agents.default
import minisweagent.environments.local
import minisweagent.models.litellm_model
import pydantic_ai
import smolagents
from inspect_ai.agent import react
from inspect_ai.dataset import Sample
from inspect_ai.model import get_model
from inspect_ai.tool import tool
from langchain.agents import create_agent
from langchain_openai import ChatOpenAI
from openai import AsyncOpenAI
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from flyball.adapters import Supervision
from flyball.adapters.inspect_ai import supervision_approver
from flyball.adapters.langchain import SupervisionMiddleware
from flyball.adapters.mini_swe_agent import SupervisedModel as MiniModel
from flyball.adapters.openai_agents import SupervisedModel as AgentsModel
from flyball.adapters.pydantic_ai import SupervisionCapability
from flyball.adapters.smolagents import supervise
from tests.adapters.apart import play_browser_use
from tests.adapters.servers import ScriptedServer, said

PROMPT = "look around"
Play = Callable[[str, Supervision | None], Any]


@dataclass(frozen=True, kw_only=True)
class Host:
    """A loop, and how its model says to look, and that it is done."""

    name: str
    play: Play
    look: dict
    other: dict
    done: dict
    agent_name: str = ""
    escalates: bool = True
    at_random: str = "(?!)"
    """What differs between any two runs of it, as a pattern."""

    def asked(self, server: ScriptedServer) -> str:
        """All that its models were asked, to the byte."""
        return re.sub(self.at_random, "", repr(server.requests))


def look(at: str) -> str:
    """Look at a thing.

    Args:
        at: What to look at.
    """
    return "a door"


def play_openai_agents(base: str, supervision: Supervision | None, *, stream: bool = False) -> Any:
    agents.set_tracing_disabled(True)

    def model(name):
        client = AsyncOpenAI(base_url=base, api_key="k", max_retries=0)
        return agents.OpenAIChatCompletionsModel(name, client)

    async def _play():
        # The bare host opens both as well, so that the two can be compared.
        small, large = model("small"), model("large")
        agent = agents.Agent(
            name="looker",
            tools=[agents.function_tool(look)],
            model=small,
            model_settings=agents.ModelSettings(include_usage=stream or None),
        )
        if supervision is None:
            return await _run(agent, agents.RunConfig())
        async with AgentsModel(
            small, PROMPT, supervision=supervision, strong={"large": large}
        ) as watched:
            return await _run(agent, agents.RunConfig(model=watched))

    async def _run(agent, config):
        if not stream:
            return await agents.Runner.run(agent, PROMPT, run_config=config)
        result = agents.Runner.run_streamed(agent, PROMPT, run_config=config)
        async for _ in result.stream_events():
            pass
        return result

    result = asyncio.run(_play())
    return json.loads(json.dumps(result.to_input_list(), default=str)), str(result.final_output)


def play_pydantic_ai(base: str, supervision: Supervision | None) -> Any:
    def model(name):
        return OpenAIChatModel(name, provider=OpenAIProvider(base_url=base, api_key="k"))

    small, large, capabilities = model("small"), model("large"), []
    if supervision is not None:
        capabilities = [SupervisionCapability(supervision, strong={"large": large})]
    agent = pydantic_ai.Agent(small, tools=[look], capabilities=capabilities)
    result = agent.run_sync(PROMPT)
    told = [
        (type(part).__name__, getattr(part, "content", None) or getattr(part, "args", None))
        for message in result.all_messages()
        for part in message.parts
    ]
    return told, result.output


def play_langchain(base: str, supervision: Supervision | None) -> Any:
    def model(name):
        return ChatOpenAI(model=name, base_url=base, api_key="k", max_retries=0)

    small, large, middleware = model("small"), model("large"), []
    if supervision is not None:
        middleware = [SupervisionMiddleware(supervision, strong={"large": large})]
    agent = create_agent(small, tools=[look], middleware=middleware)
    messages = agent.invoke({"messages": [{"role": "user", "content": PROMPT}]})["messages"]
    told = [(each.type, each.content, getattr(each, "tool_calls", None)) for each in messages]
    return told, messages[-1].text


def play_smolagents(
    base: str, supervision: Supervision | None, kind: type = smolagents.ToolCallingAgent
) -> Any:
    def model(name):
        return smolagents.OpenAIModel(model_id=name, api_base=base, api_key="k")

    small, large = model("small"), model("large")
    agent = kind(tools=[smolagents.tool(look)], model=small, verbosity_level=0)
    if supervision is not None:
        supervise(agent, supervision, strong={"large": large})
    output = agent.run(PROMPT)
    messages = agent.write_memory_to_messages()
    return [(str(each.role), each.content) for each in messages], str(output)


def play_mini_swe_agent(base: str, supervision: Supervision | None) -> Any:
    def model(name):
        return minisweagent.models.litellm_model.LitellmModel(
            model_name=f"openai/{name}",
            model_kwargs={"api_base": base, "api_key": "k"},
            cost_tracking="ignore_errors",
        )

    chosen = model("small")
    if supervision is not None:
        chosen = MiniModel(chosen, supervision, strong={"large": model("large")})
    agent = minisweagent.agents.default.DefaultAgent(
        chosen,
        minisweagent.environments.local.LocalEnvironment(),
        system_template="You look.",
        instance_template="{{task}}",
    )
    agent.run(PROMPT)
    if supervision is not None:
        chosen.close()
    messages = [(each["role"], each["content"]) for each in agent.messages]
    return messages, messages[-1][1]


@tool(name="look")
def inspect_look():
    async def execute(at: str) -> str:
        """Look at a thing.

        Args:
            at: What to look at.
        """
        return "a door"

    return execute


def play_inspect_ai(base: str, supervision: Supervision | None) -> Any:
    approval = None
    if supervision is not None:
        approver = supervision_approver(supervision)
        approval = [inspect_ai.approval.ApprovalPolicy(approver, "*")]
    task = inspect_ai.Task(
        dataset=[Sample(input=PROMPT, id="s")],
        solver=react(prompt=None, tools=[inspect_look()]),
        approval=approval,
    )
    model = get_model(
        "openai/small", base_url=base, api_key="k", memoize=False, responses_api=False
    )
    [log] = inspect_ai.eval(task, model=model, display="none", log_format="json", log_dir="logs")
    sample = log.samples[0]
    messages = [(each.role, each.text) for each in sample.messages]
    explained = [event.explanation for event in sample.events if event.event == "approval"]
    return messages, "\n".join([sample.output.completion, *filter(None, explained)])


def acted(thinking, **action):
    """What browser-use's models say."""
    brain = {"evaluation_previous_goal": "", "memory": "", "next_goal": ""}
    return said(json.dumps({"thinking": thinking, **brain, "action": [action]}))


LOOK = said("I look.", ("look", {"at": "door"}))
OTHER = said("I see.", ("look", {"at": "roof"}))
DONE = said("All is done.")
FINISH = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT; echo All is done."
HOSTS = [
    Host(name="openai_agents", play=play_openai_agents, look=LOOK, other=OTHER, done=DONE),
    Host(
        name="openai_agents streamed",
        agent_name="openai_agents",
        play=lambda base, supervision: play_openai_agents(base, supervision, stream=True),
        look=LOOK,
        other=OTHER,
        done=DONE,
    ),
    Host(name="langchain", play=play_langchain, look=LOOK, other=OTHER, done=DONE),
    Host(name="pydantic_ai", play=play_pydantic_ai, look=LOOK, other=OTHER, done=DONE),
    Host(
        name="smolagents",
        play=play_smolagents,
        look=LOOK,
        other=OTHER,
        done=said("", ("final_answer", {"answer": "All is done."})),
    ),
    Host(
        name="smolagents in code",
        agent_name="smolagents",
        play=lambda base, supervision: play_smolagents(base, supervision, smolagents.CodeAgent),
        look=said('I look.\n<code>\nlook(at="door")\n</code>'),
        other=said('I see.\n<code>\nlook(at="roof")\n</code>'),
        done=said('Done.\n<code>\nfinal_answer("All is done.")\n</code>'),
    ),
    Host(
        name="mini_swe_agent",
        play=play_mini_swe_agent,
        look=said("I look.", ("bash", {"command": "true"})),
        other=said("I see.", ("bash", {"command": "pwd"})),
        done=said("", ("bash", {"command": FINISH})),
    ),
    Host(
        name="inspect_ai",
        play=play_inspect_ai,
        look=LOOK,
        other=OTHER,
        done=said("", ("submit", {"answer": "All is done."})),
        escalates=False,
    ),
    Host(
        name="browser_use",
        play=play_browser_use,
        look=acted("I look.", evaluate={"code": "document.querySelector('button').textContent"}),
        other=acted("I see.", evaluate={"code": "document.querySelector('h1').textContent"}),
        done=acted("", done={"text": "All is done.", "success": True}),
        at_random=r"[Tt]ab:? \w{4}\b|127\.0\.0\.1:\d+|Today:[-\d]+|\[\d+\](?=<)",
    ),
]
