import pytest

from flyball import Action, Ruling, Step, Task, Trajectory
from flyball.agents import (
    CompactPolicy,
    ModelPolicy,
    NoVerifier,
    assemble,
    nobody,
    open_meter,
    open_policies,
)
from flyball.config import Config
from flyball.config.tables import EnergyTable, ModelTable, Tables
from flyball.errors import ConfigError, PluginError
from flyball.meters import EstimateMeter, NoMeter
from flyball.monitors import LiteLLMStall
from flyball.testing import trajectory


def configured(**tables):
    return Config(tables=Tables(**tables))


@pytest.mark.llama
def test_a_model_gets_the_kind_of_policy_that_it_was_made_for():
    server = ModelTable(server="http://127.0.0.1:9/v1")
    config = configured(models={"chat": server})
    with open_policies(config, ["bundled/small", "chat", "bundled/small"], [], seed=3) as policies:
        assert isinstance(policies["bundled/small"], CompactPolicy)
        assert isinstance(policies["chat"], ModelPolicy)
        assert (policies["chat"].name, policies["chat"].seed) == ("chat", 3)


def test_an_unknown_model_is_named():
    with pytest.raises(ConfigError, match="nonesuch"), open_policies(Config(), ["nonesuch"], []):
        pass


def test_the_meter_is_the_one_that_the_configuration_names():
    meter = open_meter(configured(energy=EnergyTable(meter="none")))
    assert isinstance(meter.meter.meter, NoMeter)
    meter = open_meter(configured(energy=EnergyTable(meter="estimate", watts_per_core=7.0)))
    assert isinstance(meter.meter, EstimateMeter)
    assert meter.meter.processor.watts_per_core == 7.0
    assert "7 W per core" in meter.meter.source.why
    assert open_meter(Config()).read().joules is not None
    with pytest.raises(PluginError, match="nonesuch"):
        open_meter(configured(energy=EnergyTable(meter="nonesuch")))


def test_with_a_strong_policy_a_stall_escalates_to_it_unless_something_else_does():
    crew = assemble(Config(), {}, {}, meter=NoMeter(), strong="big")
    assert LiteLLMStall(policy="big") in crew.monitors
    own = configured(
        run={"monitors": ["litellm_stall"]}, monitors={"litellm_stall": {"policy": "mine"}}
    )
    crew = assemble(own, {}, {}, meter=NoMeter(), strong="big")
    assert list(crew.monitors) == [LiteLLMStall(policy="mine")]


async def test_where_nobody_can_be_asked_the_run_stops_and_where_nothing_verifies_it_goes_on():
    run = trajectory([Action(tool="echo")])
    step: Step = run.last
    assert (await nobody(step)).ruling is Ruling.STOP
    decision, usage, passed = await NoVerifier().verify(Trajectory(task=Task(id="t", prompt="p")))
    assert decision.ruling is Ruling.CONTINUE
    assert "nothing to verify with" in decision.reason
    assert (usage.requests, passed) == (0, None)
