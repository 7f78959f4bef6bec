import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from flyball import Action, Budget, Decision, Observation, Ruling, Step, Task, ToolSpec, Trajectory
from flyball.agents.chat import ModelPolicy, best_style
from flyball.agents.prompts import answer_schema, system_prompt
from flyball.errors import ModelError
from flyball.models import ModelSpec, OpenAIModel, Server
from flyball.records import Completion, Energy, Request, Spend, Usage
from flyball.roles import Proposal
from flyball.tools.browser.specs import SPECS

TASK = Task(id="login", prompt='Log in as "Hn".')
LOGIN = """\
url http://127.0.0.1:8000/login
title Login
heading "Welcome back"
textbox "Username" 1
button "Login" 2"""
FILLED = LOGIN.replace('"Username" 1', '"Username" 1 = "Hn"')
REFUSED = f'{FILLED}\ntext "No such user"\ntext "Try again"\nlink "Sign up" 3'
INSIDE = 'url http://127.0.0.1:8000/in\ntitle In\nheading "Hello, Hn"'
EYES = Observation(source="open", text=LOGIN)


def said(text: str = "", *, call: tuple[str, str] | None = None, finish: str = "stop") -> Any:
    """An answer of a server: a text, or a call in its own format."""
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if call:
        function = {"name": call[0], "arguments": call[1]}
        message["tool_calls"] = [{"id": "1", "type": "function", "function": function}]
        finish = "tool_calls"
    usage = {"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107}
    return {"choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": usage}


def refusal(message: str, status: int = 400) -> Any:
    return {"status": status, "error": {"message": message}}


class Served(ThreadingHTTPServer):
    """A server on loopback that gives the scripted answers, and keeps what it was asked.

    It refuses every question that has the field `without`.
    """

    def __init__(self, script: Sequence[Any], without: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.without = without
        self.script = list(script)
        self.asked: list[dict[str, Any]] = []

    def model(self) -> OpenAIModel:
        url = f"http://127.0.0.1:{self.server_port}/v1"
        return OpenAIModel(Server(url=url, model="m", attempts=1), name="m")


class _Answering(BaseHTTPRequestHandler):
    server: Served

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        asked = json.loads(body)
        self.server.asked.append(asked)
        if self.server.without in asked:
            answer = refusal(f"this model does not support {self.server.without}")
        else:
            answer = self.server.script.pop(0)
        data = json.dumps(answer).encode()
        self.send_response(answer.get("status", 200))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Start servers with the given answers; they end with the test."""
    running: list[tuple[Served, threading.Thread]] = []

    def _serve(*script: Any, without: str = "") -> Served:
        served = Served(script, without)
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        running.append((served, thread))
        return served

    yield _serve
    for served, thread in running:
        served.shutdown()
        served.server_close()
        thread.join()


def step(tool: str, observation: Observation, **settings: Any) -> Step:
    thought, ruling = settings.pop("thought", ""), settings.pop("ruling", Ruling.CONTINUE)
    return Step(
        index=0,
        policy="m",
        observation=observation,
        action=Action(tool=tool, arguments=settings, thought=thought),
        decision=Decision(ruling=ruling, reason="it says so" if ruling != "continue" else ""),
    )


def page(text: str, *, ok: bool = True, note: str = "") -> Observation:
    return Observation(source="click", text=text, ok=ok, note=note)


def run(*steps: Step, task: Task = TASK) -> Trajectory:
    numbered = tuple(replace(each, index=index) for index, each in enumerate(steps))
    return Trajectory(task=task, steps=numbered)


class Recorder:
    """A model that keeps what it is asked, and says what it is told to say."""

    name = "m"

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[Request] = []

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        self.asked.append(request)
        text = self.answers.pop(0) if self.answers else "back {}"
        if text.startswith("!"):
            raise ModelError(text)
        if on_text:
            on_text(text)
        return Completion(text=text, usage=Usage(requests=1))


async def prompt_of(trajectory: Trajectory, newest: Observation, **settings: Any) -> str:
    """What a model is told, the system message left out."""
    model = Recorder()
    await ModelPolicy(model=model, tools=SPECS, **settings).propose(trajectory, newest)
    messages = model.asked[0].prompt
    assert not isinstance(messages, str)
    assert [message.role for message in messages] == ["system", "user"]
    return messages[1].content


async def ask(
    served: Served, *steps: Step, newest: Observation = EYES, **settings: Any
) -> Proposal:
    policy = ModelPolicy(model=served.model(), tools=SPECS, **settings)
    return await policy.propose(run(*steps), newest)


async def test_a_call_in_the_models_own_format_is_carried_out(serve):
    served = serve(said("I fill in the name.", call=("fill", '{"element": 1, "text": "Hn"}')))
    action, usage = await ask(served)
    assert (action.tool, action.arguments) == ("fill", {"element": 1, "text": "Hn"})
    assert action.thought == "I fill in the name."
    assert (usage.input_tokens, usage.output_tokens) == (100, 7)
    offered = [tool["function"]["name"] for tool in served.asked[0]["tools"]]
    assert offered == [*(tool.name for tool in SPECS), "finish"]


async def test_json_is_asked_for_with_a_schema_that_ties_arguments_to_tools(serve):
    served = serve(said('{"thought": "t", "tool": "click", "arguments": {"element": 2}}'))
    action, _ = await ask(served, style="json")
    assert (action.tool, action.arguments, action.thought) == ("click", {"element": 2}, "t")
    schema = served.asked[0]["response_format"]["json_schema"]["schema"]
    tools = {each["properties"]["tool"]["enum"][0]: each for each in schema["anyOf"]}
    assert tools["click"]["properties"]["arguments"]["required"] == ["element"]
    assert tools["finish"]["properties"]["arguments"]["required"] == ["answer", "success"]
    assert "tools" not in served.asked[0]


async def test_plain_text_needs_neither_tools_nor_a_schema(serve):
    served = serve(said('I log in.\nclick {"element": 2}'))
    action, _ = await ask(served, style="text")
    assert (action.tool, action.thought) == ("click", "I log in.")
    assert not {"tools", "response_format"} & set(served.asked[0])
    assert "- click(element: integer" in served.asked[0]["messages"][0]["content"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (said('{"tool": "click", "argum', finish="length"), "was cut off"),
        (said("The login button should be clicked."), "held no call of a tool"),
        (said("<html>busy</html>"), "held no call of a tool"),
        (said(""), "was empty"),
        (said(call=("click", '{"element": ')), "are not a JSON object"),
        (said(call=("clik", "{}")), "did you mean click?"),
    ],
)
async def test_an_answer_that_cannot_be_read_is_a_step_with_its_bill(serve, answer, why):
    action, usage = await ask(serve(answer))
    assert action.tool == "invalid"
    assert why in str(action.arguments["why"])
    assert usage.output_tokens == 7


async def test_prose_and_fences_around_a_call_do_no_harm(serve):
    text = 'Sure! Here it is:\n```json\n{"tool": "click", "arguments": {"element": 2}}\n```\nDone!'
    action, _ = await ask(serve(said(text)))
    assert (action.tool, action.arguments) == ("click", {"element": 2})


async def test_a_server_without_tool_calls_is_asked_more_plainly_and_for_good(serve):
    answer = said('{"tool": "click", "arguments": {"element": 2}}')
    served = serve(answer, answer, without="tools")
    policy = ModelPolicy(model=served.model(), tools=SPECS)
    for _ in range(2):
        assert (await policy.propose(run(), EYES)).action.tool == "click"
    plain = [asked for asked in served.asked if "tools" not in asked]
    assert served.asked[-2:] == plain
    assert all("response_format" in asked for asked in plain)


async def test_each_style_that_is_refused_leads_to_the_next():
    model = Recorder("!the chat template refuses tools", "!the grammar cannot be read")
    policy = ModelPolicy(model=model, tools=SPECS)
    assert (await policy.propose(run(), EYES)).action.tool == "back"
    assert [(bool(each.tools), each.schema is not None) for each in model.asked] == [
        (True, False),
        (False, True),
        (False, False),
    ]


async def test_any_other_error_of_a_model_is_passed_on(serve):
    with pytest.raises(ModelError, match="refuses the key"):
        await ask(serve(refusal("who are you?", 401)))


async def test_a_model_that_cannot_keep_to_a_style_gets_a_plainer_one(serve):
    lost = step("invalid", EYES, why="the answer held no call of a tool")
    served = serve(said("back {}"))
    await ask(served, lost, lost, newest=Observation(source="invalid", text="no such tool"))
    assert "tools" not in served.asked[0]
    assert "response_format" in served.asked[0]


async def test_the_model_is_told_what_was_wrong_with_its_last_answer():
    invalid = Observation(source="invalid", text="no such tool; there are: back", ok=False)
    told = await prompt_of(run(step("invalid", EYES, why="click needs element")), invalid)
    assert "Your last answer could not be used: click needs element." in told
    assert LOGIN in told
    assert "no such tool" not in told


async def test_what_the_governor_says_is_told_with_the_page_it_is_about():
    steps = (
        step("fill", EYES, element=1, text="Hn"),
        step("click", page(FILLED), element=2, ruling=Ruling.REVISE),
    )
    told = await prompt_of(run(*steps), Observation(source="governor", text="it says so"))
    assert '2. click {"element": 2} (button "Login") -> not carried out: it says so' in told
    assert "Your last step was not carried out: it says so. Do something else." in told
    assert f"<observation>\n{FILLED}\n</observation>" in told


async def test_a_persons_word_is_passed_on():
    heard = Observation(source="human", text="use the other button")
    told = await prompt_of(run(step("click", EYES, element=2)), heard)
    assert "-> human: use the other button" in told
    assert "You are told: use the other button" in told


async def test_old_pages_are_masked_to_what_they_brought():
    steps = (
        step("fill", EYES, element=1, text="Hn", thought="First\nthe name."),
        step("click", page(FILLED), element=2, target='button "Login"'),
        step("click", page(REFUSED, note="a new tab was opened"), element=3),
        step("wait", page(REFUSED, ok=False, note="it is covered"), seconds=1),
        step("back", page(REFUSED)),
    )
    told = await prompt_of(run(*steps), page(INSIDE))
    account = told.split("Your steps so far:\n")[1].split("\n\n")[0]
    assert account.splitlines() == [
        "1. First the name.",
        '   fill {"element": 1, "text": "Hn"} (textbox "Username")'
        ' -> new on the page: textbox "Username" = "Hn"',
        '2. click {"element": 2} (button "Login") -> a new tab was opened; '
        'new on the page: text "No such user", text "Try again" and 1 more',
        '3. click {"element": 3} (link "Sign up") -> failed: it is covered',
        '4. wait {"seconds": 1} -> nothing changed on the page',
        "5. back {} -> now at http://127.0.0.1:8000/in, title In",
    ]
    assert told.count("url http") == 1
    assert "Your last step" not in told


async def test_a_failed_step_is_pointed_out_behind_the_page():
    told = await prompt_of(
        run(step("click", EYES, element=2)), page(LOGIN, ok=False, note="it is covered")
    )
    assert told.index("</observation>") < told.index("Your last step failed: it is covered.")


async def test_what_is_told_only_ever_grows_in_front_of_the_newest_page():
    pages = [LOGIN, FILLED, REFUSED, INSIDE, LOGIN]
    steps = [step("click", page(text), element=2) for text in pages]
    steps[2] = step("invalid", page(REFUSED), why="so")
    before = ""
    for count in range(1, len(steps)):
        told = await prompt_of(run(*steps[:count]), steps[count].observation)
        account = told.split("\n\nWhat there is now:")[0]
        assert account.startswith(before)
        before = account
    assert before


async def test_programs_output_is_masked_to_its_first_line_or_shown_as_far_back_as_wanted():
    def output(text: str) -> Observation:
        return Observation(source="terminal", text=text)

    steps = (
        step("terminal", Observation(source="task", text=TASK.prompt), command="ls"),
        step("terminal", output("a.py\nb.py"), command="cat a.py"),
        step("terminal", output("x = 1"), command="true"),
    )
    told = await prompt_of(run(*steps), output(""))
    assert '1. terminal {"command": "ls"} -> a.py (2 lines)\n2.' in told
    assert '2. terminal {"command": "cat a.py"} -> x = 1\n3.' in told
    assert '3. terminal {"command": "true"} -> no output' in told
    told = await prompt_of(run(*steps), output(""), shown=2)
    assert "-> x = 1\nx = 1\n3." in told
    assert "\na.py\nb.py" not in told


async def test_what_no_context_would_hold_loses_its_middle():
    told = await prompt_of(run(step("back", EYES)), page("ab" * 40_000))
    assert len(told) < 35_000
    assert "... 50000 characters left out ..." in told


async def test_the_first_prompt_holds_the_task_and_no_page_yet():
    told = await prompt_of(run(), Observation(source="task", text=TASK.prompt))
    assert told == (
        'Task: Log in as "Hn".\n\nYour steps so far:\nnone yet\n\nAnswer with one call of a tool.'
    )


async def test_the_budget_that_is_left_stands_at_the_end():
    budget = Budget(steps=4, seconds=60, output_tokens=500, cost_usd=1, joules=300)
    spend = Spend(seconds=10.0, usage=Usage(output_tokens=20), energy=Energy(cpu_j=100.0))
    taken = replace(step("click", EYES, element=2), policy_spend=spend)
    task = replace(TASK, budget=budget)
    told = await prompt_of(run(taken, task=task), page(INSIDE))
    assert told.splitlines()[-3] == (
        "Budget left: 3 of 4 steps, 50 of 60 seconds, 480 of 500 tokens of output, "
        "$1.0000 of $1.0000, 200 of 300 joules."
    )
    told = await prompt_of(run(taken, taken, task=task), page(INSIDE))
    assert "Finish now with what you have." in told


async def test_energy_that_nobody_metered_is_not_spoken_of():
    task = replace(TASK, budget=Budget(joules=300))
    assert "Budget" not in await prompt_of(run(task=task), EYES)


def test_the_advice_fits_the_tools():
    assert "web browser" in system_prompt(SPECS, "tools")
    terminal = ToolSpec(name="terminal", description="Run a command.")
    assert "web browser" not in system_prompt([terminal], "tools")
    assert system_prompt([terminal], "tools", "Be kind.").startswith("Be kind.")


def test_models_in_this_process_answer_in_json_and_servers_by_tool_calls():
    assert best_style(ModelSpec(name="m", gguf=Path("m.gguf"))) == "json"
    assert best_style(ModelSpec(name="m", server="http://h/v1")) == "tools"


@pytest.mark.parametrize("style", ["json", "text"])
def test_tools_are_described_where_the_server_does_not_do_it(style):
    told = system_prompt(SPECS, style)
    assert "- press(key: string, element?: integer, target?: string): Press a key" in told
    assert 'scroll(direction: "up" | "down"' in told
    assert '"element": 3' in told


def test_a_schema_keeps_a_property_that_is_called_like_a_keyword():
    properties = {"description": {"type": "string", "description": "of it"}}
    tool = ToolSpec(name="t", description="", parameters={"properties": properties})
    [call] = answer_schema([tool])["anyOf"]
    assert call["properties"]["arguments"]["properties"] == {"description": {"type": "string"}}


async def test_whoever_wants_hears_the_text_as_it_comes():
    heard: list[str] = []
    policy = ModelPolicy(model=Recorder("back {}"), tools=SPECS, on_text=heard.append)
    await policy.propose(run(), EYES)
    assert heard == ["back {}"]
