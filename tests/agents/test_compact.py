from dataclasses import replace

import pytest

from flyball import Action, Observation, Task
from flyball.agents import CompactPolicy
from flyball.agents.compact import HISTORY, decode, encode, history, offered, prompt
from flyball.records import Completion, Usage
from flyball.testing import ScriptedModel, trajectory
from flyball.tools.page import Entry, parse

PAGE = Observation(
    source="browser",
    text='url http://x/\ntitle X\nheading "Hi"\ntextbox "User" 1\nbutton "Login" 2',
)
CLICK = Action(tool="click", arguments={"element": 2, "target": 'button "Login"'})


def test_the_prompt_is_the_goal_the_page_and_the_last_actions():
    told = [f'click "{i}"' for i in range(HISTORY + 2)]
    lines = prompt("Log in.", PAGE.text.splitlines(), told).splitlines()
    assert lines[:4] == ["Log in.", 'heading "Hi"', 'textbox "User" 1', 'button "Login" 2']
    assert lines[4].startswith('last click "2" ; ')
    assert lines[5] == ">"


def test_of_a_long_page_the_prompt_keeps_what_the_goal_speaks_of():
    page = [*(f'item "reply | Ann number {i}" {i}' for i in range(90)), 'button "Send" 90']
    page.insert(80, 'text "Zoe @zoe"')
    lines = prompt("Reply to @zoe, then send.", page, []).splitlines()
    assert {'text "Zoe @zoe"', 'button "Send" 90'} <= {line.lstrip("*+ ") for line in lines}
    assert any(line.endswith("more lines") for line in lines)


@pytest.mark.parametrize(
    ("action", "line"),
    [
        (CLICK, 'click "Login" 2'),
        (
            Action(
                tool="fill",
                arguments={"element": 1, "target": 'textbox "User"', "text": 'a "b" c'},
            ),
            'fill "User" 1 "a "b" c"',
        ),
        (
            Action(
                tool="select", arguments={"element": 3, "target": 'select ""', "option": "Peru"}
            ),
            'select "" 3 "Peru"',
        ),
        (
            Action(tool="hover", arguments={"element": 4, "target": 'menuitem "More"'}),
            'hover "More" 4',
        ),
        (
            Action(
                tool="press", arguments={"element": 1, "target": 'textbox "User"', "key": "Enter"}
            ),
            'press "User" 1 "Enter"',
        ),
        (Action(tool="press", arguments={"key": '"'}), 'press """'),
        (Action(tool="type", arguments={"text": "rm a b"}), 'type "rm a b"'),
        (
            Action(
                tool="scroll",
                arguments={"element": 1, "target": 'textbox "User"', "direction": "down"},
            ),
            'scroll "User" 1 down',
        ),
        (Action(tool="scroll", arguments={"direction": "up"}), "scroll up"),
        (Action(tool="back"), "back"),
        (Action(tool="wait", arguments={"seconds": 1}), "wait"),
        (Action(tool="finish"), "finish"),
        (Action(tool="finish", arguments={"answer": "42"}), 'finish "42"'),
    ],
)
def test_what_is_encoded_is_decoded_again(action, line):
    label = str(action.arguments.get("target", ""))
    assert encode(action, label).strip() == line
    role, _, rest = label.partition(" ")
    page = [Entry(role=role, name=rest[1:-1], number=action.arguments.get("element"))]
    assert decode(line, page) == replace(action, text=line)


def test_a_person_may_say_the_role_too_and_a_wrong_name_is_left_for_the_browser_to_refuse():
    page = [Entry(role="button", name="Login", number=2)]
    said = ['click "Login" 2', 'click button "Login" 2', 'click "Send" 2', 'click "Login" 1']
    assert [decode(each, page).arguments["target"] for each in said] == [
        'button "Login"', 'button "Login"', '"Send"', '"Login"',
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "click",
        'click button "Login"',
        'fill textbox "User" 1',
        'click button "A" 1 "x"',
        'press "User" 1',
        'press textbox "User" 1',
        "press Enter",
        "scroll sideways",
        'wait textbox "User" 1',
        "back 2",
        "leap",
    ],
)
def test_what_is_no_action_is_an_invalid_step(text):
    action = decode(text)
    assert action.tool == "invalid"
    assert action.arguments["why"]
    assert action.text == text


