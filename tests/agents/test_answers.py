import json
import random
import string

import pytest

from flyball import Action, ToolSpec, Usage
from flyball.agents.answers import read_answer
from flyball.agents.prompts import FINISH
from flyball.records import Completion, ToolCall


def spec(name: str, required: str = "", **properties: object) -> ToolSpec:
    parameters = {"type": "object", "properties": properties, "required": required.split()}
    return ToolSpec(name=name, description=f"{name} it.", parameters=parameters)


NUMBER = {"type": "integer"}
TEXT = {"type": "string"}
TOOLS = {
    each.name: each
    for each in (
        spec("click", "element", element=NUMBER, target=TEXT),
        spec("fill", "element text", element=NUMBER, text=TEXT),
        spec("check", "element on", element=NUMBER, on={"type": "boolean"}),
        spec("scroll", "direction", direction={"type": "string", "enum": ["up", "down"]}),
        spec("wait", "seconds", seconds={"type": "number"}),
        spec("tag", "names", names={"type": "array"}, colours={"type": "object"}),
        spec("back"),
        FINISH,
    )
}


def read(text: str, **settings: object) -> Action:
    return read_answer(Completion(text=text, **settings), TOOLS)


def ask(tool: str, **arguments: object) -> str:
    """A call the way that a model is asked to write it."""
    return json.dumps({"tool": tool, "arguments": arguments})


def called(action: Action) -> tuple[str, dict[str, object]]:
    return action.tool, dict(action.arguments)


CLICK = ("click", {"element": 3})

FORMS = {
    "json": '{"thought": "it is the button", "tool": "click", "arguments": {"element": 3}}',
    "name and parameters": '{"name": "click", "parameters": {"element": 3}}',
    "an openai call": '{"function": {"name": "click", "arguments": "{\\"element\\": 3}"}}',
    "a list of calls": '{"tool_calls": [{"name": "click", "arguments": {"element": 3}}]}',
    "an action in an action": '{"action": {"name": "click", "arguments": {"element": 3}}}',
    "keyed by the tool": '{"thought": "so", "click": {"element": 3}}',
    "flat": '{"tool": "click", "element": 3}',
    "a fence": 'Sure!\n```json\n{"tool": "click", "arguments": {"element": 3}}\n```\nDone.',
    "a fence that is not closed": '```json\n{"tool": "click", "arguments": {"element": 3}}',
    "prose around": 'I will {press} it: {"tool": "click", "arguments": {"element": 3}} as said.',
    "a trailing comma": '{"tool": "click", "arguments": {"element": 3,},}',
    "single quotes": "{'tool': 'click', 'arguments': {'element': 3}}",
    "curly quotes": "{“tool”: “click”, “arguments”: {“element”: 3}}",
    "keys without quotes": "{tool: click, arguments: {element: 3, target: null}}",
    "a missing last brace": '{"tool": "click", "arguments": {"element": 3}',
    "a missing last brace in a fence": '```\n{"tool": "click", "arguments": {"element": 3}\n```',
    "two calls": '{"tool": "click", "arguments": {"element": 3}}\n{"tool": "back"}',
    "a list": '[{"tool": "click", "arguments": {"element": 3}}, {"tool": "back"}]',
    "an unknown call first": '{"name": "Hn"} {"tool": "click", "arguments": {"element": 3}}',
    "name and json": 'click {"element": 3}',
    "name, colon and json": 'Next I log in.\nclick: {"element": 3}',
    "name before a fence": 'click\n```json\n{"element": 3}\n```',
    "react": 'Thought: log in\nAction: click\nAction Input: {"element": 3}',
    "hermes": '<tool_call>\n{"name": "click", "arguments": {"element": 3}}\n</tool_call>',
    "qwen coder": "<tool_call><function=click>\n<parameter=element>\n3\n</parameter>\n</function>",
    "python": "click(element=3)",
    "python in order": "I log in now: click(3)",
    "another case": '{"tool": "Click", "arguments": {"element": 3}}',
    "a prefix": '{"tool": "browser.click", "arguments": {"element": 3}}',
    "another prefix": '{"tool": "functions:click", "arguments": {"element": 3}}',
    "brackets after the name": '{"tool": "click()", "arguments": {"element": 3}}',
    "arguments as text": '{"tool": "click", "arguments": "{\\"element\\": 3}"}',
    "an argument alone": '{"tool": "click", "arguments": 3}',
    "arguments in order": '{"tool": "click", "arguments": [3]}',
    "a number as text": '{"tool": "click", "arguments": {"element": "3"}}',
    "a number in brackets": '{"tool": "click", "arguments": {"element": "[3]"}}',
    "a number with a point": '{"tool": "click", "arguments": {"element": 3.0}}',
    "another name for the argument": '{"tool": "click", "arguments": {"id": 3}}',
    "what the tool does not know": '{"tool": "click", "arguments": {"element": 3, "by": "left"}}',
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_one_call_is_read_in_all_its_forms(text):
    assert called(read(text)) == CLICK


@pytest.mark.parametrize(
    ("text", "tool", "arguments"),
    [
        ("fill(2, 'a {b} \"c\"')", "fill", {"element": 2, "text": 'a {b} "c"'}),
        (ask("fill", element=2, value="x"), "fill", {"element": 2, "text": "x"}),
        (ask("fill", element=2, text=42), "fill", {"element": 2, "text": "42"}),
        (ask("fill", element=2, text="it's {"), "fill", {"element": 2, "text": "it's {"}),
        ('fill {"element":2,"text":"a\nb"}', "fill", {"element": 2, "text": "a\nb"}),
        ("fill {'element': 1, 'text': 'C:\\dir'}", "fill", {"element": 1, "text": "C:\\dir"}),
        (ask("check", element=1, on="off"), "check", {"element": 1, "on": False}),
        (ask("check", element=1, on=1), "check", {"element": 1, "on": True}),
        (ask("scroll", direction="Down"), "scroll", {"direction": "down"}),
        (ask("wait", seconds="0.5"), "wait", {"seconds": 0.5}),
        ("wait(seconds=-1)", "wait", {"seconds": -1}),
        ("tag(['a'], {'a': 1})", "tag", {"names": ["a"], "colours": {"a": 1}}),
        (ask("tag", names="[1]", colours="{}"), "tag", {"names": [1], "colours": {}}),
        ("back", "back", {}),
        ("`back()`", "back", {}),
        ('{"tool": "back", "arguments": null}', "back", {}),
        (ask("finish", answer="7"), "finish", {"answer": "7", "success": True}),
        (ask("finish", answer=7, success="no"), "finish", {"answer": "7", "success": False}),
    ],
)
def test_arguments_are_made_to_fit_the_schema(text, tool, arguments):
    assert called(read(text)) == (tool, arguments)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the answer was empty; call one of: click, fill,"),
        ("I am done.", "the answer held no call of a tool; call one of: click"),
        ("{}", "the answer held no call"),
        ("{" * 5000, "the answer held no call"),
        ("[" * 50_000, "the answer held no call"),
        ("click(element=open(1))", "the answer held no call"),
        (ask("clik", element=3), "there is no tool 'clik'; did you mean click?"),
        (ask("zzz"), "there is no tool 'zzz'; there are: click, fill, check,"),
        (ask("click"), "click needs element (an integer)"),
        ("click()", "click needs element (an integer)"),
        (ask("fill"), "fill needs element (an integer), text (a text)"),
        (ask("fill", element=1) + ask("back"), "fill needs text (a text)"),
        (ask("click", element="Login"), "click: element must be an integer, not 'Login'"),
        (ask("click", element=1.5), "click: element must be an integer, not 1.5"),
        (ask("click", element=True), "click: element must be an integer, not True"),
        (ask("click", element=float("inf")), "click: element must be an integer, not inf"),
        ('{"tool": "click", "arguments": "{element"}', "the arguments are not a JSON object"),
        (ask("check", element=1, on="so"), "check: on must be true or false, not 'so'"),
        (ask("scroll", direction="left"), "scroll: direction must be one of up, down, not 'left'"),
        (ask("tag", names="a"), "tag: names must be a list, not 'a'"),
        (ask("tag", names=[], colours=1), "tag: colours must be an object, not 1"),
    ],
)
def test_what_cannot_be_read_says_why_in_a_line(text, why):
    action = read(text)
    assert action.tool == "invalid"
    assert str(action.arguments["why"]).startswith(why)
    assert "\n" not in str(action.arguments["why"])
    assert action.text == text


