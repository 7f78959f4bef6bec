"""`flyball show --why` on a run that was escalated, checked, taken back and given up."""

from dataclasses import replace

import pytest

from flyball import Observation, Ruling, Run, Step, Task, Trajectory, Verdict
from flyball.agents import attempt
from flyball.cli.show import print_step
from flyball.ledger import Ledger
from flyball.monitors import Priced
from flyball.telling.why import reasons
from flyball.testing import ScriptedPolicy, trajectory
from tests.agents.test_cascade import Checks, Room
from tests.conftest import DONE, ECHO
from tests.monitors.test_priced import TABLE


class Scores:
    """Says how likely each step is to fail; at the second one a part of the goal is reached."""

    name = "will_fail"

    def judge(self, trajectory: Trajectory) -> Verdict:
        score = (0.1, 0.1, 0.8)[min(trajectory.last.index, 2)]
        shadow = Ruling.STOP if score > 0.5 else None
        return Verdict(monitor=self.name, score=score, threshold=0.7, shadow=shadow, reason="hm")


class Reached:
    name = "milestone"

    def judge(self, trajectory: Trajectory) -> Verdict:
        ruling = Ruling.VERIFY if trajectory.last.index == 1 else Ruling.CONTINUE
        return Verdict(monitor=self.name, ruling=ruling, reason="a part is reached")


@pytest.fixture
async def told(crew, tmp_path):
    task = Task(id="greet", prompt="say hi")
    parts, _ = crew([ECHO, ECHO, ECHO], [Scores(), Reached()])
    crew = replace(
        parts,
        policies={**parts.policies, "large": ScriptedPolicy([ECHO, DONE], name="large")},
        governor=Priced(expectations=TABLE, strong="large", failed_task_joules=100.0),
        verifier=Checks([True]),
        world=Room(),
        recover="escalation",
    )
    run = Run(id="r1", task=task, policy="small", strong="large")
    seen = Observation(source="task", text="seen")
    with Ledger(tmp_path / "ledger.db") as ledger:
        await attempt(run, crew, ledger, observation=seen)
    return run


async def test_each_step_says_what_was_scored_priced_and_ruled(told, call):
    shown = call("show", told.id, "--why")
    assert shown.code == 0
    lines = [line.strip() for line in shown.out.splitlines()]
    assert "will_fail: continue, score 0.1 against 0.7: hm" in lines
    assert "will_fail: stop, in shadow, score 0.8 against 0.7: hm" in lines
    assert "milestone: verify: a part is reached" in lines
    assert "checks: continue" in lines
    assert "verified: passed" in lines
    assert "price of continue: 20% to succeed, 8 J, $0.08, 8 s more; in one figure 88 J" in lines
    assert any(line.startswith("ruling: escalate (priced): escalate: 32 J") for line in lines)
    assert "[recovery] went back to step 1" in lines
    assert "handed over to large, as the run was likely to fail" in lines
    assert "| You take over from another agent, small: the run was likely to fail." in lines
    assert any(line.startswith("taking over took 10 + 1 tokens") for line in lines)


async def test_without_why_a_run_shows_its_receipts_only(told, call):
    shown = call("show", told.id)
    assert "[hand-over] small -> large: compact," in shown.out
    assert "price of" not in shown.out
    assert "will_fail: continue" not in shown.out


def test_what_was_thought_comes_first():
    run = trajectory([replace(ECHO, thought="3 of 4")])
    assert next(reasons(run, run.last)) == "thought: 3 of 4"


def test_a_check_that_passes_is_no_warning(capsys):
    said = (Verdict(monitor="over_budget", reason="80 % is spent"),)
    said += (Verdict(monitor="large", reason="it passes"),)
    step = Step(
        index=0, policy="small", observation=Observation(source="task", text=""), action=ECHO,
        verdicts=said, verified=True,
    )  # fmt: skip
    print_step(step)
    lines = capsys.readouterr().out.splitlines()
    assert [line.strip() for line in lines if "[" in line] == [
        "[warning] 80 % is spent",
        "[verified] large: it passes",
    ]
