"""A promise written down, read back, obeyed, and doubted."""

import json
import random
from dataclasses import dataclass, replace

import pytest

from flyball import Action, Observation, Ruling, Step, Task, Trajectory, Verdict
from flyball.errors import ConfigError
from flyball.monitors import Calibrated, Shadow, Strictest, describe, review
from flyball.monitors.learned.calibration import Subject, calibrate, read_calibration
from flyball.monitors.learned.drift import FALSE_ALARMS, Live, find_drift
from flyball.monitors.learned.histogram import Histogram
from flyball.monitors.learned.rules import Rule
from flyball.monitors.learned.scored import ScoredRun
from flyball.testing import check_monitor, trajectory

SUBJECT = Subject(monitor="gloomy", fingerprint="f1", model="small", agent="web")
CLICK = Action(tool="click", arguments={"id": 1})


@dataclass(frozen=True, kw_only=True)
class Gloomy:
    """Gives each step the score that its action's text says, and always wants to stop."""

    fingerprint: str = "f1"
    name: str = "gloomy"

    def judge(self, trajectory: Trajectory) -> Verdict:
        text = trajectory.last.action.text
        if text == "?":
            return Verdict(monitor=self.name, error="no score", confidence=0.0)
        return Verdict(
            monitor=self.name,
            ruling=Ruling.STOP,
            reason="all is lost",
            score=float(text),
            evidence=(trajectory.last.index,),
        )


def said(*scores: object) -> Trajectory:
    return trajectory([replace(CLICK, text=str(score)) for score in scores])


def some_runs(draw: random.Random, count: int = 300, shift: float = 0.0) -> list[ScoredRun]:
    runs = []
    for place in range(count):
        success = draw.random() < 0.7
        low = shift if success else shift + 0.3
        scores = tuple(low + 0.5 * draw.random() for _ in range(draw.randint(1, 5)))
        joules = tuple(float(step + 1) for step in range(len(scores)))
        runs.append(ScoredRun(task=str(place), success=success, scores=scores, joules=joules))
    return runs


@pytest.fixture
def calibration():
    runs = some_runs(random.Random(1))
    return calibrate(runs, SUBJECT, suites=["web"], max_loss=0.1, confidence=0.9)


def test_a_calibration_survives_being_written_down(calibration):
    assert read_calibration(calibration.to_json(), "file") == calibration
    assert json.loads(calibration.to_json())["rule"]["threshold"] == calibration.rule.threshold
    assert sum(calibration.peaks.counts) == calibration.runs == 300


def damaged(calibration):
    record = json.loads(calibration.to_json())
    yield ""
    yield "[]"
    yield "{}"
    yield json.dumps({**record, "version": 99})
    yield json.dumps({**record, "max_loss": 7})
    yield json.dumps({**record, "surprise": 1})
    yield json.dumps({**record, "made_at": "yesterday"})
    yield json.dumps({**record, "rule": {"threshold": -float("inf")}})
    yield json.dumps({**record, "peaks": [[]]})
    yield json.dumps({**record, "peaks": [[0.5], [1]]})
    yield json.dumps({**record, "rule": {**record["rule"], "threshold": "high"}})


def test_a_damaged_calibration_is_one_line_with_the_remedy(calibration):
    for text in damaged(calibration):
        with pytest.raises(ConfigError, match=r"^here is no calibration: .*calibrate again$"):
            read_calibration(text, "here")


def test_too_few_runs_say_how_many_and_stay_in_shadow():
    runs = some_runs(random.Random(1), count=40)
    with pytest.raises(ConfigError, match=r"at least 59 tasks .* stays in shadow mode") as error:
        calibrate(runs, SUBJECT, suites=["web"], max_loss=0.05, confidence=0.95)
    assert "\n" not in str(error.value)


def test_shadow_writes_down_what_it_would_have_ruled_and_changes_nothing():
    shadow = Shadow(monitor=Gloomy())
    reviewed = review(said(0.9), [shadow], Strictest(confidence=0.0))
    (verdict,) = reviewed.last.verdicts
    assert verdict.shadow is Ruling.STOP
    assert verdict.reason == "all is lost"
    assert verdict.score == 0.9
    assert reviewed.last.decision.ruling is Ruling.CONTINUE
    assert describe(shadow) == "gloomy() in shadow"
    check_monitor(shadow, [said(0.9), said(0.1, "?")])


