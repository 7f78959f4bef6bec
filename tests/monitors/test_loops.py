from collections.abc import Sequence
from dataclasses import replace

import pytest

from flyball import Action, Decision, Observation, Ruling, Step, Task, Trajectory
from flyball.monitors import LiteLLMStall, OpenHandsStuck

A = Action(tool="click", arguments={"id": 1})
B = Action(tool="scroll", arguments={"down": True})
C = Action(tool="fill", arguments={"id": 2, "text": "x"})
SAY = Action(tool="finish", thought="hm", arguments={"answer": "42"})
BABBLE = Action(tool="invalid", text="I think that")

Turn = tuple[Action, str]


def run(*turns: Turn, then: Action, policy: str = "small") -> Trajectory:
    """Actions with their results (`!` marks a failure), and the action that is proposed next."""
    results = ["task", *(result for _, result in turns)]
    actions = [*(action for action, _ in turns), then]
    steps = [
        Step(index=index, policy=policy, observation=_seen(result), action=action)
        for index, (action, result) in enumerate(zip(actions, results, strict=True))
    ]
    return Trajectory(task=Task(id="t", prompt="p"), steps=tuple(steps))


def _seen(result: str) -> Observation:
    return Observation(source="browser", text=result.strip("!"), ok=not result.startswith("!"))


def handed_back(trajectory: Trajectory, places: Sequence[int]) -> Trajectory:
    """The same run, with the steps at these places refused by the governor."""
    steps = list(trajectory.steps)
    for place in places:
        steps[place] = replace(steps[place], decision=Decision(ruling=Ruling.REVISE))
        word = Observation(source="governor", text=f"no, {place}", ok=False)
        steps[place + 1] = replace(steps[place + 1], observation=word)
    return replace(trajectory, steps=tuple(steps))


STUCK = {
    "the same action with the same result 4 times": (
        run(*[(A, "page")] * 4, then=A),
        "click had the same result 4 times",
        (0, 1, 2, 3, 4),
    ),
    "the same action with an error 3 times": (
        run((B, "page"), (A, "!one"), (A, "!two"), (A, "!three"), then=A),
        "click failed 3 times in a row",
        (1, 2, 3, 4),
    ),
    "the same answer refused twice and given again": (
        handed_back(run((SAY, ""), (SAY, ""), then=SAY), [0, 1]),
        "the same words 3 times, and no tool call between",
        (0, 1, 2),
    ),
    "the same unreadable words 3 times": (
        run((A, "page"), (BABBLE, "!what?"), (BABBLE, "!what?"), then=BABBLE),
        "the same words 3 times, and no tool call between",
        (1, 2, 3),
    ),
    "two actions in turn over 6 steps": (
        run(*[(A, "one"), (B, "two")] * 3, then=A),
        "click and scroll in turn over 6 steps",
        (0, 1, 2, 3, 4, 5, 6),
    ),
}
NOT_STUCK = {
    "only 3 times": run(*[(A, "page")] * 3, then=A),
    "the policy has changed its mind": run(*[(A, "page")] * 4, then=B),
    "the page scrolls on": run(*[(B, f"page {n}") for n in range(8)], then=B),
    "polling that ends": run(*[(A, "wait")] * 3, (A, "done"), then=A),
    "only 2 errors": run((A, "page"), (A, "!no"), (A, "!no"), then=A),
    "an error that another action follows": run(*[(A, "!no")] * 3, then=C),
    "other words each time": run((BABBLE, "!"), (SAY, ""), then=BABBLE),
    "a tool call between the words": run((BABBLE, "!"), (A, "page"), (BABBLE, "!"), then=BABBLE),
    "two actions in turn that get somewhere": run(
        *[(action, f"page {n}") for n, action in enumerate([A, B] * 3)], then=A
    ),
    "two actions in turn, and then a third": run(*[(A, "one"), (B, "two")] * 3, then=C),
    "the first step": run(then=A),
    "refused proposals, which came to nothing": handed_back(
        run(*[(A, "page")] * 4, then=A), [0, 1, 2, 3]
    ),
}


@pytest.mark.parametrize(("seen", "reason", "evidence"), STUCK.values(), ids=STUCK)
def test_openhands_rules_find_the_loop(seen, reason, evidence):
    verdict = OpenHandsStuck().judge(seen)
    assert (verdict.ruling, verdict.reason) == (Ruling.STOP, reason)
    assert verdict.evidence == evidence


