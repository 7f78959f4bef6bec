"""What rulings are worth, held against what the environment knows of each step."""

from dataclasses import replace

import pytest

from flyball import Observation, Ruling, Run, Verdict
from flyball.bench.cases import Case, score_case
from flyball.bench.curves import make_curves
from flyball.bench.detecting import (
    Held,
    Truth,
    detection_rows,
    held,
    kind_of,
    truth_of,
)
from flyball.bench.worth import rows_of, told_by
from flyball.learning.labels import sound_repeats, stuck_labels
from flyball.learning.samples import make_sample
from flyball.monitors import OverBudget, Repeats
from flyball.monitors.learned.scored import write_scored
from flyball.monitors.learned.stuck import Stuck
from flyball.records import Trajectory
from tests.monitors.learned.runs import TASK, a_run, click, over, step

HEAD = {"suite": "s", "split": "unseen", "policy": "p", "unit": "steps", "step": None}


def a_case(place, steps, reached=None):
    task = replace(TASK, id=f"t{place}", suite="s")
    run = Run(id=f"r{place}", task=task, policy="p", seed=place, score=0.0, status="stopped")
    return Case(run=run, steps=tuple(map(over, steps)), reached=reached)


def stuck_case(place, length=9):
    return a_case(place, [step(index, click()) for index in range(length)])


def going_case(place):
    return a_case(place, a_run(9, place).steps, ((), ("found",), *[()] * 7))


def truths(*told):
    return [Truth(task=task, so=so, spared=spared) for task, so, spared in told]


def test_rulings_are_held_against_what_is_so():
    told = truths(
        ("a", [True, False], [False, True]),
        ("b", [True, True], [False, False]),
        ("c", [False], [True]),
    )
    ruled = [[True, True], [False, True], [False]]
    rows = {row["metric"]: row for row in detection_rows(held(told, ruled), HEAD)}
    assert {name: row["value"] for name, row in rows.items()} == {
        "precision": 2 / 3,
        "recall": 2 / 3,
        "f1": pytest.approx(2 / 3),
        "false_alarms": 1 / 2,
    }
    assert (rows["f1"]["n"], rows["false_alarms"]["n"]) == (3, 2)
    nothing = Held(truth=truths(("a", [], []))[0], ruled=[])
    assert {row["value"] for row in detection_rows([nothing], HEAD)} == {None}


def test_what_nothing_tells_of_is_left_out():
    [one] = held([None, *truths(("a", [True], [False]))], [[False], [True]])
    assert (one.truth.task, one.ruled) == ("a", [True])


def test_what_a_monitor_looks_for_is_known_by_its_name_or_by_what_it_rules():
    ruled = [[Ruling.CONTINUE], [Ruling.VERIFY]]
    assert kind_of("stuck", ()) == kind_of("openhands_stuck", [[Ruling.STOP]]) == "stuck"
    assert kind_of("milestone", ()) == kind_of("mine", ruled) == "milestone"
    assert kind_of("mine", [[Ruling.CONTINUE, Ruling.ESCALATE]]) == "stuck"
    assert kind_of("will_fail", [[Ruling.STOP]]) is None


def test_the_truth_is_what_monitors_are_trained_on():
    case = stuck_case(0)
    trajectory = Trajectory(task=case.run.task, steps=case.steps)
    sample = make_sample(case.run, trajectory, None)
    found = truth_of(case, "stuck")
    assert list(found.so) == list(sample.stuck) == list(stuck_labels(trajectory, case.run))
    assert any(found.so)
    assert found.spared == sound_repeats(sample.rows)
    assert truth_of(case, "milestone") is None
    assert list(truth_of(going_case(1), "milestone").so) == [False, True, *[False] * 7]


class Looks:
    """Rules VERIFY on each page that says so."""

    name = "looks"

    def judge(self, trajectory):
        seen = "Welcome" in trajectory.last.observation.text
        return Verdict(monitor=self.name, ruling=Ruling.VERIFY if seen else Ruling.CONTINUE)


def test_rows_tell_of_each_monitor_that_looks_for_something(tmp_path):
    cases = [going_case(place) if place % 2 else stuck_case(place) for place in range(40)]
    welcome = Observation(source="page", text="Welcome")
    cases[1] = replace(
        cases[1],
        steps=tuple(
            replace(each, observation=welcome) if each.index == 1 else each
            for each in cases[1].steps
        ),
    )
    path = tmp_path / "stuck.jsonl"
    scores = [[float(place % 2 == 0)] * 9 for place in range(40)]
    write_scored(
        path, [score_case(case, mine, "steps") for case, mine in zip(cases, scores, strict=True)]
    )
    monitors = [OverBudget(), Repeats(limit=3), Stuck(), Looks()]
    told = told_by(cases, monitors, {"mine": path}, ["openhands_stuck", "random"])
    assert set(told.held) == {"repeats", "stuck", "looks", "openhands_stuck"}
    assert len(told.held["looks"]) == 20
    rows = {(row["monitor"], row["metric"]): row["value"] for row in rows_of(told)}
    assert rows["repeats", "recall"] > 0.8
    assert rows["repeats", "precision"] > 0.8
    assert rows["looks", "precision"] > 0
    assert ("over_budget", "f1") not in rows
    assert "<th>false_alarms</th>" in make_curves([told], rows_of(told))
    bare = told_by(cases, [], {"stuck": path}, [])
    assert bare.held == {}, "nobody said from which score on it rules"


def test_scores_that_come_with_thresholds_are_ruled_from_them(tmp_path):
    cases = [stuck_case(place) for place in range(12)]
    path = tmp_path / "stuck.jsonl"
    recalls = []
    for threshold in (0.4, 0.6):
        scored = [score_case(case, [0.5] * 9, "steps") for case in cases]
        write_scored(path, [replace(run, threshold=threshold) for run in scored])
        rows = rows_of(told_by(cases, [], {"stuck": path}, []))
        recalls += [row["value"] for row in rows if row["metric"] == "recall"]
    assert recalls == [1, 0]
