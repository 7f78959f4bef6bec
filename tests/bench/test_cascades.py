"""What a contender's name stands for, and what tells its batch from another."""

from dataclasses import replace

import pytest

from flyball.bench.batches import make_batch
from flyball.bench.cascades import contender_of, contenders_of, duo_of, label_of
from flyball.bench.schedules import Scheduled
from flyball.config import Config
from flyball.config.calibrations import save_calibration, subject_of
from flyball.config.tables import Tables
from flyball.errors import ConfigError
from flyball.meters import NoMeter
from flyball.monitors import (
    Bursts,
    Calibrated,
    LiteLLMStall,
    OpenHandsStuck,
    OverBudget,
    Shadow,
    Strictest,
)
from flyball.monitors.learned.calibration import calibrate
from flyball.monitors.learned.scored import ScoredRun
from flyball.monitors.learned.trees import load_trees, trees_to_json
from flyball.records import Action, Decision, Ruling, Task, Verdict
from flyball.testing import ScriptedPolicy, trajectory
from tests.bench.stand_ins import PageSuite
from tests.monitors.test_priced import TABLE

SERVER = {"server": "http://127.0.0.1:9/v1", "format": "compact"}
CLICK, FINISH = Action(tool="click"), Action(tool="finish")


def configured(**tables):
    models = {"models": {"little": SERVER, "big": SERVER, **tables.pop("models", {})}}
    run = {"policy": "little", "strong": "big", **tables.pop("run", {})}
    return Config(tables=Tables.model_validate({**models, "run": run, **tables}))


def named(text, **tables):
    config = configured(**tables)
    return contender_of(config, text, duo_of(config))


def crew_of(contender, agent="web"):
    policies = {name: ScriptedPolicy([], name=name) for name in contender.models}
    return contender.crew(policies, {}, meter=NoMeter(), agent=agent)


def driven(governor, steps, *, seed="7", task="t"):
    """Who takes each step, where everybody obeys the governor."""
    mine = Task(id=task, prompt="p", metadata={"seed": seed})
    run, drivers = trajectory([], task=mine), [governor.driver(mine, 0)]
    for step in trajectory([CLICK] * steps).steps:
        run = run.then(replace(step, policy=drivers[-1]))
        decision = governor.decide(run, [])
        assert decision.ruling is Ruling.CONTINUE, "no proposal is wasted"
        drivers.append(decision.policy or drivers[-1])
    return drivers[:-1]


def test_the_pair_is_what_the_call_says_else_the_configuration_else_what_is_bundled():
    assert duo_of(configured()) == ("little", "big")
    assert duo_of(configured(), "big", "little") == ("big", "little")
    assert duo_of(Config()) == ("bundled/small", "bundled/strong")


def test_the_ends_of_the_line_are_alone_with_their_budget():
    assert (named("small").driver, named("strong").driver) == ("little", "big")
    assert named("small").strong is None
    assert crew_of(named("strong")).monitors == (OverBudget(),)


def test_every_third_step_is_the_strong_policys_and_no_proposal_is_wasted():
    assert driven(named("every:3").governor, 7) == [
        *("little", "little", "big"),
        *("little", "little", "big"),
        "little",
    ]
    assert set(driven(named("every:1").governor, 3)) == {"big"}


def test_random_steps_depend_on_task_seed_and_step_alone():
    governor = named("random:0.3").governor
    drivers = driven(governor, 400)
    assert drivers == driven(governor, 400)
    assert 0.2 < drivers.count("big") / 400 < 0.4
    assert drivers != driven(governor, 400, seed="8")
    assert drivers != driven(governor, 400, task="u")
    assert set(driven(named("random:0").governor, 9)) == {"little"}
    assert set(driven(named("random:1").governor, 9)) == {"big"}


def test_a_schedule_changes_drivers_after_a_refusal_too_and_never_after_an_end():
    governor = Scheduled(small="scripted", strong="big", every=2)
    revise = Verdict(monitor="m", ruling=Ruling.REVISE, reason="again")
    assert governor.decide(trajectory([CLICK]), [revise]) == Decision(
        ruling=Ruling.REVISE, reason="again", by="m", policy="big"
    )
    stop = Verdict(monitor="m", ruling=Ruling.STOP, reason="enough")
    assert governor.decide(trajectory([CLICK]), [stop]).policy is None
    assert governor.decide(trajectory([FINISH]), []) == Decision()


