"""A run's windows, its idling and its total, with counters that are right and that fail."""

import asyncio
import itertools
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from flyball import Energy, Observation, Task
from flyball.agents import attempt, new_run, open_meter
from flyball.agents.metering import describe_metering, grid_intensity
from flyball.config import Config
from flyball.config.machine import Machine, machine_name, save_machine
from flyball.config.tables import EnergyTable, Tables
from flyball.errors import ConfigError
from flyball.ledger import Ledger, audit
from flyball.meters import NoMeter, NvmlMeter, RaplMeter
from flyball.testing import ScriptedMeter
from tests.conftest import DONE, ECHO
from tests.meters.test_nvml import NoDriver
from tests.meters.test_rapl import count, zone
from tests.site import serve_site


class Clockwork:
    """Counts 50 J a second, and fails at the reading that it is told."""

    def __init__(self, fails_at: int = 10**9) -> None:
        self.reads, self.fails_at = 0, fails_at

    def read(self) -> Energy:
        self.reads += 1
        if self.reads >= self.fails_at:
            return Energy(unknown=("rapl: it went backwards",))
        return Energy(cpu_j=50 * time.perf_counter(), method="counter")


async def carried(crew, ledger, meter, actions=(ECHO, ECHO, ECHO, DONE)):
    made, _ = crew(actions)
    made = replace(made, meter=meter)
    run = new_run(Task(id="t", prompt="go"), made, agent="web", policy="small")
    ended = await attempt(run, made, ledger, observation=Observation(source="task", text="go"))
    return ended, ledger.steps(run.id)


async def test_windows_and_idling_make_up_the_total_to_a_thousandth(crew, tmp_path):
    with Ledger(tmp_path / "ledger.db") as ledger:
        run, steps = await carried(crew, ledger, Clockwork())
    windows = sum(step.spend.energy.joules for step in steps)
    assert windows > 0
    assert run.idle.energy.joules > 0
    assert windows + run.idle.energy.joules == pytest.approx(run.total.energy.joules, rel=1e-3)
    seconds = sum(step.spend.seconds for step in steps) + run.idle.seconds
    assert seconds == pytest.approx(run.total.seconds, rel=0.05)


async def test_constructed_counters_are_reproduced_exactly(crew, tmp_path):
    with Ledger(tmp_path / "ledger.db") as ledger:
        run, steps = await carried(crew, ledger, ScriptedMeter(itertools.count(step=2.0)))
    # Every reading finds 2 J more: each window takes 2 J, and so does each gap.
    assert {step.policy_spend.energy.joules for step in steps} == {2.0}
    windows = sum(step.spend.energy.joules for step in steps)
    assert windows + run.idle.energy.joules == run.total.energy.joules


@pytest.mark.parametrize("fails_at", [2, 9, 14])
async def test_a_counter_that_fails_in_mid_run_ends_nothing_and_the_audit_says_so(
    crew, tmp_path, fails_at
):
    with Ledger(tmp_path / "ledger.db") as ledger:
        run, steps = await carried(crew, ledger, Clockwork(fails_at))
        [row] = audit(ledger, "task")
    assert run.status == "finished"
    assert len(steps) == 4
    assert run.total.energy.joules is None
    assert row.joules is None
    assert row.unknown_why == "rapl: it went backwards"
    known = [step.policy_spend.energy.joules is not None for step in steps]
    assert known == sorted(known, reverse=True)
    assert known[0] == (fails_at > 3)


async def test_without_a_meter_everything_is_unknown_and_nothing_is_zero(crew, tmp_path):
    with Ledger(tmp_path / "ledger.db") as ledger:
        run, steps = await carried(crew, ledger, NoMeter())
        [row] = audit(ledger, "task")
    assert run.total.energy.joules is None
    assert {step.policy_spend.energy.joules for step in steps} == {None}
    assert (row.joules_at_least, row.unknown_why) == (None, "nothing meters energy here")


async def test_runs_beside_each_other_are_counted(crew, tmp_path):
    with Ledger(tmp_path / "ledger.db") as ledger:
        meter = Clockwork()
        both = await asyncio.gather(*(carried(crew, ledger, meter) for _ in range(2)))
        alone, _ = await carried(crew, ledger, meter)
    assert [run.metering.beside for run, _ in both] == [1, 1]
    assert alone.metering.beside == 0


