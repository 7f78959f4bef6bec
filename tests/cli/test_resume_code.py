"""`flyball resume` of a run on code: it goes on in a new copy, with what it had changed."""

import json
import os
import subprocess
import sys
import threading

import pytest

from flyball.ledger import Ledger
from tests.cli.test_code import MEND, RIGHT, words
from tests.processes import process
from tests.tools.code.places import CALC, contents

EDITED = 5
"""Steps of `MEND` after which the change is made."""
REST = MEND[EDITED:]


def only_run(call):
    [run] = json.loads(call("runs", "--json").out)
    return run


def tools_of(call, run):
    steps = json.loads(call("show", run["id"], "--json").out)["steps"]
    assert [step["index"] for step in steps] == list(range(len(steps)))
    return [step["action"]["tool"] for step in steps]


@pytest.fixture
def stopped(call, serve, repo):
    """A run that is out of steps once it has made its change."""
    serve(MEND)
    result = call(*words(repo, "--max-steps", str(EDITED)))
    assert result.code == 1
    run = only_run(call)
    assert f"flyball resume {run['id']} takes it up again" in result.out
    return run


def test_a_stopped_run_goes_on_with_its_change_and_makes_it_once(call, serve, repo, stopped):
    assert contents(repo)["calc.py"] == CALC
    server = serve(REST)
    result = call("resume", stopped["id"], "--max-steps", "20", "--then", "apply")
    assert (result.code, result.err) == (0, "")
    assert "left undone when the run ended (out of steps" in json.dumps(server.asked[0])
    assert "the repository was copied anew, with what had been changed" in json.dumps(
        server.asked[0]
    )
    run = only_run(call)
    assert (run["id"], run["status"], run["score"]) == (stopped["id"], "finished", 1.0)
    assert tools_of(call, run).count("edit") == 1
    assert run["endings"][0]["ended_by"] == "over_budget"
    assert contents(repo)["calc.py"] == RIGHT


def test_it_can_be_stopped_and_taken_up_more_than_once(call, serve, stopped, repo):
    serve([("write", {"path": "new.py", "content": "x = 1\n"}), ("list", {}), ("list", {})])
    assert call("resume", stopped["id"], "--max-steps", str(EDITED + 2)).code == 1
    serve(REST)
    result = call("resume", stopped["id"], "--max-steps", "20", "--then", "apply")
    assert result.code == 0, result.out + result.err
    assert contents(repo)["calc.py"] == RIGHT
    assert contents(repo)["new.py"] == "x = 1\n"
    assert len(only_run(call)["endings"]) == 2


def test_a_killed_run_goes_on_from_its_last_step(call, serve, repo, tmp_path):
    server, asked = serve(MEND), threading.Event()
    move = server.move

    def held(told):
        if len(server.asked) > EDITED:
            asked.set()
            threading.Event().wait(0.5)
        return move(told)

    server.move = held
    command = [sys.executable, "-m", "flyball.cli", *words(repo)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with process(command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE):
        # It is killed as soon as this is left.
        assert asked.wait(60)
    run = only_run(call)
    assert run["status"] == "running"
    refused = call("resume", run["id"])
    assert refused.code == 2
    assert "add --killed" in refused.err
    done = len(tools_of(call, run))
    assert done in (EDITED, EDITED + 1)
    serve(REST)
    result = call("resume", run["id"], "--killed", "--then", "apply")
    assert result.code == 0, result.out + result.err
    assert tools_of(call, only_run(call)).count("edit") == 1
    assert contents(repo)["calc.py"] == RIGHT


@pytest.mark.parametrize("why", ["changed", "gone", "discarded", "unknown"])
def test_what_cannot_be_taken_up_is_one_line_with_the_remedy(
    call, serve, repo, stopped, tmp_path, why
):
    patch = tmp_path / "changes" / f"{stopped['id']}.diff"
    if why == "changed":
        (repo / "calc.py").write_text("def add(*numbers):\n    return sum(numbers)\n")
    elif why == "gone":
        patch.unlink()
    elif why == "discarded":
        serve([("list", {})])
        words_ = ("resume", stopped["id"], "--max-steps", str(EDITED + 2), "--then", "discard")
        assert "thrown away" in call(*words_).out
    else:
        with Ledger(tmp_path / "ledger.db") as ledger:
            run = ledger.run(stopped["id"])
            run.task.metadata.pop("repo")
            ledger.save(run)
    result = call("resume", stopped["id"], "--max-steps", "20")
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    said = {
        "changed": "is not as it was, so that",
        "gone": "start it anew with flyball run --agent code",
        "discarded": "start it anew with flyball run --agent code",
        "unknown": "does not say which repository it is of",
    }
    assert said[why] in result.err
    assert only_run(call)["status"] == "stopped", "it is as it was"


def test_a_finished_run_leaves_no_patch_that_nobody_asked_for(call, serve, repo, tmp_path):
    serve([("finish", {"answer": "no", "success": False})])
    call(*words(repo))
    assert list((tmp_path / "changes").iterdir()) == []
    finished = call("resume", only_run(call)["id"])
    assert "there is nothing to resume" in finished.err
