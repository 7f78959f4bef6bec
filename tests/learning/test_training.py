import gzip
import json
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from flyball.bench.cases import read_cases
from flyball.errors import ConfigError
from flyball.learning.blend import Blend, fit_shares
from flyball.learning.cards import make_card
from flyball.learning.curves import GATE, fit_curves
from flyball.learning.figures import figures
from flyball.learning.fitting import export, fit_trees
from flyball.learning.labels import sound_repeats
from flyball.learning.logistic import fit_sigmoid
from flyball.learning.measures import auc, best_cut, cut_at
from flyball.learning.samples import make_sample, read_samples, write_samples
from flyball.learning.table import Table, matrix
from flyball.learning.training import FOLDS, TARGETS, folds, make_table, train
from flyball.ledger import Ledger
from flyball.ledger.alone import passed_over
from flyball.monitors.learned.catalogue import FEATURES
from flyball.monitors.learned.trees import trees_from_json, trees_to_json
from flyball.records import HUMAN, Run, Trajectory
from tests.monitors.learned.runs import TASK, a_run, click, over, step

TASKS = [f"t{number}" for number in range(12)]


def a_sample(seed):
    """A run that fails, and goes round in a circle, where its tokens are unlikely."""
    rng = Random(seed)
    won, name = seed % 2 == 0, TASKS[seed % len(TASKS)]
    action = replace(click(), logprobs=(-0.01 if won else -2.0 - rng.random(),))
    texts = [f'text "{seed} {at if won else 0}"' for at in range(6)]
    steps = tuple(over(step(at, action, text)) for at, text in enumerate(texts))
    task = replace(TASK, id=name, suite="made")
    status = "finished" if won else "stopped"
    run = Run(id=str(seed), task=task, policy="small", seed=seed, score=float(won), status=status)
    reached = [() if at != 2 or not won else ("half",) for at in range(6)]
    return make_sample(run, Trajectory(task=task, steps=steps), reached)


@pytest.fixture(scope="module")
def samples():
    return [a_sample(seed) for seed in range(120)]


@pytest.fixture(scope="module")
def trained(samples):
    told = []
    trained = {name: train(name, samples, told.append) for name in TARGETS}
    assert any("fold 5 of 5" in line for line in told)
    return trained


def blended(table):
    return Blend([fit_curves(table), fit_trees(table)], np.array([0.25, 0.5]))


def test_a_blend_counts_on_what_is_right_and_never_against_it():
    rng, count = np.random.default_rng(0), 4_000
    signal = rng.normal(size=count)
    labels = (rng.random(count) < 1 / (1 + np.exp(-signal))).astype(float)
    wrong = rng.normal(size=count) - 2 * labels
    shares = fit_shares(np.column_stack([signal, wrong]), labels, np.ones(count))
    assert shares[0] > 0.7
    assert shares[1] == 0
    halves = fit_shares(np.column_stack([signal, signal]), labels, np.ones(count))
    assert halves == pytest.approx([0.5, 0.5], abs=0.05)
    assert fit_shares(signal[:, None], labels, np.ones(count)) == [1]
    assert fit_shares(-np.column_stack([signal, signal]), labels, np.ones(count)).sum() == 1


@pytest.mark.parametrize("fitting", [fit_trees, fit_curves, blended])
def test_our_own_walk_through_the_trees_gives_what_was_fitted(fitting):
    rng = np.random.default_rng(0)
    runs = [a_sample(seed) for seed in range(40)]
    target = replace(TARGETS["will_fail"], features=tuple(FEATURES))
    table = make_table(target, runs, [target.labels(run) for run in runs])
    noise = rng.normal(size=table.values.shape)
    noise[rng.random(noise.shape) < 0.3] = np.nan
    noise[:, ::7] = np.nan_to_num(noise[:, ::7])  # never missing in training
    noise[:, 1] = np.nan  # nor known
    noise[:, 2] = np.where(np.isnan(noise[:, 2]), np.nan, 1.0)  # nor different
    noisy = replace(
        table,
        values=noise,
        labels=(rng.random(len(noise)) < 0.4).astype(float),
        weights=np.full(len(noise), 100.0),
    )
    fitted = fitting(noisy)
    trees = export(fitted, "stuck", target.features, (1.0, 0.0), 0.5, {})
    trees = trees_from_json(trees_to_json(trees), "here")
    fresh = rng.normal(size=noise.shape)
    fresh[rng.random(fresh.shape) < 0.3] = np.nan
    fresh[:3] = np.nan
    fresh[3:6] *= 1e6  # further out than anything in training
    expected = fitted.margins(fresh)
    assert np.ptp(expected) > 0.5
    for values, margin in zip(fresh, expected, strict=True):
        row = {name: float(value) for name, value in zip(trees.features, values, strict=True)}
        unknown = {name: None if value != value else value for name, value in row.items()}
        assert trees.margin(row) == pytest.approx(margin, abs=1e-6)
        assert trees.margin(unknown) == pytest.approx(margin, abs=1e-6)