@pytest.mark.parametrize(
    "text",
    [
        '{"tool": "click", "arguments": {"element": 3',
        '{"thought": "the login but',
        "First, I look at the",
        "<think>First, I look at the",
    ],
)
def test_an_answer_that_was_cut_off_is_not_guessed_at(text):
    action = read(text, finish="length")
    assert action.tool == "invalid"
    assert "cut off" in str(action.arguments["why"])


def test_a_complete_call_counts_though_the_answer_was_cut_off_after_it():
    text = FORMS["json"] + "\nNow the form will be sent and th"
    assert called(read(text, finish="length")) == CLICK


def test_thoughts_are_kept_apart_wherever_they_stand():
    assert read(FORMS["json"]).thought == "it is the button"
    assert read('<think>why not</think>click {"element": 3}').thought == "why not"
    assert read('Off we go.\n```json\n{"tool": "click", "element": 3}\n```').thought == "Off we go."
    both = read('{"thought": "b", "tool": "click", "element": 3}', thought="a")
    assert both.thought == "a\nb"


def test_a_call_within_a_thought_is_not_carried_out():
    text = '<think>{"tool": "back"} or what?</think>{"tool": "click", "element": 3}'
    assert called(read(text)) == CLICK


def test_a_native_call_comes_before_any_in_the_text():
    calls = (ToolCall(name="functions.click", arguments='{"element": "3"}'),)
    action = read("I go: back()", tool_calls=calls)
    assert called(action) == CLICK
    assert action.thought == "I go: back()"
    assert action.text == 'I go: back()\nfunctions.click {"element": "3"}'


def test_a_native_call_that_was_cut_off_is_not_guessed_at():
    calls = (ToolCall(name="fill", arguments='{"element": 3, "text": "hel'),)
    action = read("", tool_calls=calls, finish="length")
    assert (action.tool, "cut off" in str(action.arguments["why"])) == ("invalid", True)


def test_what_the_model_gave_along_goes_with_the_action():
    completion = Completion(
        text="?", logprobs=(-0.5,), entropies=(0.25,), usage=Usage(requests=1, output_tokens=1)
    )
    action = read_answer(completion, TOOLS)
    assert (action.logprobs, action.entropies) == ((-0.5,), (0.25,))


def test_no_text_whatever_breaks_the_reading():
    rng = random.Random(7)
    pieces = [*FORMS.values(), *string.printable, "\0", "“", "{", "}", "```", "<think>", "fill("]
    for _ in range(1500):
        text = "".join(rng.choices(pieces, k=rng.randint(1, 8)))
        text = text[: rng.randint(0, len(text))]
        action = read(text, finish=rng.choice(["stop", "length"]))
        assert action.tool in TOOLS or action.arguments["why"]
