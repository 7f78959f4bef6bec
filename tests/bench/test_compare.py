"""Contenders held against each other: sums, pairs, intervals, the line, and the bound."""

from dataclasses import replace
from decimal import Decimal
from itertools import count

import pytest

from flyball.bench.compare import BOUND, BOUNDS, Comparison, common, compare, height, known_energy
from flyball.bench.frontier import Point, front, make_front
from flyball.bench.intervals import wilson
from flyball.bench.plays import (
    check_prices,
    find_played,
    models_of,
    pairs_played,
    plays_of,
    strangers,
    strong_of,
)
from flyball.bench.suites import Pair, pairs_of
from flyball.config.tables import ListPriceTable
from flyball.errors import ConfigError
from flyball.ledger import MEMORY, Ledger
from flyball.records import Action, Energy, Observation, Run, Spend, Step, Task, Usage
from tests.bench.stand_ins import PageSuite

SEEDS = range(4)
TASKS = (*PageSuite.trained, "lost", "endless")
IDS = count()
PRICES = {
    "s": ListPriceTable(input_usd_per_mtok=1.0, output_usd_per_mtok=2.0),
    "b": ListPriceTable(input_usd_per_mtok=10.0, output_usd_per_mtok=20.0, cached_usd_per_mtok=1.0),
}


@pytest.fixture
def ledger():
    with Ledger(MEMORY) as ledger:
        yield ledger


def spend(*, requests=1, joules=2.0, method="counter", cached=0):
    usage = Usage(
        requests=requests,
        local_requests=requests,
        input_tokens=100 * requests,
        cached_tokens=cached,
        output_tokens=10 * requests,
        cost_usd=Decimal("0.001"),
    )
    energy = (
        Energy(estimated_j=joules) if method == "estimated" else Energy(cpu_j=joules, method=method)
    )
    return Spend(seconds=0.5, usage=usage, energy=energy)


def play(ledger, label, pair, *, won, drivers="s", **spent):
    """Write an episode down: a step for each letter of `drivers`, `s` small and `b` strong."""
    batch, workers = spent.pop("batch", label), spent.pop("workers", 1)
    verified = spent.pop("verified", False)
    marks = {"contender": label, "batch": batch, "workers": str(workers)}
    run = Run(
        id=f"run-{next(IDS):06d}",
        task=Task(id=pair.task, prompt="p", suite="pages", metadata=marks),
        policy="b" if label == "strong" else "s",
        strong=None if label in ("small", "strong") else "b",
        seed=pair.seed,
        status="finished",
        score=float(won),
    )
    ledger.save(run)
    for index, driver in enumerate(drivers):
        ledger.append(
            run.id,
            Step(
                index=index,
                policy=driver,
                observation=Observation(source="page", text=""),
                action=Action(tool="click"),
                policy_spend=spend(**spent),
                monitor_spend=spend(requests=1, joules=1.0) if verified else Spend(),
            ),
        )
    return run


def fill(ledger, seeds=SEEDS, **settings):
    """Small wins two tasks of four at 2 steps, strong all at 2 dear ones, the cascade three."""
    for pair in pairs_of(TASKS, seeds):
        place = TASKS.index(pair.task)
        play(ledger, "small", pair, won=place < 2, drivers="ss", **settings)
        play(ledger, "strong", pair, won=True, drivers="bb", **settings)
        play(
            ledger, "cascade", pair, won=place < 3, drivers="ss" if place < 2 else "sb", **settings
        )


def compared(ledger, labels=("small", "strong", "cascade"), prices=None, **settings):
    found = find_played(ledger, "pages", labels, pairs_of(TASKS, SEEDS))
    strong = strong_of(found)
    plays = common({f.label: plays_of(ledger, f.runs, strong, prices or {}) for f in found})
    comparison = Comparison(
        suite=PageSuite(), plays=plays, measured=known_energy(plays), **settings
    )
    return compare(comparison)


def row(rows, policy, metric, split="all"):
    [found] = [
        each
        for each in rows
        if (each["policy"], each["metric"], each["split"]) == (policy, metric, split)
    ]
    return found


def value(rows, policy, metric, split="all"):
    return row(rows, policy, metric, split)["value"]