@pytest.mark.parametrize("seen", NOT_STUCK.values(), ids=NOT_STUCK)
def test_openhands_rules_let_be_what_is_no_loop(seen):
    assert OpenHandsStuck().judge(seen).ruling is Ruling.CONTINUE


def condensed(count: int, *, before: int = 0) -> Trajectory:
    bare = run(*[(A, f"page {n}") for n in range(before)], *[(C, "c")] * count, then=C)
    summary = Observation(source="condensation", text="what happened so far")
    steps = [
        replace(step, observation=summary, action=Action(tool="x", arguments={"n": step.index}))
        if step.index >= before
        else step
        for step in bare.steps
    ]
    return replace(bare, steps=tuple(steps))


def test_ten_condensations_with_nothing_between_are_a_loop():
    assert OpenHandsStuck().judge(condensed(9, before=2)).ruling is Ruling.STOP
    assert OpenHandsStuck().judge(condensed(8, before=2)).ruling is Ruling.CONTINUE


def test_a_loop_can_escalate_instead_and_spares_who_it_escalated_to():
    monitor = OpenHandsStuck(ruling=Ruling.ESCALATE, policy="large")
    looping = [(A, "page")] * 4
    assert monitor.judge(run(*looping, then=A)).policy == "large"
    assert monitor.judge(run(*looping, then=A, policy="large")).ruling is Ruling.CONTINUE


def test_a_policy_that_takes_over_is_not_blamed_for_the_one_before():
    seen = run(*[(A, "page")] * 4, then=A)
    steps = (*seen.steps[:-1], replace(seen.last, policy="large"))
    assert OpenHandsStuck().judge(replace(seen, steps=steps)).ruling is Ruling.CONTINUE


def test_a_loop_is_found_the_same_at_step_ten_thousand():
    long = run(*[(C, f"page {n}") for n in range(10_000)], *[(A, "page")] * 4, then=A)
    assert OpenHandsStuck().judge(long).evidence[0] == 10_000


STALLED = {
    "three calls in a row": run((A, "page"), (A, "page"), then=A),
    "three among six": run((A, "p"), (B, "q"), (A, "p"), (C, "r"), (B, "q"), then=A),
    "three failures of one call": run((A, "!one"), (A, "!two"), (A, "!three"), then=A),
}
NOT_STALLED = {
    "twice": run((A, "page"), then=A),
    "three among seven": run((A, "p"), (A, "p"), *[(B, str(n)) for n in range(4)], then=A),
    "paging": run((B, "1"), (B, "2"), (B, "3"), then=B),
    "an answer": run((A, "page"), (A, "page"), then=SAY),
}


@pytest.mark.parametrize("seen", STALLED.values(), ids=STALLED)
def test_litellm_sends_a_stalled_call_back_or_one_tier_up(seen):
    assert LiteLLMStall().judge(seen).ruling is Ruling.REVISE
    verdict = LiteLLMStall(policy="large").judge(seen)
    assert (verdict.ruling, verdict.policy) == (Ruling.ESCALATE, "large")
    assert verdict.reason.endswith("3 times in the last 6 calls")


@pytest.mark.parametrize("seen", NOT_STALLED.values(), ids=NOT_STALLED)
@pytest.mark.parametrize("policy", [None, "large"])
def test_litellm_lets_be_what_is_no_stall(seen, policy):
    assert LiteLLMStall(policy=policy).judge(seen).ruling is Ruling.CONTINUE


def test_as_litellm_ships_it_paging_is_a_stall():
    verdict = LiteLLMStall(unchanged_only=False).judge(NOT_STALLED["paging"])
    assert verdict.ruling is Ruling.REVISE


def test_failures_of_any_call_go_up_a_tier_but_do_not_send_another_call_back():
    seen = run((A, "!no"), (B, "!no"), (C, "!no"), then=A)
    assert LiteLLMStall(policy="large").judge(seen).reason.startswith("calls failed 3 times")
    assert LiteLLMStall().judge(seen).ruling is Ruling.CONTINUE


def test_the_next_tier_is_not_sent_to_itself():
    seen = run((A, "page"), (A, "page"), then=A, policy="large")
    assert LiteLLMStall(policy="large").judge(seen).ruling is Ruling.CONTINUE


def test_a_call_that_was_sent_back_is_sent_back_again_and_another_is_not():
    refused = handed_back(run((A, "p"), (A, "p"), (A, "no"), then=A), [2])
    assert LiteLLMStall().judge(refused).ruling is Ruling.REVISE
    other = refused.amend(replace(refused.last, action=C))
    assert LiteLLMStall().judge(other).ruling is Ruling.CONTINUE
