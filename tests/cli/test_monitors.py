"""`flyball monitors` and `flyball import`: from other programs' runs to a promise, and doubt."""

import json
import random

import pytest

from flyball import Action, Observation, Ruling, Run, Step, Task, Verdict
from flyball.ledger import Ledger

PLUGIN = """
from dataclasses import dataclass
from flyball import Ruling, Verdict

@dataclass(frozen=True, kw_only=True)
class Gloomy:
    name: str = "gloomy"
    fingerprint = "f1"

    def judge(self, trajectory):
        score = trajectory.last.action.arguments["score"]
        return Verdict(monitor=self.name, ruling=Ruling.STOP, reason="all is lost", score=score)
"""


@pytest.fixture(autouse=True)
def gloomy(tmp_path, monkeypatch):
    """Install a package with a monitor that somebody trained."""
    packages = tmp_path / "packages" / "gloomy_one-1.dist-info"
    packages.mkdir(parents=True)
    (packages.parent / "gloomy_one.py").write_text(PLUGIN)
    (packages / "METADATA").write_text("Name: gloomy_one\nVersion: 1\n")
    (packages / "entry_points.txt").write_text("[flyball.monitors]\ngloomy = gloomy_one:Gloomy\n")
    monkeypatch.syspath_prepend(packages.parent)
    monkeypatch.setenv("FLYBALL_CALIBRATIONS", str(tmp_path / "calibrations"))


def some_runs(  # noqa: PLR0913 - one parameter a trait
    path, count=150, *, seed=1, shift=0.0, name="r", by="environment", strong=None, late=None
) -> None:
    """Runs of the small policy; of a cascade with `strong`, which drives from step `late` on."""
    draw, runs = random.Random(seed), []
    for place in range(count):
        success = draw.random() < 0.7
        run = Run(
            id=f"{name}{place:04d}",
            task=Task(id=f"t{place}", prompt="go", suite="web", metadata={"workers": "1"}),
            agent="web",
            policy="bundled/small",
            strong=strong,
            seed=place,
            status="finished",
            ended_by=by,
            score=float(success),
        )
        scores = [draw.random() * 0.5 + shift + 0.3 * (not success) for _ in range(4)]
        steps = [
            Step(
                index=index,
                policy="bundled/small" if late is None or index < late else strong,
                observation=Observation(source="page", text="seen"),
                action=Action(tool="click", arguments={"score": min(score, 1.0)}),
                verdicts=(
                    Verdict(
                        monitor="gloomy", score=min(score, 1.0), shadow=Ruling.STOP, reason="so"
                    ),
                ),
            )
            for index, score in enumerate(scores)
        ]
        runs.append((run, steps))
    with Ledger(path) as ledger:
        ledger.add(runs)


CALIBRATE = ("monitors", "calibrate", "gloomy", "--max-loss", "0.1", "--confidence", "0.9")


def mode_of(call) -> str:
    rows = json.loads(call("monitors", "list", "--json").out)
    return next(row["mode"] for row in rows if row["monitor"] == "gloomy")


def test_a_monitor_is_in_shadow_until_it_is_calibrated_and_doubted_when_scores_move(call, tmp_path):
    ledger = tmp_path / "ledger.db"
    some_runs(ledger)
    assert "shadow" in mode_of(call)
    made = call(*CALIBRATE)
    assert made.code == 0, made.err
    assert "at most 10% of a new task's successes lost, with 90% confidence" in made.out
    assert mode_of(call).startswith("obeyed: at most 10%")
    assert "no drift in 0 runs" in call("monitors", "drift").out
    some_runs(ledger, 100, seed=2, shift=0.2, name="s")
    moved = call("monitors", "drift")
    assert moved.code == 1
    assert "calibrate again" in moved.out


def test_live_runs_that_look_the_same_raise_nothing(call, tmp_path):
    some_runs(tmp_path / "ledger.db")
    assert call(*CALIBRATE).code == 0
    some_runs(tmp_path / "ledger.db", 100, seed=2, name="s")
    seen = call("monitors", "drift", "--json")
    assert seen.code == 0
    (row,) = json.loads(seen.out)
    assert (row["runs"], row["reason"]) == (100, "")


