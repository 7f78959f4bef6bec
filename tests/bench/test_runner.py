"""Batches of episodes: played, resumed, and carried on past whatever breaks."""

import asyncio
import contextlib

import psutil
import pytest

from flyball.bench.batches import pair_of
from flyball.bench.report import make_rows
from flyball.bench.runner import Plan, perform
from flyball.bench.stage import Patience
from flyball.bench.suites import pairs_of
from flyball.config import Config
from flyball.config.tables import RunTable, Tables
from flyball.errors import ConfigError, ToolError
from flyball.ledger import MEMORY, Ledger
from tests.bench.stand_ins import Listener, PageSuite
from tests.models.stand_ins import serve

pytestmark = pytest.mark.browser

# What is asked of a browser at the very moment it is killed may never be answered.
KILLED = Patience(answer_seconds=10.0)
SHORT = Patience(answer_seconds=2.0, episode_seconds=4.0)
TRIES = 3
UNWATCHED = Config(tables=Tables(run=RunTable(monitors=())))


@pytest.fixture
def ledger():
    with Ledger(MEMORY) as ledger:
        yield ledger


def planned(tasks=PageSuite.trained, seeds=range(2), **settings):
    suite = settings.pop("suite", None) or PageSuite()
    return Plan(suite=suite, policy="oracle", pairs=pairs_of(tasks, seeds), **settings)


async def play(plan, ledger, config=None, **after):
    listener = Listener(**after)
    return await perform(plan, config or Config(), ledger, listener), listener


def kill_chromium():
    for process in psutil.Process().children(recursive=True):
        if "chrom" in process.name():
            process.kill()


def once(act):
    """Make a call that does `act` the first time."""
    left = [act]
    return lambda: left.pop()() if left else None


async def test_every_task_is_played_with_every_seed_and_written_down(ledger):
    runs, listener = await play(planned(), ledger)
    assert {(run.task.id, run.seed) for run in runs} == {
        (task, seed) for task in PageSuite.trained for seed in range(2)
    }
    assert all(run.success and ledger.run(run.id) == run for run in runs)
    assert (listener.kept, listener.left, listener.runs) == ([], 4, runs)
    [batch] = {run.task.metadata["batch"] for run in runs}
    assert ledger.batch(batch) == tuple(runs)
    assert ledger.batch("another") == ()


async def test_what_ended_is_not_played_again_unless_that_is_asked_for(ledger):
    first, _ = await play(planned(seeds=range(1)), ledger)
    second, listener = await play(planned(), ledger)
    assert listener.kept == first
    assert listener.left == len(listener.runs) == 2
    assert len(second) == 4
    _, listener = await play(planned(fresh=True), ledger)
    assert (listener.kept, listener.left) == ([], 4)


async def test_other_monitors_make_another_batch(ledger):
    await play(planned(), ledger)
    _, listener = await play(planned(), ledger, UNWATCHED)
    assert listener.left == 4


async def test_an_interrupted_batch_goes_on_where_it_was(ledger):
    playing = asyncio.current_task()
    with pytest.raises(asyncio.CancelledError):
        await play(planned(seeds=range(5)), ledger, after_run=once(playing.cancel))
    playing.uncancel()
    runs, listener = await play(planned(seeds=range(5)), ledger)
    assert 1 <= len(listener.kept) < 10
    assert len(runs) == 10
    assert all(run.success for run in runs)


async def test_a_browser_that_crashes_is_restarted_and_its_episode_played_again(ledger):
    plan = planned(seeds=range(3), patience=KILLED)
    runs, _ = await play(plan, ledger, after_step=once(kill_chromium))
    [broken] = [run for run in runs if run.status == "failed"]
    assert (broken.ended_by, broken.success, broken.score) == ("browser", None, None)
    assert ledger.run(broken.id) == broken
    assert sum(run.success is True for run in runs) == 6
    rows = make_rows(PageSuite(), runs, ledger)
    [errors] = [r for r in rows if (r["task"], r["metric"]) == ("all", "infrastructure_errors")]
    assert (errors["value"], errors["n"]) == (1, 7)
    [success] = [r for r in rows if (r["task"], r["metric"]) == ("all", "success")]
    assert (success["value"], success["n"]) == (1.0, 6)


async def test_the_browsers_of_two_workers_that_crash_together_cost_no_episode(ledger):
    plan = planned(seeds=range(4), workers=2, patience=KILLED)
    runs, _ = await play(plan, ledger, after_step=once(kill_chromium))
    assert sorted(pair_of(run) for run in runs if run.success) == sorted(plan.pairs)
    broken = [run for run in runs if run.status == "failed"]
    assert broken
    assert {run.ended_by for run in broken} == {"browser"}