def marks(goal, *names):
    lines = [f'item "{name}" {number}' for number, name in enumerate(names, 1)]
    shown = prompt(goal, lines, []).splitlines()[1:-2]
    assert [line.lstrip("*+ ") for line in shown] == lines
    return [line.partition("item")[0] for line in shown]


def test_a_line_is_marked_that_the_goal_names_and_the_one_that_shares_most_with_it():
    star = ("star | Ann Hi", "star | Bo Lo", "reply | Ann Hi", "Bo Lo")
    assert marks("Star the mail of Ann.", *star) == ["*+ ", "* ", "", ""]
    assert marks("Find the link vitae.", "vita", "vitae vel", "Vitae,") == ["", "+ ", "*+ "]
    assert marks("Find the link vitae.", "vita", "-", "") == ["", "", ""]
    assert marks("Click ok", "ok", "not ok", "OK | 3") == ["* ", "", "* "]
    assert marks("Order the lamp", "lamp a", "lamp b", "lamp c") == ["", "", ""]
    assert marks("Order a big lamp", "big lamp", "a lamp", "a big a") == ["*+ ", "", ""]


def test_the_history_tells_names_and_what_failed():
    steps = trajectory([CLICK, CLICK]).steps
    shown = [replace(step, observation=PAGE) for step in steps]
    failed = Observation(source="click", text=PAGE.text, ok=False, note="covered")
    assert history(shown, failed) == ['click "Login"', 'failed click "Login"']
    assert history([], PAGE) == []


def test_the_history_tells_keys_and_directions():
    keys = [
        Action(tool="press", arguments={"element": 1, "key": "Enter"}),
        Action(tool="scroll", arguments={"direction": "down"}),
    ]
    steps = [replace(step, observation=PAGE) for step in trajectory(keys).steps]
    assert history(steps, PAGE) == ['press "User" Enter', "scroll down"]


async def test_the_policy_asks_for_one_line_and_keeps_its_log_probabilities():
    model = ScriptedModel(
        [
            Completion(
                text=' click "Login" 2',
                logprobs=(-0.1, -0.2),
                entropies=(0.3, 0.4),
                usage=Usage(requests=1, local_requests=1, input_tokens=9, output_tokens=2),
            )
        ]
    )
    policy = CompactPolicy(model)
    run = trajectory([], task=Task(id="t", prompt="Log in."))
    action, usage = await policy.propose(run, PAGE)
    assert (action.tool, action.arguments) == (CLICK.tool, CLICK.arguments)
    assert (action.logprobs, action.entropies) == ((-0.1, -0.2), (0.3, 0.4))
    assert usage.input_tokens == 9
    assert model.requests[0].temperature == 0.0
    assert model.requests[0].stop == ("\n",)


async def test_a_seed_tells_draws_apart_and_none_is_that_of_suites():
    run = trajectory([], task=Task(id="t", prompt="Log in."))
    seeds = []
    for given in ({}, {"seed": 0}, {"seed": 1}, {"seed": 2}):
        model = ScriptedModel([" finish"])
        await CompactPolicy(model, temperature=0.5, **given).propose(run, PAGE)
        seeds.append(model.requests[0].seed)
    assert seeds[0] == seeds[1]
    assert len(set(seeds)) == 3


async def test_a_refused_policy_tries_something_else_on_the_same_page():
    model = ScriptedModel([" finish"])
    run = trajectory([CLICK], task=Task(id="t", prompt="Log in."))
    run = run.amend(replace(run.last, observation=PAGE))
    await CompactPolicy(model).propose(run, Observation(source="governor", text="no", ok=False))
    assert model.requests[0].temperature > 0
    assert 'button "Login" 2' in str(model.requests[0].prompt)


def named(page, tool):
    """The numbers that `tool` may name, and what may follow them."""
    lines = offered(page)
    found = [decode(line) for line in lines.whole] + [decode(f'{line}x"') for line in lines.begun]
    assert all(action.tool != "invalid" for action in found)
    return {action.arguments.get("element") for action in found if action.tool == tool}


