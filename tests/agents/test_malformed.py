"""Answers that are no calls, or hardly: never an exception, and nothing that a tool breaks on."""

import random

from flyball.agents.answers import read_answer
from flyball.agents.compact_code import decode
from flyball.agents.prompts import FINISH
from flyball.records import Completion, ToolCall
from flyball.tools.code import SPECS
from tests.tools.code.places import at_work, make_repo

TOOLS = {tool.name: tool for tool in (*SPECS, FINISH)}
PIECES = (
    *('{"tool": "edit", "arguments": {"path": "a", "old": "b", "new": "c"}}', "{", "}", "[", "]"),
    *('"', "'", "\\", "\n", "```json", "```", "<tool_call>", "</tool_call>", "edit(", ")", ","),
    *(":", '"tool"', '"arguments"', '"run"', "run {", "null", "NaN", "1e999", "-0", "\ud800"),
    *("<function=run>", "<parameter=command>", "</parameter>", "</function>", "\0", "\u202e"),
    *("read {path: calc.py, first: ten}", "finish(success=maybe)", "Action: run", "\ufeff"),
    *('{"name": "run", "parameters": "{\\"command\\": 3}"}', "Action Input: {", "{" * 50),
    *('{"tool": ["edit"]}', '{"tool": {"tool": {"tool": null}}}', '{"arguments": []}'),
    *("[" * 500, "(" * 200),
)


def drawn(rng):
    """A malformed answer: pieces of good ones, cut, doubled and spoilt."""
    text = "".join(rng.choices(PIECES, k=rng.randint(0, 9)))
    if text and rng.random() < 0.5:
        at = rng.randrange(len(text))
        text = (
            text[:at] + rng.choice((chr(rng.randrange(0x110000)), "", text[at:])) + text[at + 1 :]
        )
    return text[: rng.randint(0, 400)]


def test_ten_thousand_malformed_answers_are_invalid_steps_or_valid_calls():
    rng, kinds = random.Random("answers"), {"invalid": 0, "valid": 0}
    for _ in range(10_000):
        text, called = drawn(rng), ()
        if rng.random() < 0.3:
            called = (ToolCall(name=rng.choice([*TOOLS, "", "nope", text]), arguments=drawn(rng)),)
        finish = rng.choice(("stop", "length", "tool_calls"))
        action = read_answer(Completion(text=text, tool_calls=called, finish=finish), TOOLS)
        if action.tool == "invalid":
            assert action.arguments["why"]
            kinds["invalid"] += 1
        else:
            needed = TOOLS[action.tool].parameters["required"]
            assert all(name in action.arguments for name in needed)
            kinds["valid"] += 1
        compact = decode(text)
        assert compact.tool in ("invalid", "replace", "test", "revert", "finish")
    assert min(kinds.values()) > 500, kinds


async def test_valid_calls_out_of_malformed_answers_never_break_a_tool(tmp_path):
    """What can be read is carried out, and comes to an observation whatever it asks for."""
    rng, called = random.Random("calls"), 0
    with at_work(make_repo(tmp_path)) as (_, tools, _):
        while called < 60:
            action = read_answer(Completion(text=drawn(rng)), TOOLS)
            if action.tool in tools and action.tool not in ("run", "run_tests", "search"):
                seen = await tools[action.tool].call(action.arguments)
                assert seen.ok or seen.note
                called += 1
