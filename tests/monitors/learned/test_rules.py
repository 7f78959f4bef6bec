"""The promise of a stopping rule: what it says, and that it holds."""

import random
from math import comb, exp, inf, log, nan

import pytest

from flyball.errors import ConfigError
from flyball.monitors.learned.rules import (
    EARLIEST,
    Rule,
    pick_rule,
    runs_needed,
    saving,
    stopped_share,
)
from flyball.monitors.learned.scored import ScoredRun

MAX_LOSS, CONFIDENCE, DRAWS = 0.05, 0.95, 1_000
BROKEN = 0.05 + 3 * (0.05 * 0.95 / DRAWS) ** 0.5
"""How often a promise of 95 % may be seen to fail in so many draws: three binomial errors."""


def scored(*scores: float, success: bool = True, task: str = "t") -> ScoredRun:
    joules = tuple(float(step + 1) for step in range(len(scores)))
    return ScoredRun(task=task, success=success, scores=scores, joules=joules)


def a_run(draw: random.Random, *, success: bool, hard: float = 0.0, task: str = "t") -> ScoredRun:
    """A run whose scores creep up, more so where it fails or its task is hard."""
    start = draw.random() * 0.5 + hard + (0.0 if success else 0.25)
    steps = draw.randint(1, 6)
    scores = (start + 0.05 * step + draw.uniform(-0.1, 0.1) for step in range(steps))
    return scored(*scores, success=success, task=task)


def exceeded(tasks, draw_set, by: str) -> int:
    """In how many of the draws the rule that is picked loses more of `tasks` than was promised."""
    peaks = {
        earliest: [
            [Rule(threshold=inf, earliest=earliest).peak(run.scores) for run in runs if run.success]
            for runs in tasks
        ]
        for earliest in EARLIEST
    }
    draw, times = random.Random(7), 0
    for _ in range(DRAWS):
        rule = pick_rule(draw_set(draw), max_loss=MAX_LOSS, confidence=CONFIDENCE, by=by).rule
        assert rule is not None
        sizes = [len(its) for its in (tasks if by == "rate" else peaks[rule.earliest])]
        lost = [
            sum(p >= rule.threshold for p in its) / size
            for its, size in zip(peaks[rule.earliest], sizes, strict=True)
        ]
        times += sum(lost) / len(lost) > MAX_LOSS
    return times


def test_a_rule_stops_at_the_first_step_that_reaches_its_threshold():
    rule = Rule(threshold=0.5, earliest=1)
    assert rule.stops_at((0.9, 0.4, 0.5, 0.9)) == 2
    assert rule.stops_at((0.9, 0.4)) is None
    assert rule.stops_at((0.9, nan, 0.4)) is None
    assert rule.stops_at(()) is None
    assert Rule(threshold=0.5, earliest=1, once=True).stops_at((0.1, 0.2, 0.9)) is None


@pytest.mark.parametrize("once", [False, True])
def test_a_run_is_stopped_exactly_if_its_peak_reaches_the_threshold(once):
    draw = random.Random(1)
    for _ in range(500):
        scores = [draw.choice([nan, draw.random()]) for _ in range(draw.randrange(8))]
        rule = Rule(threshold=draw.random(), earliest=draw.randrange(4), once=once)
        assert (rule.stops_at(scores) is not None) == (rule.peak(scores) >= rule.threshold)


def test_the_promise_by_run_holds_over_a_thousand_calibrations():
    draw = random.Random(2)
    population = [a_run(draw, success=place % 3 > 0) for place in range(2_000)]
    times = exceeded([population], lambda draw: draw.choices(population, k=200), by="run")
    assert times / DRAWS <= BROKEN
    assert times > 0, "a promise that is never broken promises too little"


def tasks_of(draw: random.Random, count: int) -> list[list[ScoredRun]]:
    """Tasks of four successes each, all of them about as hard as each other within a task."""
    hardness = (draw.choice([0.0] * 19 + [0.4]) + draw.random() * 0.1 for _ in range(count))
    return [
        [a_run(draw, success=True, hard=hard, task=str(place)) for _ in range(10)]
        for place, hard in enumerate(hardness)
    ]


def draw_tasks(tasks: list[list[ScoredRun]], count: int, draw: random.Random) -> list[ScoredRun]:
    """Tasks with replacement; one that is drawn twice stands for two tasks that are alike."""
    return [
        ScoredRun(task=f"{place}", success=run.success, scores=run.scores, joules=run.joules)
        for place, runs in enumerate(draw.choices(tasks, k=count))
        for run in runs
    ]


def test_the_promise_by_task_holds_where_the_runs_of_a_task_are_alike():
    tasks = tasks_of(random.Random(3), 300)
    times = exceeded(tasks, lambda draw: draw_tasks(tasks, 70, draw), by="task")
    assert times / DRAWS <= BROKEN


def test_the_promise_of_success_rates_holds_too():
    draw = random.Random(3)
    tasks = [
        [*runs, *(a_run(draw, success=False) for _ in range(draw.choice((0, 10, 40))))]
        for runs in tasks_of(draw, 400)
    ]
    assert exceeded(tasks, lambda d: draw_tasks(tasks, 80, d), "rate") <= BROKEN * DRAWS


def test_of_its_runs_a_task_that_is_hardly_ever_won_has_little_to_lose():
    easy = [scored(0.1, 0.2, task=f"t{n}") for n in range(76)]
    hard = [scored(0.9, 0.9, task=f"h{n}") for n in range(3)]
    lost = [scored(0.8, 0.8, success=False, task=f"h{n}") for n in range(3) for _ in range(29)]
    strict, loose = (
        pick_rule([*easy, *hard, *lost], max_loss=MAX_LOSS, confidence=CONFIDENCE, by=by)
        for by in ("task", "rate")
    )
    assert (strict.lost, loose.lost) == (0, 3)
    assert (strict.units, loose.units) == (79, 79)


