"""What monitors save and lose on tasks that they were not set on, and the baselines beside them."""

import random
from dataclasses import replace
from math import isnan, nan

import pytest

from flyball import Action, Energy, Observation, Run, Spend, Step, Task, Usage
from flyball.bench.agentstop import agentstop_scores
from flyball.bench.baselines import AGENTSTOP, BASELINES
from flyball.bench.cases import Case, common_unit, read_cases, replay, score_case, taken
from flyball.bench.concordance import Ranked
from flyball.bench.curves import COLOURS, make_curves
from flyball.bench.evaluation import (
    cut,
    evaluate,
    folds_of,
    judge_by_fold,
    promised,
    share_lost,
    share_saved,
)
from flyball.bench.variants import LEARNED
from flyball.bench.worth import rows_of, told_by
from flyball.errors import ConfigError
from flyball.ledger import Ledger
from flyball.monitors import Repeats
from flyball.monitors.learned.scored import ScoredRun, write_scored

HEAD = {"suite": "s", "split": "unseen", "policy": "p", "unit": "joules", "step": None}


def a_case(
    place: int, *, success: bool, steps: int = 4, sure: float = -0.1, repeats: bool = False
) -> Case:
    """A run that took 2 J to propose and 1 J to carry out each step."""
    task = Task(id=f"t{place % 60}", prompt="go", suite="s", metadata={"workers": "1"})
    run = Run(id=f"r{place}", task=task, agent="web", policy="p", seed=place, status="finished")
    proposed = Spend(usage=Usage(input_tokens=7, output_tokens=3), energy=Energy(cpu_j=2.0))
    return Case(
        run=replace(run, score=float(success)),
        steps=tuple(
            Step(
                index=index,
                policy="p",
                observation=Observation(source="page", text="same"),
                action=Action(
                    tool="click",
                    arguments={"id": 0 if repeats else index},
                    logprobs=(sure, 2 * sure),
                ),
                policy_spend=proposed,
                tool_spend=Spend(energy=Energy(cpu_j=1.0)),
            )
            for index in range(steps)
        ),
    )


def some_cases(count: int = 240) -> list[Case]:
    draw = random.Random(3)
    cases = []
    for place in range(count):
        success = draw.random() < 0.6
        sure = -0.1 - draw.random() - (0.0 if success else 0.8)
        steps = draw.randint(2, 4) if success else draw.randint(4, 8)
        cases.append(a_case(place, success=success, steps=steps, sure=sure))
    return cases


def scored(task: str, success: bool, *scores: float) -> ScoredRun:
    joules = tuple(float(step + 1) for step in range(len(scores)))
    return ScoredRun(task=task, success=success, scores=scores, joules=joules)


def value(rows, monitor, metric):
    (row,) = (
        row
        for row in rows
        if (row["monitor"], row["metric"], row["step"]) == (monitor, metric, None)
    )
    return row["value"]


def test_what_was_taken_counts_the_proposal_and_not_what_follows():
    case = a_case(0, success=True, steps=3)
    assert taken(case, "joules") == (2.0, 5.0, 8.0)
    assert taken(case, "tokens") == (10.0, 20.0, 30.0)
    assert taken(case, "steps") == (1.0, 2.0, 3.0)


def test_the_unit_is_the_best_that_all_runs_know():
    case = a_case(0, success=True)
    beside = replace(case.run.task, metadata={"workers": "2"})
    bare = replace(case.steps[0], policy_spend=Spend())
    assert common_unit([case]) == "joules"
    assert common_unit([case, replace(case, run=replace(case.run, task=beside))]) == "tokens"
    assert common_unit([case, replace(case, steps=(bare,))]) == "steps"


def test_an_answer_is_let_through_whatever_it_scores():
    case = a_case(0, success=True, steps=2)
    last = replace(case.steps[1], action=Action(tool="finish"))
    run = score_case(replace(case, steps=(case.steps[0], last)), [0.9, 0.9], "joules")
    assert run.scores[0] == 0.9
    assert isnan(run.scores[1])


def test_folds_part_tasks_and_never_runs():
    tasks = [f"t{place % 23}" for place in range(200)]
    folds = folds_of(tasks)
    assert set(folds) == set(tasks)
    assert max(map(list(folds.values()).count, range(5))) == 5
    assert folds == folds_of(reversed(tasks))