async def test_a_page_whose_process_dies_is_played_again(ledger):
    def kill_pages():
        for process in psutil.Process().children(recursive=True):
            if "--type=renderer" in process.cmdline():
                process.kill()

    plan = planned(("press",), range(3), patience=SHORT)
    runs, _ = await play(plan, ledger, after_step=once(kill_pages))
    assert sum(run.success is True for run in runs) == 3
    assert {run.ended_by for run in runs if run.status == "failed"} == {"browser"}


def dead(process):
    """Whether it was killed; its parent may never reap it."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_a_browser_that_freezes_is_given_up_and_its_episode_played_again(ledger):
    frozen = []

    def freeze():
        for process in psutil.Process().children(recursive=True):
            if "chrom" in process.name():
                process.suspend()
                frozen.append(process)

    plan = planned(("press",), range(2), patience=Patience(answer_seconds=5.0))
    try:
        runs, _ = await play(plan, ledger, after_step=once(freeze))
        left = [process for process in frozen if not dead(process)]
    finally:
        for process in frozen:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
    assert sum(run.success is True for run in runs) == 2
    assert {run.ended_by for run in runs if run.status == "failed"} == {"browser"}
    assert not left


@pytest.mark.parametrize(
    ("task", "part", "why"),
    [
        ("hang", "browser", "hangs"),
        ("dead", "browser", "hangs"),
        ("endless", "clock", "did not end in 4 s"),
        ("buggy", "suite", "KeyError"),
    ],
)
async def test_a_task_that_breaks_is_tried_three_times_and_the_suite_goes_on(
    ledger, task, part, why
):
    plan = planned((task, "press"), range(1), patience=SHORT)
    runs, _ = await play(plan, ledger, UNWATCHED)
    broken = [run for run in runs if run.status == "failed"]
    assert [(run.task.id, run.ended_by, run.success) for run in broken] == [(task, part, None)] * 3
    assert all(why in run.reason for run in broken)
    assert [run.success for run in runs if run.task.id == "press"] == [True]
    assert all(ledger.run(run.id).status == run.status for run in runs)


async def test_a_task_that_breaks_once_is_played_to_its_end(ledger):
    runs, _ = await play(planned(("hang*1",), range(1), patience=SHORT), ledger)
    assert [(run.status, run.success) for run in runs] == [("failed", None), ("finished", True)]
    again, listener = await play(planned(("hang*1",), range(1)), ledger)
    assert listener.left == 0
    assert sorted(run.status for run in again) == ["failed", "finished"]


async def test_a_batch_in_which_nothing_works_is_given_up(ledger):
    with pytest.raises(ToolError, match=r"5 episodes in a row .*no such row"):
        await play(planned(("buggy",), range(9)), ledger)


async def test_a_model_that_is_down_is_no_failure_of_the_agent(ledger):
    with serve(lambda method, path, headers: (404, {}, b"gone")) as server:
        table = {"server": f"{server}/v1", "format": "compact"}
        config = Config(tables=Tables.model_validate({"models": {"down": table}}))
        plan = Plan(suite=PageSuite(), policy="down", pairs=pairs_of(("press",), [1]))
        runs, _ = await play(plan, ledger, config)
    assert [(run.ended_by, run.success) for run in runs] == [("model", None)] * TRIES


async def test_an_oracle_that_knows_no_move_gives_up(ledger):
    runs, _ = await play(planned(("lost",), range(1)), ledger)
    assert [(run.success, run.gave_up) for run in runs] == [(False, True)]
    assert "no button" in runs[0].answer


async def test_workers_share_the_episodes_and_leave_energy_unknown(ledger):
    suite = PageSuite()
    runs, _ = await play(planned(seeds=range(3), suite=suite, workers=2), ledger)
    assert len(suite.addresses) == 2
    assert len({(run.task.id, run.seed) for run in runs}) == 6
    rows = make_rows(suite, runs, ledger)
    unknown = {row["metric"] for row in rows if row["value"] is None}
    assert unknown == {"joules", "joules_per_decision", "joules_per_success", "usd"}


async def test_a_policy_that_nobody_knows_is_refused(ledger):
    plan = Plan(suite=PageSuite(), policy="nonesuch", pairs=pairs_of(("press",), [1]))
    with pytest.raises(ConfigError, match="nonesuch"):
        await play(plan, ledger)