def test_the_promise_by_run_says_nothing_about_new_tasks():
    tasks = tasks_of(random.Random(3), 300)
    times = exceeded(tasks, lambda draw: draw_tasks(tasks, 70, draw), by="run")
    assert times / DRAWS > BROKEN


def test_with_one_success_a_task_both_promises_are_the_same():
    draw = random.Random(4)
    runs = [a_run(draw, success=draw.random() < 0.7, task=str(place)) for place in range(400)]
    picks = [pick_rule(runs, max_loss=0.1, confidence=0.9, by=by) for by in ("run", "task")]
    assert picks[0] == picks[1]
    assert picks[0].lost / picks[0].successes <= 0.1


@pytest.mark.parametrize(("max_loss", "needed"), [(0.05, 59), (0.1, 29), (0.01, 299)])
def test_too_few_runs_get_no_rule_and_are_told_how_many_it_takes(max_loss, needed):
    for count, enough in ((needed - 1, False), (needed, True)):
        runs = [scored(0.1 + place / 1_000, task=str(place)) for place in range(count)]
        picked = pick_rule(runs, max_loss=max_loss, confidence=0.95)
        assert (picked.needed, picked.units) == (needed, count)
        assert (picked.rule is not None) == enough


def test_a_task_counts_once_however_many_runs_it_has():
    runs = [scored(0.1, task=str(place % 20)) for place in range(1_000)]
    assert pick_rule(runs, max_loss=0.05, confidence=0.95).rule is None
    assert pick_rule(runs, max_loss=0.05, confidence=0.95).units == 20
    assert pick_rule(runs, max_loss=0.05, confidence=0.95, by="run").rule is not None


@pytest.mark.parametrize("seed", range(20))
def test_fewer_losses_are_allowed_the_more_is_asked(seed):
    draw = random.Random(seed)
    runs = [a_run(draw, success=draw.random() < 0.6, task=str(place)) for place in range(500)]
    losses = [
        pick_rule(runs, max_loss=loss, confidence=confidence).lost
        for loss, confidence in ((0.02, 0.99), (0.05, 0.95), (0.1, 0.9), (0.3, 0.8))
    ]
    assert losses == sorted(losses)
    assert losses[-1] > losses[0]


def test_the_binomial_count_is_that_of_clopper_and_pearson():
    # The most losses of 200 whose exact binomial p-value for "more than 5 %" is at most 5 %.
    def chance(most: int) -> float:
        return sum(comb(200, k) * 0.05**k * 0.95 ** (200 - k) for k in range(most + 1))

    most = max(k for k in range(200) if chance(k) <= 0.05)
    runs = [scored(place / 1_000, task=str(place)) for place in range(200)]
    assert pick_rule(runs, max_loss=0.05, confidence=0.95, earliest=(0,)).lost == most


def test_the_bet_passes_whatever_hoeffdings_bound_passes():
    # 100 tasks of ten successes; in one of them some are lost.
    for lost in range(11):
        runs = [
            scored(0.1, task=str(place))
            for place in range(100)
            for _ in range(10 - (not place) * lost)
        ]
        runs += [scored(0.9, task="0") for _ in range(lost)]
        runs += [scored(0.2, success=False)]
        mean = lost / 10 / 100
        divergence = (1 - mean) * log((1 - mean) / 0.95) + (mean and mean * log(mean / 0.05))
        picked = pick_rule(runs, max_loss=0.05, confidence=0.95, earliest=(0,))
        if exp(-100 * divergence) <= 0.05:
            assert picked.rule is not None
            assert picked.rule.threshold <= 0.9
            assert picked.lost >= lost


def test_ties_are_lost_together_or_not_at_all():
    runs = [scored(0.5, task=str(place)) for place in range(300)]
    picked = pick_rule(runs, max_loss=0.05, confidence=0.95)
    assert picked.rule is not None
    assert picked.rule.threshold > 0.5
    assert picked.lost == 0


def test_scores_that_are_not_numbers_and_runs_without_steps_stop_nothing():
    runs = [scored(nan, nan, task=str(place)) for place in range(100)]
    runs += [scored(task=str(place)) for place in range(100, 110)]
    picked = pick_rule(runs, max_loss=0.05, confidence=0.95)
    assert picked.rule is not None
    assert picked.lost == 0
    assert picked.rule.stops_at((nan, nan)) is None


def test_what_is_saved_is_counted_over_failing_runs_alone():
    runs = [scored(0.1, 0.9, 0.9, success=False), scored(0.1, 0.1, success=False), scored(0.9, 0.9)]
    assert saving(runs, Rule(threshold=0.5)) == (3 - 2) / (3 + 2)
    assert stopped_share(runs, Rule(threshold=0.5)) == 1.0
    assert saving(runs, None) == 0.0
    assert saving(runs[2:], Rule(threshold=0.5)) is None
    assert stopped_share(runs[:2], Rule(threshold=0.5)) is None


@pytest.mark.parametrize(("max_loss", "confidence"), [(0.0, 0.95), (1.0, 0.95), (0.05, 1.0)])
def test_a_promise_that_cannot_be_made_is_refused(max_loss, confidence):
    with pytest.raises(ConfigError, match="between 0 and 1"):
        pick_rule([], max_loss=max_loss, confidence=confidence)


def test_no_run_at_all_promises_nothing():
    assert pick_rule([], max_loss=0.05, confidence=0.95).rule is None
    assert runs_needed(0.05, 0.95) == 59
    assert EARLIEST[0] == 0
    assert Rule(threshold=inf).stops_at((1.0,)) is None