def with_energy(**settings: object) -> Config:
    return Config(tables=Tables(energy=EnergyTable(**settings)))


@pytest.fixture(autouse=True)
def _machine(tmp_path, monkeypatch):
    monkeypatch.setenv("FLYBALL_MACHINE", str(tmp_path / "machine.json"))


def test_what_figures_rest_on_is_kept_with_each_run():
    machine = Machine(
        name=machine_name(),
        measured_at=datetime(2026, 11, 24, 12, tzinfo=UTC),
        seconds=10.0,
        busy_share=0.01,
        idle_watts=21.5,
        method="counter",
        bandwidth_bytes_per_s=2e10,
    )
    save_machine(machine)
    told = describe_metering(with_energy(country="DE", usd_per_kwh=0.4), NoMeter())
    assert told.idle_watts == 21.5
    assert told.usd_per_kwh == 0.4
    assert told.grams_per_kwh == 381
    assert told.grid.startswith("Germany, mean of 2023 (Ember")
    assert told.price_list.startswith("genai-prices ")


def test_another_machines_baseline_does_not_hold_here():
    machine = Machine(
        name="elsewhere",
        measured_at=datetime(2026, 11, 24, 12, tzinfo=UTC),
        seconds=10.0,
        busy_share=0.0,
        idle_watts=1.0,
        method="counter",
        bandwidth_bytes_per_s=1e9,
    )
    save_machine(machine)
    assert describe_metering(Config(), NoMeter()).idle_watts is None


def test_without_a_country_carbon_is_unknown():
    assert grid_intensity(Config()) is None


def test_a_figure_of_ones_own_goes_before_the_country():
    grid = grid_intensity(with_energy(country="PL", grams_per_kwh=12.5))
    assert (grid.grams_per_kwh, grid.source) == (12.5, "[energy] grams_per_kwh")


def test_an_unknown_country_is_refused_with_a_remedy():
    with pytest.raises(ConfigError, match="ISO 3166 code such as DE"):
        grid_intensity(with_energy(country="Atlantis"))


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        ("123.5", "x"),
        ('{"carbonIntensity": 123.5}', "carbonIntensity"),
        ('{"a": [{"b": 123.5}]}', "a.0.b"),
    ],
)
def test_a_live_source_is_asked_and_named_with_the_time(answer, key):
    with serve_site() as site:
        site.pages["/now"] = answer
        grid = grid_intensity(with_energy(grid_url=site.url("/now?zone=DE"), grid_key=key))
    assert grid.grams_per_kwh == 123.5
    assert grid.source.startswith(site.url("/now at 20"))


@pytest.mark.parametrize("answer", ["soon", "{}", "-1", '"x"', "99999"])
def test_a_live_source_that_talks_nonsense_is_passed_over(answer):
    with serve_site() as site:
        site.pages["/now"] = answer
        grid = grid_intensity(with_energy(grid_url=site.url("/now"), country="FR"))
    assert grid.grams_per_kwh == 56


async def test_a_calibrated_machine_tells_joules_over_idle_and_of_our_own(
    crew, tmp_path, monkeypatch
):
    counter = zone(tmp_path, "intel-rapl:0", "package-0")
    monkeypatch.setattr("flyball.meters.combined._processor", lambda: RaplMeter(tmp_path))
    monkeypatch.setattr("flyball.meters.combined.NvmlMeter", lambda: NvmlMeter(NoDriver()))
    machine = Machine(
        name=machine_name(),
        measured_at=datetime(2026, 11, 24, 12, tzinfo=UTC),
        seconds=10.0,
        busy_share=0.01,
        idle_watts=0.001,
        method="counter",
        bandwidth_bytes_per_s=2e10,
    )
    save_machine(machine)
    meter = open_meter(Config())
    before = meter.read()
    count(counter, 9_500_000)
    taken = meter.read() - before
    assert taken.joules == pytest.approx(0.5)
    assert 0 < taken.idle_j < 0.1
    assert taken.net_j == pytest.approx(0.5 - taken.idle_j)
    assert 0 <= taken.own_j <= taken.net_j + 1e-9
    counter.unlink()
    assert (meter.read() - before).unknown == (
        f"rapl: cannot read {counter}: No such file or directory",
    )