def test_each_policy_has_its_success_and_what_an_episode_and_a_success_took(ledger):
    fill(ledger)
    rows = compared(ledger)
    assert [value(rows, each, "success") for each in ("small", "strong", "cascade")] == [
        0.5,
        1,
        0.75,
    ]
    assert value(rows, "small", "joules") == 4.0
    assert value(rows, "small", "joules_per_success") == 8.0
    assert value(rows, "cascade", "tokens_per_success") == pytest.approx(220 / 0.75)
    assert value(rows, "cascade", "seconds") == 1.0
    assert value(rows, "cascade", "usd") == pytest.approx(0.002)
    assert row(rows, "cascade", "joules")["method"] == "counter"
    assert row(rows, "cascade", "usd")["method"] == "recorded"
    assert row(rows, "cascade", "seconds")["method"] == "alone"
    assert {each["n"] for each in rows if each["split"] == "all"} == {16}
    assert {each["split"] for each in rows} == {"trained", "untrained", "all"}


def test_strong_calls_are_counted_in_steps_and_requests_and_a_verifiers_are_among_them(ledger):
    fill(ledger)
    rows = compared(ledger)
    assert value(rows, "small", "strong_calls") == 0.0
    assert value(rows, "strong", "strong_calls") == 1.0
    assert value(rows, "cascade", "strong_calls") == value(rows, "cascade", "strong_steps") == 0.25
    assert value(rows, "cascade", "strong_requests") == 0.5
    assert value(rows, "cascade", "strong_requests_ratio") == 0.25
    pair = Pair("lost", 0)
    play(ledger, "cascade", pair, won=True, drivers="s", verified=True)
    [found] = find_played(ledger, "pages", ["cascade"], [pair])
    [verified] = plays_of(ledger, found.runs, "b", {}).values()
    assert (verified.strong_steps, verified.strong_requests, verified.requests) == (0, 1, 2)


def test_differences_and_ratios_are_paired_and_bootstrapped_by_task(ledger):
    fill(ledger)
    rows = compared(ledger)
    difference = row(rows, "cascade", "success_difference")
    assert difference["value"] == -0.25
    assert difference["low"] < -0.25 < difference["high"] <= 0.0
    assert difference["baseline"] == "strong"
    ratio = row(rows, "cascade", "strong_requests_ratio")
    assert ratio["low"] <= ratio["value"] <= ratio["high"]
    assert not [r for r in rows if r["policy"] == "strong" and r["metric"] == "joules_ratio"]
    # Both take the same, whichever tasks are drawn: paired, there is nothing to be unsure of.
    joules = row(rows, "cascade", "joules_ratio")
    assert (joules["value"], joules["low"], joules["high"]) == (1.0, 1.0, 1.0)


def test_the_interval_of_all_or_nothing_is_wilsons(ledger):
    fill(ledger)
    everything = row(compared(ledger), "strong", "success")
    assert (everything["low"], everything["high"]) == wilson(16, 16)


def test_success_is_held_against_the_line_between_small_and_strong(ledger):
    fill(ledger)
    rows = compared(ledger)
    # A quarter of the strong calls on the line from 50 % to 100 % would come to 62.5 %.
    assert value(rows, "cascade", "above_line_strong_calls") == pytest.approx(0.125)
    assert value(rows, "cascade", "above_line_joules") is None, "strong costs no more joules"
    priced = compared(ledger, prices=PRICES, usd_method="list price")
    assert value(priced, "cascade", "above_line_usd") == pytest.approx(0.125)


def test_schedules_make_curves_of_their_own(ledger):
    fill(ledger)
    for pair in pairs_of(TASKS, SEEDS):
        play(ledger, "every:2", pair, won=TASKS.index(pair.task) < 3, drivers="sb")
    rows = compared(ledger, ("small", "strong", "cascade", "every:2"))
    # The curve reaches 75 % at one strong call; at half of one it is at 62.5 %.
    assert value(rows, "cascade", "above_every_strong_calls") == pytest.approx(0.125)
    assert not [r for r in rows if r["metric"].startswith("above_random")]
    assert not [
        r for r in rows if r["policy"] == "every:2" and r["metric"].startswith("above_every")
    ]


def test_models_that_are_not_the_cascades_own_are_found(ledger):
    fill(ledger)
    found = find_played(ledger, "pages", ("small", "strong", "cascade"), pairs_of(TASKS, SEEDS))
    assert pairs_played(found) == {("s", "b")}
    assert strangers(found, ("s", "b")) == []
    assert strangers(found, ("s", "bigger")) == ["strong"]


def test_a_curve_is_level_beyond_its_ends():
    line = [(1.0, 0.2), (3.0, 0.6)]
    assert [height(line, x) for x in (0.0, 1.0, 2.0, 3.0, 9.0)] == pytest.approx(
        [0.2, 0.2, 0.4, 0.6, 0.6]
    )


