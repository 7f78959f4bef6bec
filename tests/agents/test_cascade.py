"""The graph with two policies: who is told what, who is asked, and what silence leads to."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from flyball import Action, Observation, Ruling, Trajectory, Usage, Verdict
from flyball.agents import pursue
from flyball.agents.patience import driven_on
from flyball.errors import ModelError
from flyball.ledger import step_to_json
from flyball.ledger.codec import step_from_json
from flyball.monitors import Bursts, Strictest
from flyball.records import Decision
from flyball.roles import Ruled
from flyball.testing import ScriptedPolicy
from tests.conftest import DONE, ECHO

UNREAD = Action(tool="invalid", arguments={"why": "no call"}, text="?")
WORD = Action(tool="echo", arguments={"text": "word"})


@dataclass(frozen=True)
class At:
    """Rules against the steps at these places."""

    places: tuple[int, ...]
    ruling: Ruling = Ruling.ESCALATE
    name: str = "at"

    def judge(self, trajectory: Trajectory) -> Verdict:
        if trajectory.last.index not in self.places:
            return Verdict(monitor=self.name)
        return Verdict(monitor=self.name, ruling=self.ruling, reason="in trouble", policy="large")


class Down:
    name = "large"

    async def propose(self, trajectory: Trajectory, observation: Observation):
        raise ModelError("the server says 429: too many requests")


class Slow:
    name = "large"

    async def propose(self, trajectory: Trajectory, observation: Observation):
        await asyncio.sleep(60)


@dataclass
class Checks:
    """A verifier that passes or fails the work, in order."""

    passes: list[bool | None]
    name: str = "checks"

    async def verify(self, trajectory: Trajectory) -> Ruled:
        passed = self.passes.pop(0)
        usage = Usage(requests=1)
        if passed is not False:
            return Ruled(Decision(by=self.name), usage, passed)
        decision = Decision(ruling=Ruling.ESCALATE, reason="wrong", policy="large", by=self.name)
        return Ruled(decision, usage, passed)


@dataclass
class Room:
    """A world that remembers how often it was taken down and put back."""

    shut: str = ""
    taken: int = 0
    back: list[object] = field(default_factory=list)

    async def snapshot(self) -> object:
        self.taken += 1
        return f"snapshot {self.taken}"

    async def restore(self, snapshot: object) -> Observation:
        self.back.append(snapshot)
        return Observation(source="recovery", text="as it was", ok=not self.shut, note=self.shut)


@pytest.fixture
def cascade(task, crew):
    """Run small and large with these actions, and give their steps."""

    async def _cascade(small, large, monitors=(), *, bursts=None, **parts):
        made, steps = crew(small, monitors)
        strong = large if hasattr(large, "propose") else ScriptedPolicy(large, name="large")
        made = replace(
            made,
            policies={**made.policies, "large": strong},
            governor=Strictest(bursts=bursts or Bursts()),
            **parts,
        )
        await pursue(task, made, policy="small")
        return steps

    return _cascade


async def test_a_burst_ends_and_both_changes_are_written_down_as_hand_overs(cascade):
    steps = await cascade([ECHO, ECHO, DONE], [WORD, WORD], [At((1,))], bursts=Bursts(steps=2))
    assert [step.policy for step in steps] == ["small", "small", "large", "large", "small"]
    called, back = steps[1].hand_over, steps[3].hand_over
    assert (called.giver, called.taker, called.kind, called.why) == (
        "small",
        "large",
        "compact",
        "in trouble",
    )
    assert (called.told, called.left_out) == ((0,), 1)
    assert called.characters == len(called.text) > 0
    assert (back.giver, back.taker) == ("large", "small")
    assert "large has driven for 2 steps" in back.text
    assert steps[3].decision.ruling is Ruling.CONTINUE
    assert steps[4].observation.text == "word"


async def test_a_step_with_its_hand_over_and_prices_is_read_back_from_the_ledgers_json(cascade):
    steps = await cascade([ECHO, DONE], [DONE], [At((0,))])
    assert step_from_json(step_to_json(steps[0])) == steps[0]


async def test_a_full_hand_over_tells_everything(cascade):
    steps = await cascade([UNREAD, ECHO], [DONE], [At((1,))], hand_over="full")
    given = steps[1].hand_over
    assert (given.kind, given.told, given.left_out, given.text) == ("full", (0, 1), 0, "")
    assert given.characters > 0


async def test_a_permanent_switch_stays(cascade):
    steps = await cascade([ECHO], [WORD] * 8 + [DONE], [At((0,))], bursts=Bursts(steps=None))
    assert [step.policy for step in steps] == ["small", *["large"] * 9]


async def test_a_strong_policy_that_is_down_leaves_the_run_to_the_small_one(cascade):
    steps = await cascade([ECHO, WORD, DONE], Down(), [At((0, 2))])
    assert [step.policy for step in steps] == ["small", "large", "small", "small"]
    silent = steps[1]
    assert silent.fault == "large did not answer: the server says 429: too many requests"
    assert silent.action.tool == "invalid"
    assert silent.policy_spend.usage.unpriced_requests == 1
    assert (silent.decision.ruling, silent.decision.policy) == (Ruling.ESCALATE, "small")
    assert silent.decision.reason.endswith("; small goes on")
    assert "nobody is called in" in steps[2].decision.reason


async def test_a_strong_policy_that_is_down_may_stop_the_run(cascade):
    steps = await cascade([ECHO], Down(), [At((0,))], bursts=Bursts(strong_down="stop"))
    assert steps[-1].decision.ruling is Ruling.STOP
    assert "429" in steps[-1].decision.reason
    assert steps[-1].decision.by == "strong_down"


async def test_a_slow_strong_policy_is_not_waited_for(cascade):
    steps = await cascade([ECHO, DONE], Slow(), [At((0,))], patience_seconds=0.05)
    assert steps[1].fault == "large did not answer in 0.05 s"
    assert steps[1].policy_spend.seconds >= 0.05
    assert steps[2].policy == "small"


async def test_a_strong_policy_that_answers_nonsense_is_given_up(cascade):
    steps = await cascade([ECHO, DONE], [UNREAD] * 9, [At((0,))])
    assert [step.policy for step in steps] == ["small", *["large"] * 3, "small"]
    assert "cannot be read; small goes on" in steps[3].decision.reason
    assert all(step.spend.usage.requests == 1 for step in steps)


async def test_the_first_policy_has_nobody_to_go_on_for_it(task, crew):
    parts, steps = crew([])
    with pytest.raises(ModelError):
        await pursue(task, replace(parts, policies={"small": Down()}), policy="small")
    assert steps == []


async def test_a_failed_check_escalates_with_what_failed_and_is_paid_for(cascade):
    steps = await cascade([ECHO, WORD], [DONE], [At((1,), Ruling.VERIFY)], verifier=Checks([False]))
    assert [step.policy for step in steps] == ["small", "small", "large"]
    assert (steps[1].verified, steps[1].decision.reason) == (False, "wrong")
    assert [verdict.monitor for verdict in steps[1].verdicts] == ["at", "checks"]
    assert steps[1].monitor_spend.usage.requests == 1


async def test_a_check_that_passes_lets_the_action_through(cascade):
    steps = await cascade([ECHO, DONE], [], [At((0,), Ruling.VERIFY)], verifier=Checks([True]))
    assert (steps[0].verified, steps[0].decision.ruling) == (True, Ruling.CONTINUE)
    assert steps[1].observation.text == "hi"


@pytest.mark.parametrize(("down", "ruling"), [("go_on", "continue"), ("stop", "stop")])
async def test_a_verifier_that_is_down_is_passed_over_or_stops_the_run(cascade, down, ruling):
    class Broken:
        name = "strong"

        async def verify(self, trajectory: Trajectory) -> Ruled:
            raise ModelError("no route")

    steps = await cascade(
        [ECHO, DONE],
        [],
        [At((0,), Ruling.VERIFY)],
        verifier=Broken(),
        bursts=Bursts(strong_down=down),
    )
    assert steps[0].fault == "the verifier strong did not answer: no route"
    assert (steps[0].decision.ruling, steps[0].verified) == (ruling, None)
    assert steps[0].verdicts[-1].error == steps[0].fault


async def test_an_escalation_goes_back_to_the_last_step_that_was_verified(cascade):
    room = Room()
    steps = await cascade(
        [ECHO, WORD, ECHO, ECHO],
        [DONE],
        [At((1,), Ruling.VERIFY), At((3,))],
        verifier=Checks([True]),
        world=room,
        recover="escalation",
    )
    assert room.back == ["snapshot 1"]
    assert (steps[3].recovery.to, steps[3].recovery.done) == (1, True)
    assert steps[3].hand_over.told == (0,)
    assert steps[4].observation.text == "as it was"
    assert steps[4].observation.note == "taken back to where step 1 stood: in trouble"


@pytest.mark.parametrize(("recover", "back"), [("failed_check", 1), ("never", 0)])
async def test_work_that_fails_a_check_is_taken_back_unless_nothing_ever_is(cascade, recover, back):
    room = Room()
    steps = await cascade(
        [ECHO, WORD, ECHO],
        [DONE],
        [At((0, 2), Ruling.VERIFY)],
        verifier=Checks([True, False]),
        world=room,
        recover=recover,
    )
    assert len(room.back) == back
    assert steps[2].verified is False
    assert (steps[2].recovery is not None) is bool(back)


async def test_work_that_was_not_found_wrong_is_kept(cascade):
    room = Room()
    steps = await cascade(
        [ECHO, WORD, ECHO],
        [DONE],
        [At((0,), Ruling.VERIFY), At((2,))],
        verifier=Checks([True]),
        world=room,
    )
    assert (room.back, steps[2].recovery) == ([], None)


async def test_where_there_is_no_way_back_the_run_goes_on_from_here_and_says_why(cascade):
    room = Room(shut="something was sent")
    steps = await cascade(
        [ECHO, WORD, ECHO],
        [DONE],
        [At((0,), Ruling.VERIFY), At((2,))],
        verifier=Checks([True]),
        world=room,
        recover="escalation",
    )
    assert (steps[2].recovery.done, steps[2].recovery.why) == (False, "something was sent")
    assert steps[2].hand_over.told == (0, 1)


async def test_without_a_verified_step_there_is_nothing_to_go_back_to(cascade):
    room = Room()
    steps = await cascade([ECHO], [DONE], [At((0,))], world=room, recover="escalation")
    assert (room.taken, room.back, steps[0].recovery) == (0, [], None)


async def test_a_strong_policy_that_is_down_takes_nothing_back(cascade):
    room = Room()
    steps = await cascade(
        [ECHO, ECHO, DONE],
        Down(),
        [At((0,), Ruling.VERIFY), At((1,))],
        verifier=Checks([True]),
        world=room,
        recover="escalation",
    )
    assert len(room.back) == 1
    assert steps[2].recovery is None


async def test_a_governor_that_would_check_the_same_step_again_goes_on(task, crew):
    class Asks:
        name = "asks"

        def decide(self, trajectory, verdicts):
            final = trajectory.last.action.is_final
            ruling = Ruling.CONTINUE if final else Ruling.VERIFY
            return Decision(ruling=ruling, reason="a check is cheap", by=self.name)

    parts, steps = crew([ECHO, DONE])
    await pursue(task, replace(parts, governor=Asks(), verifier=Checks([None])), policy="small")
    assert [step.decision.ruling for step in steps] == ["continue", "continue"]
    asked = [each for each in steps[0].verdicts if each.monitor == "asks"]
    assert [(each.ruling, each.reason) for each in asked] == [(Ruling.VERIFY, "a check is cheap")]


def test_nobody_drives_on_who_has_left_the_crew():
    on = Decision(policy="small", reason="strong has driven for 5 steps; small drives on")
    assert driven_on(on, ["strong", "small"]) is on
    assert driven_on(on, ["strong"]) == Decision()
    called = Decision(ruling=Ruling.ESCALATE, policy="huge", reason="stuck")
    assert driven_on(called, ["strong"]) is called