def test_a_curve_follows_ranks_and_knows_what_is_unknown():
    rng = np.random.default_rng(0)
    values = np.column_stack([rng.exponential(size=2_000), rng.normal(size=2_000)])
    unknown = rng.random(2_000) < 0.2
    chance = np.where(unknown, 0.9, np.argsort(np.argsort(values[:, 0])) / 2_000)
    values[unknown, 0] = np.nan
    ones = np.ones(2_000)
    table = Table(
        features=tuple(FEATURES)[:2],
        values=values,
        labels=(rng.random(2_000) < chance).astype(float),
        weights=ones,
        tasks=ones.astype(str),
    )
    said = fit_curves(table).margins(np.array([[0.01, 0], [5.0, 0], [np.nan, 0], [5.0, 2]]))
    assert said[0] < -0.5 < 0.5 < said[1]
    assert said[2] > 0.5
    assert said[3] == pytest.approx(said[1], abs=0.3)  # the other feature says nothing


def test_a_policy_that_thinks_has_curves_of_its_own():
    rng, count = np.random.default_rng(0), 6_000
    thinks = rng.random(count) < 0.5
    # The same signal, of which a policy that thinks has a tenth: by rank it says as much.
    signal = rng.exponential(size=count)
    rank = np.argsort(np.argsort(signal)) / count
    other = rng.normal(size=count)
    rises = 1 / (1 + np.exp(-3 * other))
    chance = (rank + np.where(thinks, rises, 1 - rises)) / 2
    values = np.column_stack([np.where(thinks, signal / 10, signal), other, thinks * 0.5])
    table = Table(
        features=(*tuple(FEATURES)[:2], GATE),
        values=values,
        labels=(rng.random(count) < chance).astype(float),
        weights=np.ones(count),
        tasks=np.ones(count).astype(str),
    )
    fitted = fit_curves(table)
    rows = np.array([[0.1, 0, 0], [3, 0, 0], [0.01, 0, 0.5], [0.3, 0, 0.5], [1, 2, 0], [0.1, 2, 1]])
    said = fitted.margins(rows)
    assert said[0] == pytest.approx(said[2], abs=0.5)
    assert said[1] == pytest.approx(said[3], abs=0.5)
    assert said[1] - said[0] > 1
    assert said[5] - said[4] > 1
    trees = export(fitted, "will_fail", table.features, (1.0, 0.0), 0.5, {})
    for row, margin in zip(rows, said, strict=True):
        assert trees.margin(dict(zip(table.features, row, strict=True))) == pytest.approx(margin)
    alone = fit_curves(replace(table, values=values * [1, 1, 0]))
    assert alone.gate is None


@pytest.mark.parametrize("monitor", TARGETS)
def test_a_monitor_learns_what_there_is_to_learn(trained, monitor):
    found = {each.metric: each.value for each in figures(trained[monitor]) if each.step is None}
    assert found["auc"] > 0.95
    if monitor == "will_fail":
        assert found["auc"] > found["auc_steps"]
    else:
        assert found["f1"] > 0.9


def test_the_scores_that_are_written_are_those_of_trees_that_never_saw_the_task(trained, samples):
    scored = trained["will_fail"].scored
    assert [run.task for run in scored] == [run.task for run in samples]
    assert all(len(run.scores) == 6 for run in scored)
    # A run takes its policy's 2 J a step, and 6 J more for each step that is over.
    assert scored[0].joules == (2.0, 10.0, 18.0, 26.0, 34.0, 42.0)
    parts = folds(samples)
    assert len(parts) == FOLDS
    assert sorted(task for part in parts for task in part) == sorted(f"made/{t}" for t in TASKS)
    # Their own trees, which saw all tasks, are not what scored them.
    trees = trained["will_fail"].trees
    own = [trees.probability(row) for row in samples[0].rows]
    assert own != pytest.approx(scored[0].scores, abs=1e-9)


