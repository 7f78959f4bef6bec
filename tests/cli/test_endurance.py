"""Runs that are killed, disks that are full, and the same run behind a server."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from flyball.ledger import Ledger
from tests.models.stand_ins import serve
from tests.models.test_real_server import serving
from tests.processes import process
from tests.site import serve_site

pytestmark = [pytest.mark.browser, pytest.mark.llama]

COUNTER = """<title>Count</title><button onclick="n.textContent = +n.textContent + 1">More</button>
<p id=n>0</p>"""
CLICK = {"choices": [{"index": 0, "text": ' click button "More" 1', "finish_reason": "stop"}]}


@pytest.fixture(scope="module")
def site():
    with serve_site() as site:
        site.pages["/count.html"] = COUNTER
        yield site


def always_click(method, path, headers):
    """A model that clicks on for ever, as a server that does not stream."""
    return 200, {"Content-Type": "application/json"}, json.dumps(CLICK).encode()


def configure(folder, server):
    (folder / "flyball.toml").write_text(
        f"[run]\npolicy = 'served'\nmax_steps = 10000\nmonitors = ['over_budget']\n"
        f"[models.served]\nserver = '{server}/v1'\nformat = 'compact'\n"
    )


def test_a_run_that_is_killed_leaves_every_step_that_was_over(call, site, tmp_path):
    path = tmp_path / "killed.db"
    with serve(always_click) as server:
        configure(tmp_path, server)
        command = [sys.executable, "-m", "flyball.cli", "run", "Count for ever."]
        command += ["--url", site.url("/count.html"), "--ledger", str(path)]
        options = {"cwd": tmp_path, "stdout": subprocess.PIPE, "start_new_session": True}
        with process(command, **options) as going:
            told = [going.stdout.readline() for _ in range(8)]
            os.killpg(going.pid, signal.SIGKILL)
    shown = [line for line in told if "click button" in line]
    assert len(shown) == 8
    with Ledger(path) as ledger:
        [run] = ledger.runs()
        steps = ledger.trajectory(run.id).steps
    assert run.status == "running"
    assert len(steps) >= 8
    assert [step.index for step in steps] == list(range(len(steps)))
    assert all(f'text "{step.index}"' in step.observation.text for step in steps)
    assert "killed" in call("show", run.id, "--ledger", str(path)).out


def test_an_interrupted_run_says_so_and_keeps_its_steps(site, tmp_path):
    path = tmp_path / "interrupted.db"
    with serve(always_click) as server:
        configure(tmp_path, server)
        command = [sys.executable, "-m", "flyball.cli", "run", "Count for ever."]
        command += ["--url", site.url("/count.html"), "--ledger", str(path)]
        options = {"cwd": tmp_path, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with process(command, **options) as going:
            going.stdout.readline()
            going.send_signal(signal.SIGINT)
            _, said = going.communicate(timeout=60)
    assert going.returncode == 1
    assert "Traceback" not in said
    with Ledger(path) as ledger:
        [run] = ledger.runs()
        assert (run.status, run.ended_by, run.reason) == ("stopped", "human", "interrupted")
        assert ledger.trajectory(run.id).steps


def test_a_full_disk_is_one_line_and_what_was_written_stays_readable(site, tmp_path, call):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here; tests/ledger fills one by page limit")
    try:
        with serve(always_click) as server:
            configure(tmp_path, server)
            words = ("run", "Count for ever.", "--url", site.url("/count.html"))
            result = call(*words, "--ledger", disk / "ledger.db")
        assert result.code == 3
        assert result.err.count("\n") == 1
        assert "full" in result.err
        with Ledger(disk / "ledger.db") as ledger:
            [run] = ledger.runs()
            assert ledger.trajectory(run.id).steps
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_the_same_run_works_against_a_server_with_the_bundled_model(
    call, site, tmp_path, bundled_gguf
):
    task = ("run", 'Search for "tea".', "--url", site.url("/search.html"), "--json")
    here = json.loads(call(*task).out)
    with serving(bundled_gguf, tmp_path / "log", logits_all=True) as server:
        configure(tmp_path, server)
        there = json.loads(call(*task).out)
    assert [step["action"]["text"] for step in there["steps"]] == [
        step["action"]["text"] for step in here["steps"]
    ]
    first, same = there["steps"][0]["action"], here["steps"][0]["action"]
    assert first["logprobs"][:3] == pytest.approx(same["logprobs"][:3], abs=0.02)
    assert there["run"]["policy"] == "served"


def test_a_server_that_goes_down_in_mid_run_is_one_line_and_nothing_is_lost(call, site, tmp_path):
    asked = []

    def falters(method, path, headers):
        asked.append(time.monotonic())
        return always_click(method, path, headers) if len(asked) < 4 else (404, {}, b"gone")

    with serve(falters) as server:
        configure(tmp_path, server)
        result = call("run", "Count.", "--url", site.url("/count.html"))
    assert result.code == 3
    assert "404" in result.err
    assert result.err.count("\n") == 1
    [run] = json.loads(call("runs", "--json").out)
    assert run["status"] == "failed"
    assert len(json.loads(call("show", run["id"], "--json").out)["steps"]) == 3


def test_a_stalled_run_is_handed_to_the_strong_policy(call, site, tmp_path):
    site.pages["/stall.html"] = (
        "<title>Stall</title><form action=/results.html><button type=button>More</button>"
        "<input name=q placeholder=Search><button>Search</button></form>"
    )
    with serve(always_click) as server:
        configure(tmp_path, server)
        result = call(
            *("run", 'Search for "tea".', "--url", site.url("/stall.html")),
            *("--strong", "bundled/small", "--expect", "First result", "--json"),
        )
    printed = json.loads(result.out)
    drivers = [step["policy"] for step in printed["steps"]]
    assert drivers[:3] == ["served"] * 3
    assert drivers[-1] == "bundled/small"
    assert printed["steps"][2]["decision"]["ruling"] == "escalate"
    assert printed["steps"][2]["decision"]["by"] == "litellm_stall"
    assert printed["run"]["strong"] == "bundled/small"
