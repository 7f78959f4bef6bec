"""`flyball resume`: a run goes on from the ledger, and nothing that it did is done again."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from flyball.ledger import Ledger
from flyball.monitors import Expectations
from tests.models.stand_ins import serve
from tests.processes import process

pytestmark = pytest.mark.browser

ORDER = "<title>Order</title><form method=post action=/order><button>Order</button></form>"
SHOP = "<title>Shop</title><h1>Shop</h1><a href=/form>Form</a><p>Ordered: {}</p>"
MORE = "<title>Thanks</title><p>Thank you</p><a href=/shop>Shop</a>"


class Shop:
    """A shop that counts its orders, and a model that says what it is told to, in turn."""

    def __init__(self):
        self.orders = 0
        self.asked = []
        self.lines = []
        self.slow = 0.0

    def __call__(self, method, path, headers):
        if path.startswith("/v1"):
            return self._answer()
        self.asked.append((method, path))
        if (method, path) == ("POST", "/order"):
            self.orders += 1
            time.sleep(self.slow)
            return 303, {"Location": "/thanks"}, b""
        page = {"/form": ORDER, "/thanks": MORE}.get(path, SHOP.format(self.orders))
        return 200, {"Content-Type": "text/html"}, page.encode()

    def _answer(self):
        line = self.lines.pop(0) if self.lines else " wait"
        choice = {"index": 0, "text": line, "finish_reason": "stop"}
        body = json.dumps({"choices": [choice], "usage": {"prompt_tokens": 9}})
        return 200, {"Content-Type": "application/json"}, body.encode()


@pytest.fixture
def shop(tmp_path):
    with selling(tmp_path) as (shop, _):
        yield shop


@contextmanager
def selling(folder):
    shop = Shop()
    with serve(shop) as address:
        shop.address = address
        models = "".join(
            f"[models.{name}]\nserver = '{address}/v1'\nformat = 'compact'\n"
            for name in ("little", "big")
        )
        (folder / "flyball.toml").write_text(
            f"[run]\npolicy = 'little'\nmonitors = ['over_budget']\ngrammar = false\n{models}"
        )
        yield shop, address


def bought(call, shop, *more, steps=2):
    """A run that ordered once, and was stopped as it was about to order again."""
    shop.lines = [' click button "Order" 1', " wait", ' click button "Order" 1']
    words = ("run", "Order once.", "--url", f"{shop.address}/form", "--max-steps", steps, *more)
    result = call(*words)
    assert shop.orders == 1
    return result


def only_run(call):
    [run] = json.loads(call("runs", "--json").out)
    return run


def test_a_stopped_run_leaves_a_receipt(call, shop):
    result = bought(call, shop)
    run = only_run(call)
    for said in (result.out, call("show", run["id"]).out):
        assert "stopped by over_budget: out of steps: 2 of 2" in said
        assert "on the evidence of step 2" in said
        assert 'left undone: click button "Order" 1' in said
        assert "going on was expected to cost: unknown" in said
        assert f"flyball resume {run['id']}" in said
    receipt = json.loads(call("show", run["id"], "--json").out)["receipt"]
    assert (receipt["by"], receipt["evidence"]) == ("over_budget", [2])
    assert receipt["expected"] is None
    assert receipt["tokens"] == 30


def test_a_resumed_run_goes_on_where_it_was_and_orders_nothing_again(call, shop):
    bought(call, shop)
    before = only_run(call)
    shop.asked.clear()
    shop.lines = [' click link "Shop" 1', ' finish "done"']
    result = call("resume", before["id"], "--max-steps", "9")
    assert (result.code, result.err) == (0, "")
    assert shop.orders == 1
    assert shop.asked[0] == ("GET", "/thanks"), "the last page, by GET, and not what led there"
    assert {method for method, _ in shop.asked} == {"GET"}
    run = only_run(call)
    assert (run["id"], run["status"], run["answer"]) == (before["id"], "finished", "done")
    [ending] = run["endings"]
    assert (ending["steps"], ending["ended_by"]) == (3, "over_budget")
    kept = json.loads(call("show", run["id"], "--json").out)
    assert [step["index"] for step in kept["steps"]] == list(range(5))
    assert kept["receipt"] is None
    assert (
        "left undone when the run ended (out of steps: 2 of 2)"
        in (kept["steps"][3]["observation"]["note"])
    )
    shown = call("show", run["id"]).out
    assert "stopped by over_budget: out of steps: 2 of 2; taken up again" in shown


def test_what_was_spent_counts_once_and_against_the_budget_of_the_whole(call, shop):
    bought(call, shop)
    run = only_run(call)
    refused = call("resume", run["id"])
    assert refused.code == 2
    assert "out of steps: 3 of 2; ceilings are for the run as a whole" in refused.err
    assert refused.err.count("\n") == 1
    again = call("resume", run["id"], "--max-steps", "4")
    assert again.code == 1
    assert "out of steps: 4 of 4" in again.out
    [row] = json.loads(call("audit", "--by", "task", "--json").out)["rows"]
    assert (row["runs"], row["steps"], row["input_tokens"]) == (1, 5, 45)


def test_a_resumed_run_can_be_given_a_share_of_the_battery(call, shop):
    bought(call, shop)
    run = only_run(call)
    shop.lines = [' finish "done"']
    call("resume", run["id"], "--max-steps", "9", "--budget-battery", "12.5")
    budget = only_run(call)["task"]["budget"]
    assert (budget["battery_percent"], budget["steps"]) == (12.5, 9)


def test_every_ceiling_can_be_raised(call, shop):
    bought(call, shop, "--budget-tokens", "2", "--budget-seconds", "600", steps=9)
    run = only_run(call)
    assert run["task"]["budget"]["seconds"] == 600
    assert "out of output tokens" in run["reason"]
    assert "--budget-tokens" in call("resume", run["id"]).err
    shop.lines = [' finish "done"']
    assert call("resume", run["id"], "--budget-tokens", "99", "--budget-seconds", "700").code == 0
    budget = only_run(call)["task"]["budget"]
    assert (budget["output_tokens"], budget["seconds"], budget["steps"]) == (99, 700, 9)


def test_a_resumed_run_is_governed_as_it_was(call, shop, tmp_path):
    table = Expectations(cells={}).to_json()
    (tmp_path / "e.json").write_text(table)
    file = next(path for path in tmp_path.rglob("flyball.toml"))
    file.write_text(
        file.read_text().replace("['over_budget']", "['over_budget', 'repeats']")
        + f"[governor]\nexpectations = '{tmp_path / 'e.json'}'\n"
    )
    bought(call, shop, "--prefer", "energy", "--shadow")
    before = only_run(call)
    assert (before["task"]["metadata"]["prefer"], before["task"]["metadata"]["shadow"]) == (
        "energy",
        "yes",
    )
    shop.lines = [' finish "done"']
    call("resume", before["id"], "--max-steps", "9")
    after = only_run(call)
    assert (after["governor"], after["monitors"]) == (before["governor"], before["monitors"])
    assert "energy" in after["governor"]


def test_a_run_can_go_on_with_another_policy_and_another_to_call_in(call, shop):
    bought(call, shop)
    run = only_run(call)
    shop.lines = [' finish "done"']
    result = call("resume", run["id"], "--policy", "big", "--strong", "little", "--max-steps", "9")
    assert result.code == 0
    run = only_run(call)
    assert (run["policy"], run["strong"], run["endings"][0]["policy"]) == (
        "big",
        "little",
        "little",
    )
    steps = json.loads(call("show", run["id"], "--json").out)["steps"]
    assert [step["policy"] for step in steps] == ["little"] * 3 + ["big"]


def test_the_checker_and_the_hosts_of_the_first_call_still_hold(call, shop):
    bought(call, shop, "--expect", "Ordered: 1")
    shop.lines = [' click link "Shop" 1', ' finish "done"']
    result = call("resume", only_run(call)["id"], "--max-steps", "9")
    assert "succeeded, as its checker says" in result.out


def test_a_run_that_is_interrupted_in_mid_action_orders_nothing_again(tmp_path, call):
    path = tmp_path / "interrupted.db"
    with selling(tmp_path) as (shop, address):
        shop.slow, shop.lines = 3.0, [' click button "Order" 1']
        command = [sys.executable, "-m", "flyball.cli", "run", "Order once."]
        command += ["--url", f"{address}/form", "--ledger", str(path)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        options = {"cwd": tmp_path, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with process(command, env=environment, **options) as going:
            while not shop.orders:
                assert going.poll() is None, going.communicate()
                time.sleep(0.02)
            going.send_signal(signal.SIGINT)
            said, _ = going.communicate(timeout=60)
        assert going.returncode == 1
        with Ledger(path) as ledger:
            [run] = ledger.runs()
            [step] = ledger.steps(run.id)
        assert (run.status, run.ended_by) == ("stopped", "human")
        assert step.action.tool == "click", "what may have had an effect is written down"
        assert f"flyball resume {run.id}" in said
        shop.lines, shop.slow = [' finish "done"'], 0.0
        result = call("resume", run.id, "--ledger", path)
        assert result.code == 0
        assert shop.orders == 1
        with Ledger(path) as ledger:
            note = ledger.steps(run.id)[1].observation.note
        assert "what came of it is not known" in note


def test_a_run_whose_model_failed_goes_on(call, shop):
    shop.lines = [" wait"]
    answer = shop._answer
    shop._answer = lambda: answer() if shop.lines else (404, {}, b"gone")
    failed = call("run", "Order once.", "--url", f"{shop.address}/form")
    assert failed.code == 3
    assert failed.err.count("\n") == 1
    run = only_run(call)
    assert run["status"] == "failed"
    assert f"flyball resume {run['id']}" in failed.out
    shop.lines, shop._answer = [' finish "done"'], answer
    assert call("resume", run["id"]).code == 0


def test_a_killed_run_goes_on_once_it_is_said_to_be_killed(call, shop, tmp_path):
    bought(call, shop)
    run = only_run(call)
    with sqlite3.connect(tmp_path / "ledger.db") as connection:
        record = json.dumps({**run, "status": "running", "ended_by": "", "reason": ""})
        connection.execute("UPDATE run SET status = 'running', record = ?", (record,))
    refused = call("resume", run["id"], "--max-steps", "9")
    assert refused.code == 2
    assert "add --killed" in refused.err
    shop.lines = [' finish "done"']
    assert call("resume", run["id"], "--max-steps", "9", "--killed").code == 0
    assert "killed; taken up again" in call("show", run["id"]).out


def test_what_cannot_be_resumed_is_one_line(call, shop, tmp_path):
    shop.lines = [' finish "done"']
    call("run", "Order once.", "--url", f"{shop.address}/form")
    finished = call("resume", only_run(call)["id"])
    unknown = call("resume", "nonesuch")
    with sqlite3.connect(tmp_path / "ledger.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    newer = call("resume", "nonesuch")
    assert [each.code for each in (finished, unknown, newer)] == [2, 2, 3]
    assert "is finished (the policy says it is done); there is nothing to resume" in finished.err
    assert "no run is called 'nonesuch'" in unknown.err
    assert "written by a newer Flyball" in newer.err
    assert all(each.err.count("\n") == 1 for each in (finished, unknown, newer))