@pytest.mark.parametrize("picker", [promised("run"), promised("task"), cut])
def test_a_threshold_is_never_set_on_the_tasks_that_it_is_judged_on(picker):
    seen = []

    def watch(runs, max_loss, once):
        seen.append({run.task for run in runs})
        return picker(runs, max_loss, once)

    runs = [scored(f"t{place % 70}", place % 3 > 0, 0.2, 0.4) for place in range(300)]
    sums = judge_by_fold(runs, 0.05, watch)
    folds = folds_of([run.task for run in runs])
    assert set(sums) == set(folds)
    for number, tasks in enumerate(seen):
        assert tasks == {task for task, fold in folds.items() if fold != number}


def grouped(cases: list[Case], groups: int) -> list[Case]:
    """The same on tasks of which several are on one database."""
    return [
        replace(case, run=replace(case.run, task=replace(case.run.task, metadata=marks)))
        for place, case in enumerate(cases)
        for marks in [{**case.run.task.metadata, "group": f"db{place % 60 % groups}"}]
    ]


def test_tasks_of_one_group_are_never_parted():
    cases = grouped(some_cases(), 12)
    told = told_by(cases, [Repeats()], {}, ["step_cap"])
    seen = []

    def watch(runs, max_loss, once):
        seen.append({run.name for run in runs})
        return cut(runs, max_loss, once)

    for runs in told.scored.values():
        sums = judge_by_fold(runs, 0.05, watch)
        assert set(sums) == {f"s/db{number}" for number in range(12)}
    group = {f"s/{case.run.task.id}": case.task for case in cases}
    assert len(group) == 60
    for picked_on in seen:
        judged = {group[name] for name in set(group) - picked_on}
        assert judged
        assert judged.isdisjoint({group[name] for name in picked_on})


def test_concordance_counts_pairs_at_the_same_step():
    runs = [scored("a", False, 0.9, 0.2), scored("b", True, 0.1, 0.2), scored("c", True, nan)]
    ranked = Ranked(runs)
    assert ranked.pairs(0).auc == 1.0
    assert ranked.pairs(1).auc == 0.5
    assert ranked.pairs() == (1.5, 2)
    assert ranked.pairs(0, ["a", "a", "b"]) == (2.0, 2)
    assert ranked.pairs(0, ["a", "a"]).auc is None


def test_concordance_is_the_share_of_pairs_in_the_right_order():
    draw = random.Random(5)
    runs = [scored(str(i), draw.random() < 0.5, draw.randrange(5) / 5) for i in range(80)]
    lost = [run.scores[0] for run in runs if not run.success]
    won = [run.scores[0] for run in runs if run.success]
    pairs = [(a > b) + (a == b) / 2 for a in lost for b in won]
    assert Ranked(runs).pairs().auc == pytest.approx(sum(pairs) / len(pairs))


def test_the_oracle_saves_most_and_chance_tells_nothing():
    told = told_by(some_cases(), [], {}, list(BASELINES))
    rows = rows_of(told)
    assert value(rows, "oracle", "auc") == 1.0
    assert value(rows, "oracle", "loss@0.05") == 0.0
    best = value(rows, "oracle", "saving@0.05")
    assert best > 0.5
    assert value(rows, "lowest_logprob", "oracle_saving@0.05") == best
    assert abs(value(rows, "random", "auc") - 0.5) < 0.1
    assert value(rows, "lowest_logprob", "auc") > 0.7
    assert 0 < value(rows, "lowest_logprob", "saving@0.05") < best
    assert value(rows, "openhands_stuck", "saving@0.05") == 0.0
    for row in rows:
        assert {
            "suite",
            "split",
            "policy",
            "monitor",
            "metric",
            "value",
            "low",
            "high",
            "n",
        } <= set(row)
        assert row["low"] is None or row["low"] <= row["value"] <= row["high"]
    page = make_curves([told], rows)
    assert page.count("<svg") == 2
    assert "http" not in page


def test_every_curve_of_the_page_has_a_colour_of_its_own():
    curves = {*LEARNED, *BASELINES, AGENTSTOP}
    assert len(curves) <= len(COLOURS) == len(set(COLOURS))