def test_energy_that_is_unknown_for_one_run_makes_tokens_of_all(samples):
    mixed = [replace(samples[0], joules=None), *samples[1:]]
    scored = train("will_fail", mixed, lambda line: None).scored
    assert scored[5].joules == samples[5].tokens


def test_tasks_of_one_group_are_never_parted(samples):
    group = {task: f"made/db{number % 10}" for number, task in enumerate(TASKS)}
    grouped = [replace(each, group=group[each.task.partition("/")[2]]) for each in samples]
    parts = folds(grouped)
    assert set.union(*parts) == set(group.values())
    assert sum(map(len, parts)) == 10
    one = train("will_fail", grouped, lambda line: None).scored[0]
    assert (one.task, one.name) == ("made/db0", "made/t0")
    run = Run(id="r", task=replace(TASK, metadata={"group": "sql:pets"}), policy="small", score=1.0)
    assert make_sample(run, a_run(3), None).unit == f"{TASK.suite}/sql:pets"
    assert samples[0].unit == samples[0].task


def test_a_column_that_leaks_the_outcome_is_refused(samples, tmp_path):
    leaking = {**samples[0].rows[0], "score": 1.0}
    with pytest.raises(ConfigError, match="'score'"):
        matrix([leaking], [*TARGETS["will_fail"].features, "score"])
    path = tmp_path / "samples.jsonl"
    write_samples(path, [samples[0], replace(samples[1], rows=(leaking, *samples[1].rows[1:]))])
    with pytest.raises(ConfigError, match=r"line 2: no sample: no feature is called 'score'"):
        list(read_samples([path], print))


@pytest.mark.parametrize("leak", ["success", "score", "steps", "status"])
def test_no_feature_is_called_like_what_is_known_only_afterwards(leak):
    assert leak not in FEATURES


def test_too_few_tasks_and_one_kind_of_label_are_refused(samples):
    few = [run for run in samples if run.task in ("made/t0", "made/t1")]
    with pytest.raises(ConfigError, match="runs of 2 tasks are too few"):
        train("will_fail", few, lambda line: None)
    lost = [replace(run, success=False) for run in samples]
    with pytest.raises(ConfigError, match="same label"):
        train("will_fail", lost, lambda line: None)
    blind = [replace(run, milestone=None) for run in samples]
    with pytest.raises(ConfigError, match="milestone: none of these runs says"):
        train("milestone", blind, lambda line: None)


def test_samples_are_read_from_a_ledger_and_from_a_file(tmp_path, samples):
    path, ledger_path = tmp_path / "samples.jsonl", tmp_path / "runs.db"
    run = Run(id="r1", task=TASK, policy="small", seed=3, score=0.0, status="stopped")
    with Ledger(ledger_path) as ledger:
        for each in (run, replace(run, id="r2", score=None)):
            ledger.save(each)
            for one in a_run(4).steps:
                ledger.append(each.id, one)
        ledger.mark("r1", [(), ("found",), (), ()])
        ledger.mark("r2", [(), ("found",), (), ()])
    (sample,) = read_samples([ledger_path], print)
    assert (sample.task, sample.success, len(sample.rows)) == ("adhoc/login", False, 4)
    assert sample.milestone == (False, True, False, False)
    write_samples(path, [sample, samples[0]])
    assert list(read_samples([path], print)) == [sample, samples[0]]
    with pytest.raises(ConfigError, match="does not exist"):
        list(read_samples([tmp_path / "none.db"], print))
    path.write_text(json.dumps({"task": "t", "rows": []}) + "\n")
    with pytest.raises(ConfigError, match="line 1: no sample"):
        list(read_samples([path], print))


