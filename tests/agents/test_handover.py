from dataclasses import replace

from flyball import Action, Observation, Ruling, Step, Task, Trajectory
from flyball.agents import CompactPolicy, ModelPolicy, compact_code
from flyball.agents.account import account
from flyball.agents.compact import history
from flyball.agents.handover import clean, hand_over
from flyball.records import Decision, Recovery
from flyball.testing import ScriptedModel

FORM = 'url http://x/\ntitle X\ntextbox "User" 1\nbutton "Login" 2'
STILL = FORM + '\ntext "Hi"'
NEXT = 'url http://x/next\ntitle Next\nbutton "Done" 1'
FILL = Action(tool="fill", arguments={"element": 1, "target": 'textbox "User"', "text": "bob"})
CLICK = Action(tool="click", arguments={"element": 2, "target": 'button "Login"'})
WAIT = Action(tool="wait", arguments={"seconds": 1})
UNREAD = Action(tool="invalid", arguments={"why": "no"}, text="?")
CALLED = Decision(ruling=Ruling.ESCALATE, reason="going in circles", policy="large", by="stuck")


def seen(text: str, *, ok: bool = True, note: str = "") -> Observation:
    return Observation(source="page", text=text, ok=ok, note=note)


def steps(*told: tuple[Action, Observation]) -> tuple[Step, ...]:
    return tuple(
        Step(index=index, policy="small", observation=observation, action=action)
        for index, (action, observation) in enumerate(told)
    )


RUN = steps(
    (FILL, seen(FORM)),
    (CLICK, seen(STILL)),
    (CLICK, seen(STILL, ok=False, note="covered by an advert")),
    (UNREAD, seen(STILL, ok=False, note="covered by an advert")),
    (WAIT, seen(STILL, ok=False, note="no")),
    (WAIT, seen(FORM)),
    (CLICK, seen(NEXT)),
)
RUN = (*RUN[:-1], replace(RUN[-1], decision=CALLED))
WORD = Observation(source="governor", text="going in circles", ok=False)
TASK = Task(id="login", prompt="Log in as bob.")


def handed(kind="compact", taker="large"):
    run = Trajectory(task=TASK, steps=RUN)
    given = hand_over(run, WORD, taker, kind)
    return run.amend(replace(run.last, hand_over=given)), given


def test_what_failed_was_refused_or_cannot_be_read_is_left_out():
    assert clean(RUN, WORD) == (0, 4, 5)
    _, given = handed()
    assert (given.told, given.left_out) == ((0, 4, 5), 4)


def test_of_a_loop_only_the_last_round_is_left():
    round_ = [(FILL, seen(FORM)), (WAIT, seen(NEXT))]
    assert clean(steps(*round_, *round_, *round_), seen(FORM)) == (4, 5)


def test_what_a_recovery_took_back_did_not_happen():
    back = replace(RUN[-1], recovery=Recovery(to=4, done=True))
    assert clean((*RUN[:-1], back), WORD) == (0,)
    shut = replace(RUN[-1], recovery=Recovery(to=4, done=False, why="sent"))
    assert clean((*RUN[:-1], shut), WORD) == (0, 4, 5)


def test_the_report_says_why_what_was_done_what_came_to_nothing_and_where_it_stands():
    _, given = handed()
    assert given.text.splitlines()[0] == (
        "You take over from another agent, small: going in circles."
    )
    assert '1. fill {"element": 1, "text": "bob"} (textbox "User") ->' in given.text
    assert 'come to nothing: click {"element": 2} (button "Login") (2 times)' in given.text
    assert "covered by an advert" not in given.text
    assert given.text.endswith("Where it stands: url http://x/next, title Next")


def test_what_worked_in_the_end_is_not_told_as_a_failure():
    told = steps((CLICK, seen(FORM)), (CLICK, seen(FORM, ok=False, note="not yet")))
    run = Trajectory(task=TASK, steps=told)
    assert "come to nothing" not in hand_over(run, seen(NEXT), "large", "compact").text


def test_a_long_report_tells_the_newest_steps():
    told = [
        (replace(FILL, arguments={**FILL.arguments, "text": str(n)}), seen(FORM)) for n in range(20)
    ]
    run = Trajectory(task=TASK, steps=steps(*told))
    text = hand_over(run, seen(FORM), "large", "compact").text
    assert "... 8 earlier steps ..." in text
    assert '20. fill {"element": 1, "text": "19"}' in text


def test_prices_are_kept_from_whoever_takes_over():
    priced = replace(RUN[-1], decision=replace(CALLED, by="priced", reason="escalate: 3 J"))
    run = Trajectory(task=TASK, steps=(*RUN[:-1], priced))
    assert "small: the run was likely to fail." in hand_over(run, WORD, "large", "compact").text


async def test_a_chat_is_told_the_report_and_then_its_own_steps():
    run, given = handed()
    model = ScriptedModel(['{"tool": "wait", "arguments": {}}'] * 2, name="large")
    policy = ModelPolicy(model=model, tools=(), style="text")
    await policy.propose(run, WORD)
    asked = model.requests[0].prompt[1].content
    assert f"Your steps so far:\n{given.text}\n\nWhat there is now:" in asked
    assert "You are told" not in asked
    assert "was not carried out" not in asked
    mine = Step(index=7, policy="large", observation=WORD, action=WAIT)
    await policy.propose(run.then(mine), seen(NEXT))
    asked = model.requests[1].prompt[1].content
    assert f'{given.text}\n1. wait {{"seconds": 1}} ->' in asked


async def test_a_compact_prompt_has_only_the_actions_that_worked():
    run, _ = handed()
    model = ScriptedModel([" back"], name="large")
    await CompactPolicy(model).propose(run, WORD)
    asked = model.requests[0]
    assert 'last fill "User" ; wait ; wait\n' in asked.prompt
    assert asked.temperature == 0.0


async def test_a_full_hand_over_leaves_the_failures_in():
    run, _ = handed(kind="full")
    model = ScriptedModel([" back"], name="large")
    await CompactPolicy(model).propose(run, WORD)
    assert "failed click" in model.requests[0].prompt


def test_what_was_taken_back_under_the_same_driver_leaves_the_history_too():
    refused = Decision(ruling=Ruling.REVISE, reason="the check fails: wrong")
    told = steps((FILL, seen(FORM)), (CLICK, seen(FORM)), (WAIT, seen(NEXT)))
    last = replace(told[2], decision=refused, recovery=Recovery(to=1, done=True))
    back = Observation(source="recovery", text=FORM, ok=False, note="taken back")
    assert history((*told[:2], last), back) == ['fill "User"']
    assert "since the last check was taken back" in account(
        Trajectory(task=TASK, steps=(*told[:2], last)), back
    )


def test_a_history_of_code_is_cleaned_as_that_of_pages_is():
    run, _ = handed()
    assert compact_code.history(run.steps, WORD) == ["fill", "wait", "wait"]