def test_few_tasks_get_no_promise_and_save_nothing():
    runs = [scored(f"t{place % 20}", place % 2 > 0, 0.1 + (not place % 2)) for place in range(400)]
    rows = evaluate({"m": runs}, HEAD)
    assert value(rows, "m", "saving_by_task@0.05") == 0.0
    assert value(rows, "m", "loss@0.05") == 0.0
    assert value(rows, "m", "auc") == 1.0


def test_the_realised_loss_keeps_the_promise_on_unseen_tasks():
    draw = random.Random(11)
    runs = [
        scored(f"t{place}", success, *(draw.random() * 0.5 + 0.3 * (not success) for _ in "1234"))
        for place in range(1_200)
        for success in [draw.random() < 0.7]
    ]
    sums = list(judge_by_fold(runs, 0.05, promised("task")).values())
    loose = list(judge_by_fold(runs, 0.05, cut).values())
    assert share_lost(sums) < 0.05
    assert share_saved(sums) > 0.3
    assert share_saved(loose) > share_saved(sums)


def test_rules_are_replayed_step_by_step():
    case = a_case(0, success=False, steps=5, repeats=True)
    ask = replay(Repeats(limit=3))
    assert ask(case) == [0.0, 0.0, 1.0, 1.0, 1.0]
    assert ask.judge_ms > 0
    assert BASELINES["litellm_stall"]()(case)[-1] == 1.0
    assert BASELINES["step_cap"]()(case) == [0.0, 1.0, 2.0, 3.0, 4.0]
    missing = replace(case.steps[0], action=Action(tool="click"))
    assert isnan(BASELINES["lowest_logprob"]()(replace(case, steps=(missing,)))[0])
    assert isnan(BASELINES["mean_logprob"]()(replace(case, steps=(missing,)))[0])


def test_agentstop_learns_from_other_tasks_what_uncertain_tokens_mean():
    # Its search fits forty models a step and fold: one step is enough here.
    cases = [replace(case, steps=case.steps[:1]) for case in some_cases(120)]
    scores = agentstop_scores(cases)
    runs = [score_case(case, each, "joules") for case, each in zip(cases, scores, strict=True)]
    assert Ranked(runs).pairs(0).auc > 0.6
    assert [len(each) for each in scores] == [len(case.steps) for case in cases]


def test_scores_from_a_file_are_put_beside_the_runs_that_they_are_of(tmp_path):
    cases = some_cases(80)
    runs = [
        ScoredRun(
            task=case.task,
            success=case.run.success is True,
            scores=(0.5,) * len(case.steps),
            joules=(1.0,) * len(case.steps),
            agent="p",
            seed=case.run.seed,
        )
        for case in cases[:50]
    ]
    path = tmp_path / "m.jsonl"
    write_scored(path, runs)
    told = told_by(cases, [], {"m": path}, ["oracle"])
    assert {name: len(each) for name, each in told.scored.items()} == {"m": 50, "oracle": 50}
    with pytest.raises(ConfigError, match="train again"):
        told_by([replace(cases[0], steps=cases[0].steps[:1])], [], {"m": path}, [])
    with pytest.raises(ConfigError, match="none of these runs"):
        told_by(cases[60:], [], {"m": path}, [])


def test_scores_of_grouped_tasks_are_put_beside_their_own_runs(tmp_path):
    cases = grouped([a_case(place, success=place % 2 == 0) for place in range(60)], 6)
    said = {
        case.run.id: [place / 100 + step for step in range(4)] for place, case in enumerate(cases)
    }
    write_scored(
        tmp_path / "s.jsonl", [score_case(case, said[case.run.id], "steps") for case in cases]
    )
    told = told_by(cases, [], {"mine": tmp_path / "s.jsonl"}, [])
    assert [list(run.scores) for run in told.scored["mine"]] == list(said.values())


def test_cases_are_the_runs_that_were_checked(tmp_path):
    case = a_case(0, success=True)
    path = tmp_path / "l.db"
    with Ledger(path) as ledger:
        for name, score in (("a", 1.0), ("b", None), ("c", 0.0)):
            ledger.add(
                [(replace(case.run, id=name, score=score), case.steps if name != "c" else ())]
            )
    assert [each.run.id for each in read_cases(path, print)] == ["a"]
    with pytest.raises(ConfigError, match="cannot be read"):
        list(read_cases(tmp_path / "none.db", print))