def test_other_routers_rules_escalate_to_the_strong_policy():
    litellm, openhands = crew_of(named("litellm")), crew_of(named("openhands"))
    assert litellm.monitors == (OverBudget(), LiteLLMStall(policy="big", unchanged_only=False))
    assert openhands.monitors == (
        OverBudget(),
        OpenHandsStuck(ruling=Ruling.ESCALATE, policy="big"),
    )
    for_good = Strictest(bursts=Bursts(steps=None))
    assert (litellm.governor, openhands.governor) == (for_good, for_good)
    assert litellm.hand_over == openhands.hand_over == "full"


def test_a_cascade_is_what_the_configuration_says_with_a_strong_policy_at_hand():
    crew = crew_of(
        named("cascade", run={"monitors": ["over_budget"]}, governor={"confidence": 0.5})
    )
    assert list(crew.monitors) == [OverBudget(), LiteLLMStall(policy="big")]
    assert crew.governor == Strictest(confidence=0.5)


def test_settings_of_a_cascade_go_before_the_configuration():
    assert crew_of(named("cascade/monitors=none")).monitors == (OverBudget(),)
    names = [monitor.name for monitor in crew_of(named("cascade/monitors=all")).monitors]
    assert names == ["over_budget", "stuck", "milestone", "will_fail"]
    [_, stuck] = crew_of(named("cascade/monitors=stuck")).monitors
    assert stuck.policy == "big"
    cascade = named("cascade/confidence=0.25/monitors=litellm_stall+stuck")
    assert cascade.label == "cascade/confidence=0.25/monitors=litellm_stall+stuck"
    assert crew_of(cascade).governor == Strictest(confidence=0.25)


def test_a_promise_of_a_monitor_counts_for_the_agent_that_it_was_made_for(tmp_path, monkeypatch):
    monkeypatch.setenv("FLYBALL_CALIBRATIONS", str(tmp_path))
    cascade = named("cascade/monitors=will_fail")
    subject = subject_of(cascade.config.monitor("will_fail"), "little", "code")
    runs = [
        ScoredRun(task=f"t{n}", success=True, scores=(0.1, 0.2), joules=(1.0, 2.0))
        for n in range(60)
    ]
    promise = calibrate(runs, subject, suites=("code",), max_loss=0.05, confidence=0.95)
    save_calibration(promise)
    [_, on_code] = crew_of(cascade, "code").monitors
    [_, on_the_web] = crew_of(cascade, "web").monitors
    assert isinstance(on_code, Calibrated)
    assert isinstance(on_the_web, Shadow)


def test_the_burst_and_the_hand_over_of_a_cascade_can_be_set():
    crew = crew_of(named("cascade/burst=none/hand_over=full"))
    assert crew.governor == Strictest(bursts=Bursts(steps=None))
    assert crew.hand_over == "full"
    assert crew_of(named("cascade/burst=3")).governor == Strictest(bursts=Bursts(steps=3))
    # What [governor] says is for cascades; the others are what they are.
    told = named("litellm", governor={"kind": "priced", "hand_over": "compact"})
    assert crew_of(told).hand_over == "full"


def test_decisions_of_a_cascade_can_be_priced(tmp_path):
    table = tmp_path / "expected.json"
    table.write_text(replace(TABLE, small="little", strong="big").to_json())
    told = {"kind": "priced", "expectations": str(table)}
    crew = crew_of(named("cascade/monitors=all/prefer=energy", governor=told))
    assert (crew.governor.name, crew.governor.prefer) == ("priced", "energy")
    assert crew.governor.strong == "big"
    batches = [named(f"cascade/prefer={worth}", governor=told) for worth in ("energy", "success")]
    assert len({make_batch(PageSuite(), each).id for each in batches}) == 2


