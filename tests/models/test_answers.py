import pytest

from flyball.models.answers import Outlet, split_thought, split_tool_calls
from flyball.records import ToolCall


def test_a_character_split_over_tokens_is_told_once_it_is_whole():
    outlet = Outlet()
    snow = "a☃b".encode()
    assert [outlet.push(snow[i : i + 1]) for i in range(len(snow))] == ["a", "", "", "☃", "b"]


def test_a_character_that_never_became_whole_is_left_out():
    outlet = Outlet()
    outlet.push("ok ☃".encode()[:-1])
    assert (outlet.text, outlet.rest()) == ("ok ", "")


def test_bytes_that_are_no_character_are_shown_as_such():
    outlet = Outlet()
    outlet.push(b"a\xffb")
    assert outlet.text == "a\ufffdb"


def test_a_stop_string_over_three_tokens_is_neither_kept_nor_told():
    outlet = Outlet(stops=("\nlast",))
    told = [outlet.push(piece) for piece in (b"click 1", b"\n", b"la", b"st 2")]
    assert told == ["click 1", "", "", ""]
    assert (outlet.text, outlet.stopped, outlet.rest()) == ("click 1", True, "")


def test_what_only_looked_like_a_stop_string_is_told_later():
    outlet = Outlet(stops=("STOP",))
    assert [outlet.push(piece) for piece in (b"ST", b"O", b"RY")] == ["", "", "STORY"]


def test_what_is_held_back_at_the_end_is_told_at_the_end():
    outlet = Outlet(stops=("STOP",))
    assert outlet.push(b"a STO") == "a "
    assert outlet.rest() == "STO"
    assert outlet.text == "a STO"


def test_the_earliest_of_several_stop_strings_counts():
    outlet = Outlet(stops=("c", "b", ""))
    assert outlet.push(b"abc") == "a"
    assert outlet.push(b"more") == ""


@pytest.mark.parametrize(
    ("said", "thought", "text"),
    [
        ("plain", "", "plain"),
        ("<think>hm</think>\n\nyes", "hm", "yes"),
        ("\n<think>\nhm\n</think>yes", "hm", "yes"),
        ("<think>cut off in mid-", "cut off in mid-", ""),
        ("begun by the template</think>yes", "begun by the template", "yes"),
        ("[THINK]hm[/THINK]yes", "hm", "yes"),
        ("<think></think>\n\nyes", "", "yes"),
        ("I write <think> and </think> here", "", "I write <think> and </think> here"),
        (
            "<|channel|>analysis<|message|>hm<|end|>"
            "<|start|>assistant<|channel|>final<|message|>yes",
            "hm",
            "yes",
        ),
    ],
)
def test_reasoning_is_parted_from_the_answer(said, thought, text):
    assert split_thought(said) == (thought, text)


def test_tool_calls_in_the_hermes_format_are_taken_out_of_the_text():
    said = (
        'I go.\n<tool_call>\n{"name": "click", "arguments": {"element": 3}}\n</tool_call>'
        '<tool_call>{"name": "wait"}</tool_call>'
    )
    calls, text = split_tool_calls(said)
    assert calls == (
        ToolCall(name="click", arguments='{"element": 3}'),
        ToolCall(name="wait", arguments="{}"),
    )
    assert text == "I go."


@pytest.mark.parametrize("inside", ["not JSON", "[1]", '{"arguments": {}}', '{"name": 3}'])
def test_a_tool_call_that_is_none_stays_in_the_text(inside):
    said = f"<tool_call>{inside}</tool_call>"
    assert split_tool_calls(said) == ((), said)