def test_cascades_are_not_read_as_runs_of_the_small_policy(call, tmp_path):
    some_runs(tmp_path / "mixed.db")
    some_runs(tmp_path / "mixed.db", 9, seed=3, shift=0.4, name="c", strong="big", late=2)
    some_runs(tmp_path / "mixed.db", 4, seed=4, shift=0.4, name="d", strong="big")
    said = "13 runs are passed over: another policy drove in them, or stood by to be called in"
    mixed = call(*CALIBRATE, "--from", tmp_path / "mixed.db", "--json")
    assert mixed.err.splitlines() == [said]
    some_runs(tmp_path / "ledger.db")
    alone = call(*CALIBRATE, "--json")
    assert alone.err == ""
    made = [json.loads(each.out) | {"made_at": None} for each in (mixed, alone)]
    assert made[0] == made[1]
    some_runs(tmp_path / "ledger.db", 100, seed=2, shift=0.4, name="s", strong="big", late=2)
    seen = call("monitors", "drift")
    assert seen.code == 0
    assert "no drift in 0 runs\n  100 runs are passed over" in seen.out
    words = ("monitors", "eval", "--baselines", "none", "--monitors", "gloomy", "--json")
    mixed = call(*words, "--from", tmp_path / "mixed.db")
    assert said in mixed.err
    told = [
        [row for row in json.loads(each.out) if row["metric"] != "judge_ms"]
        for each in (mixed, call(*words))
    ]
    assert told[0] == told[1] != []


def test_what_a_shadow_would_have_ruled_is_shown(call, tmp_path):
    some_runs(tmp_path / "ledger.db", 1)
    assert "[shadow] gloomy would say stop: so" in call("show", "r0000").out


def test_a_promise_that_cannot_be_made_is_one_line(call, tmp_path):
    some_runs(tmp_path / "ledger.db", 30)
    few = call(*CALIBRATE, "--confidence", "0.99")
    other = call(*CALIBRATE, "--policy", "gpt-4")
    plain = call("monitors", "calibrate", "repeats")
    some_runs(tmp_path / "stopped.db", 30, by="gloomy")
    stopped = call(*CALIBRATE, "--from", tmp_path / "stopped.db")
    for result, words in (
        (few, "it takes at least 44 tasks"),
        (other, "no checked run of gpt-4"),
        (plain, "needs no calibration"),
        (stopped, "shadow = "),
    ):
        assert result.code == 2
        assert words in result.err
        assert result.err.count("\n") == 1
    assert "shadow" in mode_of(call)


def test_a_damaged_calibration_is_one_line(call, tmp_path):
    some_runs(tmp_path / "ledger.db")
    assert call(*CALIBRATE).code == 0
    (path,) = (tmp_path / "calibrations").iterdir()
    path.write_text(path.read_text()[:100])
    result = call("monitors", "list")
    assert result.code == 2
    assert "delete it" in result.err
    assert result.err.count("\n") == 1


def test_monitors_are_evaluated_beside_the_baselines(call, tmp_path):
    some_runs(tmp_path / "ledger.db")
    page = tmp_path / "curves.html"
    words = ("monitors", "eval", "--monitors", "gloomy", "--baselines", "oracle,random")
    result = call(*words, "--json", "--html", page)
    assert result.code == 0, result.err
    rows = json.loads(result.out)
    told = {(row["monitor"], row["metric"]): row["value"] for row in rows if row["step"] is None}
    assert told["gloomy", "auc"] > 0.8 > told["random", "auc"]
    assert told["gloomy", "oracle_saving@0.05"] == told["oracle", "saving@0.05"]
    assert told["gloomy", "judge_ms"] > 0
    assert "<svg" in page.read_text()
    plain = call(*words).out
    assert "gloomy" in plain
    assert "false_alarms" not in plain
    assert "false_alarms" in call(*words, "--monitors", "gloomy,stuck").out
    assert call("monitors", "eval", "--baselines", "orakel").err.count("did you mean") == 1
    assert call("monitors", "eval", "--scores", "gloomy").code == 2
    assert call("monitors", "eval", "--from", tmp_path / "none").code == 2


def test_runs_of_several_ledgers_are_evaluated_together(call, tmp_path):
    some_runs(tmp_path / "a.db", 60)
    some_runs(tmp_path / "b.db", 40, seed=2, name="b")
    words = ("monitors", "eval", "--baselines", "step_cap", "--json")
    both = call(*words, "--from", tmp_path / "a.db", "--from", tmp_path / "b.db")
    assert {row["n"] for row in json.loads(both.out) if row["metric"] == "auc"} >= {100}


def test_runs_are_imported_and_then_evaluated(call, tmp_path):
    step = {"action": {"name": "sql", "args": {"code": "SELECT 1"}}, "observation": "1"}
    lines = [
        {
            "source": "a/b",
            "model": "m",
            "agent": "x",
            "task_id": f"t{place % 40}",
            "trial": place,
            "task": "?",
            "steps": [step] * (2 + place % 3),
            "success": place % 3 > 0,
        }
        for place in range(120)
    ]
    path = tmp_path / "t.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    assert "120 new runs" in call("import", path).out
    assert json.loads(call("import", path, "--json").out) == [{"file": str(path), "runs": 0}]
    rows = json.loads(call("monitors", "eval", "--baselines", "step_cap", "--json").out)
    assert {row["unit"] for row in rows} == {"steps"}
    path.write_text(path.read_text()[:-9])
    broken = call("import", path)
    assert broken.code == 2
    assert "line 120" in broken.err
