"""Passwords: typed by the tool, masked in all that is kept."""

import json
from dataclasses import replace

import pytest

from flyball import Action, Observation, Task
from flyball.agents.graph import pursue
from flyball.agents.secrets import hidden, masked
from flyball.ledger.codec import step_to_json
from flyball.records import ToolSpec

SECRET = 'hunter"2é'
LABEL = 'textbox "Password"'
PAGE = Observation(
    source="browser",
    text=f'url http://x/\ntextbox "User" 1\n{LABEL} 2\nbutton "Login" 3',
    secret=(2,),
)
MASK = "•" * len(SECRET)


def fill(number, text=SECRET, **more):
    label = {1: 'textbox "User"', 2: LABEL}.get(number, "")
    arguments = {"element": number, "target": label, "text": text}
    return Action(tool="fill", arguments=arguments, **more)


def test_a_password_is_masked_wherever_the_policy_wrote_it():
    said = f"I type {SECRET} now"
    call = json.dumps({"text": SECRET})
    action = masked(replace(fill(2), text=f"{call} {SECRET}", thought=said), PAGE)
    assert action.arguments == {"element": 2, "target": LABEL, "text": MASK}
    assert action.thought == f"I type {MASK} now"
    assert "hunter" not in action.text


def test_other_fields_and_other_pages_are_left_alone():
    assert masked(fill(1), PAGE) == fill(1)
    assert masked(fill(2), replace(PAGE, secret=())) == fill(2)
    assert masked(fill(2), None) == fill(2)
    click = Action(tool="click", arguments={"element": 2, "target": LABEL})
    assert masked(click, PAGE) == click


def test_a_password_for_the_wrong_number_is_masked_by_the_name_of_its_field():
    wrong = Action(tool="fill", arguments={"element": 3, "target": LABEL, "text": SECRET})
    assert masked(wrong, PAGE).arguments["text"] == MASK


def test_a_number_as_text_is_a_number():
    assert masked(Action(tool="fill", arguments={"element": "2", "text": 7}), PAGE).arguments == {
        "element": "2",
        "text": "•",
    }


def test_a_character_pressed_into_a_password_is_masked_and_a_named_key_is_not():
    def pressed(key):
        return Action(tool="press", arguments={"element": 2, "key": key}, text=f'press 2 "{key}"')

    assert masked(pressed("x"), PAGE).arguments["key"] == "•"
    assert masked(pressed("x"), PAGE).text == 'press 2 "•"'
    assert masked(pressed("Enter"), PAGE) == pressed("Enter")


def test_what_is_typed_beside_a_password_field_is_masked_since_nobody_knows_where_it_goes():
    typed = Action(tool="type", arguments={"text": SECRET}, text=f'type "{SECRET}"')
    assert masked(typed, PAGE).arguments == {"text": MASK}
    assert SECRET not in masked(typed, PAGE).text
    assert masked(typed, replace(PAGE, secret=())) == typed
    key = Action(tool="press", arguments={"key": "x"}, text='press "x"')
    assert masked(key, PAGE).arguments == {"key": "•"}
    noted = Action(tool="note", arguments={"text": "a word"})  # no key of it goes to the page
    assert masked(noted, PAGE) == noted


def test_a_short_password_leaves_the_words_around_it_readable():
    action = replace(fill(2, "e"), text=f'fill {LABEL} 2 "e"')
    assert masked(action, PAGE).text == f'fill {LABEL} 2 "•"'


class Fills:
    """A tool that keeps what it is given."""

    spec = ToolSpec(name="fill", description="")

    def __init__(self):
        self.given = []

    async def call(self, arguments):
        self.given.append(arguments["text"])
        return PAGE


async def test_the_tool_gets_the_password_and_the_ledger_and_the_monitors_do_not(crew):
    answer = Action(tool="finish", arguments={})
    typed = replace(fill(2), text=f'fill {LABEL} 2 "{SECRET}"')
    made, steps = crew([typed, answer])
    tool = Fills()
    made = replace(made, tools={"fill": tool})
    end = await pursue(Task(id="t", prompt="Log in."), made, policy="small", observation=PAGE)
    assert tool.given == [SECRET]
    assert [step.action.arguments.get("text") for step in steps] == [MASK, None]
    for step in (*steps, *end.trajectory.steps):
        assert "hunter" not in step_to_json(step)
        assert "hunter" not in repr(step)


def test_a_password_in_an_address_is_masked_and_the_page_stays_what_it_is():
    seen = Observation(source="click", text=f'url http://x/?p=hunter%222%C3%A9\ntext "{SECRET}"')
    assert hidden(seen, {SECRET}).text == f'url http://x/?p={MASK}\ntext "{SECRET}"'
    assert hidden(seen, ()) == seen


@pytest.mark.parametrize("tool", ["press", "invalid"])
async def test_a_call_that_fails_keeps_what_is_secret_on_the_page(crew, tool):
    made, steps = crew([Action(tool=tool), fill(2), Action(tool="finish")])
    made = replace(made, tools={"fill": Fills()})
    await pursue(Task(id="t", prompt="p"), made, policy="small", observation=PAGE)
    assert steps[1].observation.secret == (2,)
    assert steps[1].action.arguments["text"] == MASK
