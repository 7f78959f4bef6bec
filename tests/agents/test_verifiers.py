import sys
from dataclasses import replace

import pytest

from flyball import Action, Observation, Ruling, Step, Task, Trajectory
from flyball.agents import CompactPolicy, ModelPolicy, NoVerifier, assemble
from flyball.agents.verifiers import (
    CheckerVerifier,
    CommandVerifier,
    ModelVerifier,
    PolicyVerifier,
    checking_prompt,
    read_verdict,
)
from flyball.config import Config
from flyball.config.tables import GovernorTable, Tables
from flyball.errors import ConfigError, ToolError
from flyball.meters import NoMeter
from flyball.testing import ScriptedModel, ScriptedPolicy

PAGE = 'url http://x/\ntitle X\ntextbox "User" 1\ntextbox "Mail" 2\nbutton "Send" 3\nlink "Help" 4'
USER = Action(tool="fill", arguments={"element": 1, "target": 'textbox "User"', "text": "bob"})
MAIL = Action(tool="fill", arguments={"element": 2, "target": 'textbox "Mail"', "text": "b@x"})
SEND = Action(tool="click", arguments={"element": 3, "target": 'button "Send"'})
HELP = Action(tool="click", arguments={"element": 4, "target": 'link "Help"'})
DONE = Action(tool="finish", arguments={"answer": "sent"})
BACK = Action(tool="back")


def run(*actions: Action, policy: str = "small") -> Trajectory:
    page = Observation(source="page", text=PAGE)
    steps = [
        Step(index=index, policy=policy, observation=page, action=action)
        for index, action in enumerate(actions)
    ]
    return Trajectory(task=Task(id="t", prompt="Send it."), steps=tuple(steps))


def other(action: Action, **arguments: object) -> Action:
    return replace(action, arguments={**action.arguments, **arguments})


@pytest.mark.parametrize(
    ("done", "pending", "theirs", "objection"),
    [
        ([], USER, USER, ""),
        ([], USER, other(USER, target="whatever it is called"), ""),
        ([], USER, MAIL, ""),
        ([USER], HELP, MAIL, ""),
        ([USER], SEND, SEND, ""),
        ([USER], SEND, BACK, "this is not the right place"),
        ([USER], SEND, MAIL, 'fill "Mail" comes first'),
        ([USER], MAIL, other(USER, text="rob"), 'fill "User" has to be done again'),
        ([], USER, other(USER, text="rob"), 'fill "User" is what comes next'),
        ([USER], DONE, SEND, 'click "Send" is what comes next'),
        ([USER], SEND, DONE, "finish is what comes next"),
    ],
)
async def test_a_policy_passes_what_it_does_not_contradict(done, pending, theirs, objection):
    verifier = PolicyVerifier(policy=ScriptedPolicy([theirs]), strong="large")
    decision, usage, passed = await verifier.verify(run(*done, pending))
    assert passed is (objection == "")
    assert usage.requests == 1
    if objection:
        assert decision.reason == f"the check fails: {objection}"
        assert (decision.ruling, decision.policy) == (Ruling.ESCALATE, "large")


async def test_who_drives_is_not_asked_to_check_itself():
    verifier = PolicyVerifier(policy=ScriptedPolicy([]), strong="large")
    decision, usage, passed = await verifier.verify(run(SEND, policy="large"))
    assert (decision.ruling, usage.requests, passed) == (Ruling.CONTINUE, 0, None)


async def test_without_an_action_to_compare_nothing_is_said():
    verifier = PolicyVerifier(policy=ScriptedPolicy([Action(tool="invalid")]), strong="large")
    assert (await verifier.verify(run(SEND))).passed is None


async def test_a_chat_model_is_asked_about_the_steps_since_the_last_check():
    model = ScriptedModel(["No: the mail is missing.", "Yes.", "hm"], name="large")
    verifier = ModelVerifier(model=model, strong="large")
    told = run(USER, MAIL, SEND)
    checked = replace(told, steps=(told.steps[0], replace(told.steps[1], verified=True), told.last))
    decision, usage, passed = await verifier.verify(checked)
    assert (decision.ruling, passed) == (Ruling.ESCALATE, False)
    assert decision.reason == "the check fails: the mail is missing"
    assert usage.requests == 1
    assert (await verifier.verify(checked)).passed is True
    assert (await verifier.verify(checked)).passed is None
    asked = model.requests[0].prompt[1].content
    assert asked == checking_prompt(checked)
    assert "Send it." in asked
    assert '"text": "b@x"' in asked
    assert '"text": "bob"' not in asked
    assert 'About to be done: click {"element": 3} (button "Send")' in asked


@pytest.mark.parametrize(
    ("text", "passed", "what"),
    [
        ("yes", True, ""),
        ("**Yes**, all of it.", True, ""),
        ("<think>no, wait</think>\nOK", True, ""),
        ('{"ok": "no", "why": "late"}', False, 'why": "late'),
        ("NO - the date is wrong.", False, "the date is wrong"),
        ("No", False, "it is not right"),
        ("Incorrect: it went to Ann", False, "it went to Ann"),
        ("", None, "the check cannot be read: ''"),
        ("I cannot say.", None, "the check cannot be read: 'I cannot say.'"),
    ],
)
def test_a_yes_or_a_no_is_read_from_whatever_stands_around_it(text, passed, what):
    assert read_verdict(text) == (passed, what)


async def test_the_tasks_own_checker_is_asked():
    said = iter([None, True, False])

    async def check(trajectory: Trajectory) -> bool | None:
        return next(said)

    verifier = CheckerVerifier(check=check)
    passed = [(await verifier.verify(run(DONE))) for _ in range(3)]
    assert [each.passed for each in passed] == [None, True, False]
    assert passed[2].decision.ruling is Ruling.REVISE


async def test_a_test_command_passes_with_exit_code_0_and_says_how_it_failed(tmp_path):
    passes = CommandVerifier(command=f"{sys.executable} -c pass", folder=tmp_path)
    assert (await passes.verify(run(SEND))).passed is True
    script = tmp_path / "check.py"
    script.write_text("print('1 test failed'); raise SystemExit(3)")
    fails = CommandVerifier(command=f"{sys.executable} check.py", folder=tmp_path, strong="large")
    decision, _, passed = await fails.verify(run(SEND))
    assert (passed, decision.policy) == (False, "large")
    assert decision.reason.endswith("fails: 1 test failed")
    with pytest.raises(ToolError, match="does not run"):
        await CommandVerifier(command="/no/such/program").verify(run(SEND))


def configured(**governor: object) -> Config:
    return Config(tables=Tables(governor=GovernorTable(**governor)))


def test_the_verifier_is_the_one_that_the_configuration_names():
    compact = CompactPolicy(ScriptedModel([], name="large"))
    chat = ModelPolicy(model=ScriptedModel([], name="large"), tools=())

    def made(config, policy):
        policies = {"small": ScriptedPolicy([]), "large": policy}
        return assemble(config, policies, {}, meter=NoMeter(), strong="large").verifier

    assert made(configured(), compact) == PolicyVerifier(policy=compact, strong="large")
    assert made(configured(), chat) == ModelVerifier(model=chat.model, strong="large")
    assert isinstance(made(configured(verifier="none"), chat), NoVerifier)
    assert isinstance(made(configured(verifier="checker"), chat), NoVerifier)
    tests = configured(verifier="tests", test_command="make test")
    assert made(tests, chat) == CommandVerifier(command="make test", strong="large")
    with pytest.raises(ConfigError, match="test_command"):
        made(configured(verifier="tests"), chat)