def test_a_name_is_written_in_one_way():
    assert label_of("cascade/monitors=none/burst=2") == "cascade/burst=2/monitors=none"
    assert (label_of("every:04"), label_of("random:0.30")) == ("every:4", "random:0.3")
    assert label_of("bundled/small") == "bundled/small"


def test_names_with_commas_are_several_and_settings_are_the_cascades_alone():
    config = configured()
    both = contenders_of(config, "small, cascade,small", duo_of(config), {"monitors": "none"})
    assert [each.label for each in both] == ["small", "cascade/monitors=none"]
    with pytest.raises(ConfigError, match="--monitors is for a cascade only"):
        contenders_of(config, "small", duo_of(config), {"monitors": "none"})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nonesuch", "no policy is called 'nonesuch'; there are: .*cascade"),
        ("every", "needs a number"),
        ("every:0", "whole number from 1"),
        ("every:x", "whole number from 1"),
        ("random:1.5", "from 0 to 1"),
        ("small/monitors=none", "only a cascade takes settings"),
        ("cascade/monitors=nonesuch", "no monitor is called 'nonesuch'"),
        ("cascade/patience=3", "the governor has no setting 'patience'"),
        ("cascade/confidence=7", "governor.confidence"),
        ("cascade/burst=0", "governor.burst"),
        ("cascade/hand_over=half", "governor.hand_over"),
    ],
)
def test_what_cannot_be_played_is_said_in_a_line(name, said):
    with pytest.raises(ConfigError, match=said):
        named(name)


def test_a_pair_is_two_models_that_exist():
    config = configured()
    with pytest.raises(ConfigError, match="both 'big'"):
        contender_of(config, "cascade", duo_of(config, "big"))
    with pytest.raises(ConfigError, match="nonesuch"):
        contender_of(config, "every:2", duo_of(config, "nonesuch"))


def test_whatever_is_played_differently_is_another_batch():
    names = (
        *("small", "strong", "little", "big", "oracle", "cascade", "every:2", "every:3"),
        *("random:0.2", "random:0.3", "litellm", "openhands", "cascade/monitors=none"),
        *("cascade/monitors=stuck", "cascade/confidence=0.5"),
    )
    batches = {make_batch(PageSuite(), named(name)).id for name in names}
    assert len(batches) == len(names)
    other = make_batch(
        PageSuite(), named("cascade", models={"little": SERVER, "big": {**SERVER, "model": "x"}})
    )
    assert other.id not in batches


@pytest.mark.parametrize("name", ["cascade", "little"])
def test_every_setting_of_the_governor_that_changes_a_run_changes_its_batch(name):
    changed = [
        {"hand_over": "full"},
        {"verifier": "none"},
        {"verifier": "tests", "test_command": "true"},
        {"verifier": "tests", "test_command": "false"},
        {"strong_seconds": 1.0},
        {"recover": "never"},
        {"recover": "escalation"},
        {"strong_down": "stop"},
    ]
    batches = [make_batch(PageSuite(), named(name, governor=told)).id for told in ({}, *changed)]
    assert len(set(batches)) == len(batches)


@pytest.mark.parametrize("name", ["small", "strong", "every:2", "random:0.3", "litellm"])
def test_what_no_cascade_plays_does_not_hang_on_the_governors_settings(name):
    plain, other = (named(name, governor=told) for told in ({}, {"recover": "never"}))
    assert make_batch(PageSuite(), plain).id == make_batch(PageSuite(), other).id


@pytest.mark.parametrize("monitor", ["stuck", "milestone", "will_fail"])
def test_monitors_that_were_trained_anew_make_another_batch(monitor, tmp_path):
    trees, path = load_trees(monitor, None), tmp_path / "mine.json"

    def batch(slope):
        path.write_text(trees_to_json(replace(trees, slope=slope)))
        load_trees.cache_clear()  # as in another process
        told = {monitor: {"weights": str(path)}}
        return make_batch(PageSuite(), named(f"cascade/monitors={monitor}", monitors=told)).id

    first = batch(1.0)
    assert batch(2.0) != first
    assert batch(1.0) == first