def test_the_bound_takes_small_where_it_wins_and_strong_elsewhere_and_is_no_live_run(ledger):
    fill(ledger)
    rows = compared(ledger)
    assert value(rows, BOUND, "success") == 1.0
    assert value(rows, BOUND, "strong_calls") == 0.5
    assert {each["kind"] for each in rows if each["policy"] in BOUNDS} == {"bound"}
    assert {each["kind"] for each in rows if each["policy"] not in BOUNDS} == {"live"}
    assert BOUND not in {each["policy"] for each in compared(ledger, ("small", "cascade"))}


def test_the_thrifty_bound_leaves_to_small_what_neither_wins(ledger):
    for pair in pairs_of(TASKS, SEEDS):
        place = TASKS.index(pair.task)
        play(ledger, "small", pair, won=place == 0, drivers="ss")
        play(ledger, "strong", pair, won=place < 2, drivers="bb")
    rows = compared(ledger, ("small", "strong"))
    assert [value(rows, each, "success") for each in BOUNDS] == [0.5, 0.5]
    assert [value(rows, each, "strong_calls") for each in BOUNDS] == [0.75, 0.25]


def test_only_what_every_policy_played_is_compared(ledger):
    fill(ledger, range(2))
    for pair in pairs_of(TASKS, SEEDS):
        play(ledger, "small", pair, won=True)
    rows = compared(ledger)
    assert row(rows, "small", "success")["n"] == 8


def test_list_prices_are_charged_by_model_and_never_mixed_with_electricity(ledger):
    fill(ledger, cached=40)
    rows = compared(ledger, prices=PRICES, usd_method="list price")
    assert value(rows, "small", "usd") == pytest.approx(2 * (100 * 1 + 10 * 2) / 1e6)
    assert value(rows, "strong", "usd") == pytest.approx(2 * (60 * 10 + 40 * 1 + 10 * 20) / 1e6)
    assert row(rows, "strong", "usd")["method"] == "list price"
    assert check_prices(PRICES, {"s", "b"}) == PRICES
    assert check_prices({}, {"s", "b"}) == {}
    with pytest.raises(ConfigError, match=r'b has no list price.*list_prices\."b"'):
        check_prices({"s": PRICES["s"]}, {"s", "b"})
    found = find_played(ledger, "pages", ("small", "strong"), pairs_of(TASKS, SEEDS))
    assert models_of(ledger, found, "b") == {"s", "b"}


def test_energy_is_that_of_episodes_played_alone_and_tokens_are_everybodys(ledger):
    fill(ledger, workers=2)
    rows = compared(ledger)
    assert value(rows, "small", "joules") is None
    assert value(rows, "small", "usd") is None
    assert row(rows, "small", "seconds")["method"] == "beside others"
    fill(ledger, range(1))
    rows = compared(ledger)
    assert row(rows, "small", "joules")["n"] == 4
    assert row(rows, "small", "tokens")["n"] == 16
    assert row(rows, "small", "seconds")["n"] == 4


def test_what_was_read_is_not_compared_with_what_was_estimated(ledger):
    fill(ledger)
    for pair in pairs_of(TASKS, SEEDS):
        play(ledger, "cascade", pair, won=True, method="estimated")
    assert value(compared(ledger), "cascade", "joules") is None
    assert value(compared(ledger, ("small", "strong")), "small", "joules") == 4.0


def test_the_newest_batch_of_a_name_is_compared(ledger):
    pair = Pair("press", 0)
    play(ledger, "small", pair, won=False, batch="old")
    new = play(ledger, "small", pair, won=True, batch="new")
    broken = replace(new, id="broken", score=None, status="failed")
    ledger.save(broken)
    [found] = find_played(ledger, "pages", ["small"], [pair])
    assert (found.runs, found.batches) == ({pair: new}, 2)


def test_one_task_alone_is_drawn_by_its_seeds(ledger):
    for pair in pairs_of(["press"], SEEDS):
        play(ledger, "small", pair, won=pair.seed < 2)
    [success] = [r for r in compared(ledger, ("small",)) if r["metric"] == "success"]
    assert 0 <= success["low"] < success["high"] <= 1
    assert success["split"] == "trained"


def test_the_page_draws_the_front_and_needs_nothing_else(ledger):
    fill(ledger)
    page = make_front(compared(ledger, prices=PRICES, usd_method="list price"), "strong")
    for told in ("<svg", "prefers-color-scheme: dark", "list price", "oracle-router", "Pareto"):
        assert told in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_contender_that_another_beats_for_less_is_not_on_the_front():
    def at(name, x, y, live=True):
        return Point(1, name, "#fff", (x, x, x), (y, y, y), live)

    points = [at("a", 1, 0.5), at("dear", 3, 0.5), at("b", 2, 0.9), at("bound", 1, 1.0, live=False)]
    assert [point.name for point in front(points)] == ["a", "b"]