def test_a_calibrated_monitor_rules_from_its_threshold_and_earliest_step_on(calibration):
    rule = Rule(threshold=0.6, earliest=1)
    monitor = Calibrated(monitor=Gloomy(), calibration=replace(calibration, rule=rule))
    rulings = [
        monitor.judge(said(*scores)).ruling.value
        for scores in ([0.9], [0.9, 0.5], [0.1, 0.6], [0.1, 0.7, 0.59])
    ]
    assert rulings == ["continue", "continue", "stop", "continue"]
    assert "at most 10% of the successes" in monitor.judge(said(0, 0.9)).reason
    assert monitor.judge(said(0, "?")).error == "no score"
    assert "threshold=0.6, earliest=1" in describe(monitor)
    check_monitor(monitor, [said(0.9), said(0.1, "?"), said(0.1, 0.6)])


def test_a_calibrated_ruling_is_obeyed_by_the_usual_governor(calibration):
    monitor = Calibrated(monitor=Gloomy(), calibration=calibration)
    assert review(said(0, 1, 1), [monitor], Strictest()).last.decision.ruling is Ruling.STOP


def test_an_answer_is_let_through(calibration):
    answer = Action(tool="finish", text="1.0")
    monitor = Calibrated(monitor=Gloomy(), calibration=calibration)
    assert monitor.judge(trajectory([CLICK, CLICK, answer])).ruling is Ruling.CONTINUE


def live_of(runs: list[ScoredRun], suite: str = "web") -> list[Live]:
    return [Live(f"{place}", suite, run.scores) for place, run in enumerate(runs)]


def test_false_alarms_are_as_rare_as_promised():
    alarms, times = 0, 400
    for seed in range(times):
        draw = random.Random(seed)
        made = calibrate(
            some_runs(draw, 150), SUBJECT, suites=["web"], max_loss=0.1, confidence=0.9
        )
        live = live_of(some_runs(draw, 200))
        alarms += find_drift(made, live, false_alarms=0.05).alarm_after is not None
    assert alarms / times <= 0.05 + 3 * (0.05 * 0.95 / times) ** 0.5


@pytest.mark.parametrize("shift", [-0.2, 0.2])
def test_scores_that_moved_raise_an_alarm(calibration, shift):
    live = live_of(some_runs(random.Random(5), 200, shift))
    drift = find_drift(calibration, live)
    assert drift.alarm_after is not None
    assert drift.evidence >= 1 / FALSE_ALARMS
    assert "calibrate again" in drift.reason
    assert find_drift(calibration, live) == drift


def test_runs_that_were_stopped_look_like_runs_that_were_not(calibration):
    runs = some_runs(random.Random(6), 200)
    cut = []
    for run in runs:
        stop = calibration.rule.stops_at(run.scores)
        end = len(run.scores) if stop is None else stop + 1
        cut.append(replace(run, scores=run.scores[:end], joules=run.joules[:end]))
    assert find_drift(calibration, live_of(runs)) == find_drift(calibration, live_of(cut))


def test_another_site_is_named_at_once(calibration):
    drift = find_drift(calibration, live_of(some_runs(random.Random(7), 2), suite="shop"))
    assert drift.suites == ("shop",)
    assert "shop" in drift.reason
    assert find_drift(calibration, []).reason == ""


def test_a_histogram_has_about_as_many_scores_in_each_bin():
    draw = random.Random(8)
    histogram = Histogram.of([draw.random() ** 3 for _ in range(1_000)])
    assert set(histogram.counts) == {50}
    assert histogram.bin(-1.0) == 0
    assert histogram.bin(2.0) == len(histogram.edges)
    assert Histogram.of([float("-inf")] * 5 + [0.5] * 5).counts == (5, 5)
    assert Histogram.of([]).counts == (0,)


def test_the_records_of_before_are_still_read():
    step = Step(index=0, policy="p", observation=Observation(source="s", text=""), action=CLICK)
    assert step.verdicts == ()
    assert Verdict(monitor="m").shadow is None
    assert Task(id="t", prompt="").suite == "adhoc"