def test_samples_are_read_from_what_other_programs_wrote_without_importing_it(tmp_path):
    steps = [
        {"action": {"name": "sql", "args": {"code": code}}, "observation": seen}
        for code, seen in (("SHOW TABLES", "[('cats',)]"), ("SELECT 1 FROM dogs", "no such table"))
    ]
    told = {"source": "x/y", "model": "m", "steps": steps}
    runs = [
        {**told, "task_id": str(number), "success": success}
        for number, success in enumerate((True, False, None))
    ]
    path = tmp_path / "runs.jsonl.gz"
    path.write_bytes(gzip.compress("".join(json.dumps(each) + "\n" for each in runs).encode()))
    won, lost = read_samples([path], print)
    assert ((won.task, won.success), (lost.task, lost.success)) == (("y/0", True), ("y/1", False))
    assert [row["action_words"] for row in won.rows] == [2, 4]
    assert won.milestone is won.joules is None
    assert [case.run.id for case in read_cases(path, print)] == [won.run, lost.run]
    (tmp_path / "notes.txt").write_text("nothing of the kind\n")
    with pytest.raises(ConfigError, match=r"notes\.txt: no format that is known"):
        list(read_samples([tmp_path / "notes.txt"], print))


def test_runs_that_another_policy_drove_in_or_stood_by_teach_nothing_and_are_counted(tmp_path):
    whole = a_run(4).steps
    handed = (*whole[:2], *(replace(each, policy="strong") for each in whole[2:]))
    runs = {
        "alone": (None, whole),
        "cascade": ("strong", handed),
        "never called in": ("strong", whole),
        "a person took the wheel": (None, (*whole[:3], replace(whole[3], policy=HUMAN))),
    }
    path, told = tmp_path / "runs.db", []
    with Ledger(path) as ledger:
        for name, (strong, steps) in runs.items():
            run = Run(id=name, task=TASK, policy="small", strong=strong, score=1.0)
            ledger.add([(run, tuple(over(each) for each in steps))])
    assert [len(sample.rows) for sample in read_samples([path], told.append)] == [4]
    assert told == [passed_over(3)]


def test_energy_of_runs_that_were_played_beside_others_is_unknown():
    task = replace(TASK, metadata={"workers": "2"})
    run = Run(id="r", task=task, policy="small", score=1.0)
    assert make_sample(run, replace(a_run(3), task=task), None).joules is None


def test_the_card_says_what_it_was_trained_on(trained):
    card = make_card(trained["stuck"], figures(trained["stuck"]))
    assert "on 120 runs of 12 tasks" in card
    assert "| f1 | all |" in card
    assert "made/t11" in card


def test_areas_and_cuts_are_those_of_small_cases():
    scores, labels = np.array([0.1, 0.4, 0.4, 0.8]), np.array([0.0, 1.0, 0.0, 1.0])
    assert auc(scores, labels) == pytest.approx(3.5 / 4)
    assert auc(scores, np.ones(4)) is None
    cut = best_cut(scores, labels)
    assert cut == cut_at(scores, labels, 0.4)
    assert (cut.precision, cut.recall, cut.f1) == (pytest.approx(2 / 3), 1.0, pytest.approx(0.8))
    assert cut_at(scores, labels, 0.9).f1 == 0


def test_a_cut_lets_be_what_is_to_be_spared_where_a_threshold_does():
    scores, labels = np.array([0.2, 0.4, 0.5, 0.8]), np.array([1.0, 1.0, 0.0, 1.0])
    assert best_cut(scores, labels).threshold == 0.2
    assert best_cut(scores, labels, np.array([False, False, True, False])).threshold == 0.8
    assert best_cut(scores, labels, np.array([False, False, False, True])).threshold == 0.2


def test_a_sigmoid_finds_back_the_one_that_drew_the_labels():
    rng = np.random.default_rng(0)
    margin = rng.normal(size=20_000)
    labels = (rng.random(20_000) < 1 / (1 + np.exp(-(2 * margin - 1)))).astype(float)
    slope, intercept = fit_sigmoid(margin, labels, np.ones(20_000))
    assert (slope, intercept) == (pytest.approx(2, abs=0.1), pytest.approx(-1, abs=0.1))


def test_repeats_that_show_something_new_in_the_end_are_sound():
    rows = [
        {"view_count_recent": seen, "action_streak": streak, "action_count_recent": done}
        for seen, streak, done in [(0, 0, 0), (1, 1, 1), (2, 2, 2), (0, 0, 1), (1, 1, 1)]
    ]
    assert sound_repeats(rows) == [False, True, True, False, False]