def test_every_line_that_is_offered_names_what_is_on_the_page():
    page = [
        Entry(role="heading", name="Hi"),
        Entry(role="textbox", name='a "b"', number=1, value="x"),
        Entry(role="select", name="", number=2, options=("Peru", "Chad")),
        Entry(role="button", name="Login", number=3, covered=True),
        Entry(role="button", name="Send", number=4, disabled=True),
        Entry(role="textbox", name="Date", number=5, readonly=True),
    ]
    assert named(page, "click") == {1, 2, 3, 5}
    assert named(page, "hover") == {1, 2, 3, 4, 5}
    assert named(page, "fill") == {1}
    assert named(page, "select") == {2}
    assert named(page, "press") == {None, 1, 2, 3, 5}
    assert named(page, "scroll") == {None, 1, 2, 3, 4, 5}
    assert named(page, "finish") == {None}
    assert {' select "" 2 "Peru"', ' select "" 2 "Chad"'} <= set(offered(page).whole)


@pytest.mark.parametrize("action", [CLICK, Action(tool="back"), Action(tool="finish")])
def test_what_oracles_say_is_offered(action):
    page = parse(PAGE.text)
    assert encode(action, 'button "Login"') in offered(page).whole


async def test_a_policy_is_held_to_its_page_unless_that_is_switched_off():
    run = trajectory([], task=Task(id="t", prompt="Log in."))
    model = ScriptedModel([Completion(text=" finish", forbidden=0.25), " finish"])
    action, _ = await CompactPolicy(model).propose(run, PAGE)
    free, _ = await CompactPolicy(model, grammar=False).propose(run, PAGE)
    assert (action.forbidden, free.forbidden) == (0.25, None)
    assert model.requests[0].lines == offered(parse(PAGE.text))
    assert model.requests[1].lines is None


async def test_a_policy_that_reasons_writes_a_line_of_thought_and_then_acts_on_it():
    model = ScriptedModel(
        [
            Completion(text=" 1 Hi", logprobs=(-0.5,), usage=Usage(requests=1, output_tokens=2)),
            Completion(
                text=' click "Login" 2',
                logprobs=(-0.1,),
                usage=Usage(requests=1, output_tokens=3),
            ),
        ]
    )
    run = trajectory([], task=Task(id="t", prompt="Log in."))
    action, usage = await CompactPolicy(model, reasons=True).propose(run, PAGE)
    first, second = model.requests
    assert str(first.prompt).endswith("\nlast \n?")
    assert first.lines is None
    assert second.prompt == f"{first.prompt} 1 Hi\n>"
    assert second.lines == offered(parse(PAGE.text))
    assert (action.tool, action.thought, action.logprobs) == ("click", "1 Hi", (-0.5, -0.1))
    assert action.entropies is None
    assert (usage.output_tokens, usage.reasoning_tokens) == (5, 2)


def test_a_page_that_is_read_closely_has_more_marked():
    goal = "Find the item with 55 on shelf C1, and its 3 lamps."
    lines = ['text "55 on C1"', 'text "55 on B2"', *[f'item "lamps {i} @x" {i}' for i in range(8)]]
    shown = prompt(goal, lines, [], closely=True).splitlines()[1:-2]
    assert shown[:2] == ['+ text "55 on C1"', 'text "55 on B2"']
    assert marks("Order the lamp", *["lamp a"] * 3) == ["", "", ""]
    three = prompt("Order the lamp", ['item "lamp a" 1'] * 3, [], closely=True)
    assert three.splitlines()[1:-2] == ['+ item "lamp a" 1'] * 3


def test_a_page_that_is_read_closely_keeps_more_lines():
    page = [f'item "reply | Ann number {i}" {i}' for i in range(70)]
    plain, close = (prompt("Log in.", page, [], closely=each) for each in (False, True))
    assert len(plain.splitlines()) < len(page) < len(close.splitlines())
    assert not any(line.endswith("more lines") for line in close.splitlines())
