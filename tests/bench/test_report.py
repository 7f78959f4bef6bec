"""Figures, their intervals, and how they are told."""

import pytest

from flyball import Action, Energy, Observation, Run, Spend, Step, Task, Usage
from flyball.bench.intervals import bootstrap, wilson
from flyball.bench.page import make_page
from flyball.bench.report import make_rows
from flyball.ledger import MEMORY, Ledger
from tests.bench.stand_ins import PageSuite

KEYS = {
    *("suite", "split", "policy", "monitor", "task", "metric", "value", "low", "high", "n"),
    "method",
}


@pytest.fixture
def ledger():
    with Ledger(MEMORY) as ledger:
        yield ledger


def episode(ledger, name, *, task="press", score=1.0, joules=10.0, workers=1, **energy):
    """Write down an episode of two steps that share its joules."""
    told = Task(id=task, prompt="p", metadata={"workers": str(workers)})
    status = "failed" if score is None else "finished"
    monitors = ("over_budget(limit=3)", "repeats")
    run = Run(id=name, task=told, policy="small", monitors=monitors, score=score, status=status)
    ledger.save(run)
    spend = Spend(
        seconds=0.5,
        usage=Usage(requests=1),
        energy=Energy(**{"estimated_j": joules / 2, **energy}),
    )
    seen, action = Observation(source="task", text=""), Action(tool="click")
    for index in range(2):
        step = Step(index=index, policy="small", observation=seen, action=action)
        ledger.append(name, _costing(step, spend))
    return run


def _costing(step, spend):
    return Step(
        index=step.index,
        policy=step.policy,
        observation=step.observation,
        action=step.action,
        policy_spend=spend,
    )


def figures(rows, task="all", split="trained"):
    return {r["metric"]: r for r in rows if (r["task"], r["split"]) == (task, split)}


def test_every_task_and_every_split_has_a_row_for_each_metric(ledger):
    runs = [
        episode(ledger, "a", score=1.0, joules=10),
        episode(ledger, "b", score=0.0, joules=30),
        episode(ledger, "c", task="answer", score=1.0, joules=20),
        episode(ledger, "d", task="hang", score=0.5),
        episode(ledger, "e", task="hang", score=None),
    ]
    rows = make_rows(PageSuite(), runs, ledger)
    assert all(set(row) == KEYS for row in rows)
    assert {(row["split"], row["task"]) for row in rows} == {
        *(("trained", task) for task in ("all", "press", "answer")),
        *(("untrained", task) for task in ("all", "hang")),
    }
    assert {row["monitor"] for row in rows} == {"over_budget+repeats"}
    tasks = list(dict.fromkeys(row["task"] for row in rows if row["split"] == "trained"))
    assert tasks == ["all", "press", "answer"]
    trained = figures(rows)
    assert trained["success"]["value"] == pytest.approx(2 / 3)
    assert (trained["success"]["low"], trained["success"]["high"]) == wilson(2, 3)
    assert trained["steps"]["value"] == 2
    assert trained["seconds"]["value"] == 1.0
    assert trained["decision_ms"]["value"] == 500
    assert trained["joules"]["value"] == 20
    assert trained["joules"]["low"] <= 20 <= trained["joules"]["high"]
    assert trained["joules_per_success"]["value"] == 30
    assert trained["joules"]["method"] == "estimated"
    untrained = figures(rows, split="untrained")
    assert (untrained["success"]["value"], untrained["success"]["n"]) == (0.0, 1)
    assert untrained["joules_per_success"]["value"] is None
    assert (untrained["infrastructure_errors"]["value"], untrained["steps"]["low"]) == (1, None)


def test_one_unknown_figure_makes_the_mean_unknown(ledger):
    runs = [episode(ledger, "a"), episode(ledger, "b", workers=2)]
    trained = figures(make_rows(PageSuite(), runs, ledger))
    assert trained["joules"]["value"] is None
    assert trained["joules"]["method"] is None
    assert trained["usd"]["value"] is None
    assert trained["seconds"]["value"] == 1.0


def test_a_reading_and_an_estimate_are_not_averaged(ledger):
    runs = [episode(ledger, "a"), episode(ledger, "b", cpu_j=3.0, method="counter")]
    assert figures(make_rows(PageSuite(), runs, ledger))["joules"]["value"] is None
    only = figures(make_rows(PageSuite(), runs[1:], ledger))["joules"]
    assert (only["value"], only["method"]) == (6.0, "counter")


def test_a_task_of_which_nothing_could_be_played_has_its_errors_only(ledger):
    rows = make_rows(PageSuite(), [episode(ledger, "a", score=None)], ledger)
    assert {row["metric"] for row in rows} == {"infrastructure_errors"}
    assert make_rows(PageSuite(), [], ledger) == []


def test_the_page_needs_nothing_from_elsewhere_and_escapes_what_it_shows(ledger):
    suite = PageSuite()
    suite.name = "<pages>"
    page = make_page(make_rows(suite, [episode(ledger, "a")], ledger))
    assert "&lt;pages&gt;" in page
    assert "<pages>" not in page
    assert "<svg" in page
    assert "10 est." in page
    assert not any(word in page for word in ("http", "src=", "<script", "url("))
    assert "Nothing was played" in make_page([])


def test_a_bootstrapped_interval_covers_the_mean_of_its_population_as_often_as_it_says():
    # 30 units drawn uniformly: the mean has a standard error of 0.2887 / sqrt(30) = 0.0527.
    units = [(17 * index % 30 + 0.5) / 30 for index in range(30)]
    low, high = bootstrap(units, lambda drawn: sum(drawn) / len(drawn))
    assert low == pytest.approx(0.5 - 1.96 * 0.0527, abs=0.01)
    assert high == pytest.approx(0.5 + 1.96 * 0.0527, abs=0.01)


def test_an_interval_that_cannot_be_known_is_none():
    assert bootstrap([1.0], sum) is None
    assert bootstrap([1.0, 2.0], lambda drawn: None) is None
