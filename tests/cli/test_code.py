"""`flyball run --agent code` as a user calls it, with a scripted model behind a real server."""

import io
import json
import shutil
import sys
from itertools import takewhile

import pytest

from flyball.cli import code as code_module
from flyball.cli.helmed import HELM
from flyball.models import LlamaModel
from flyball.steering.orders import socket_of
from tests.adapters.test_mcp import SERVER
from tests.tools.code.places import CALC, contents, git

RIGHT = CALC.replace("-", "+")
MEND = [
    ("list", {}),
    ("run_tests", {}),
    ("read", {"path": "calc.py"}),
    ("search", {"pattern": "def add"}),
    ("edit", {"path": "calc.py", "old": "a - b", "new": "a + b"}),
    ("run_tests", {}),
    ("finish", {"answer": "add adds", "success": True}),
]


def words(repo, *more):
    return ("run", "Mend add.", "--agent", "code", "--repo", repo, *more)


@pytest.mark.parametrize("style", ["tools", "json", "text"])
def test_a_model_mends_a_repository_in_whatever_style_it_answers(call, serve, repo, style):
    server = serve(MEND, style)
    result = call(*words(repo, "--then", "apply"))
    assert (result.code, result.err) == (0, "")
    assert "succeeded, as its checker says" in result.out
    assert "+    return a + b" in result.out
    assert "applied to" in result.out
    assert contents(repo)["calc.py"] == RIGHT
    told = json.dumps(server.asked[-1])
    assert "You are a careful programmer" in told
    assert "the tests pass" in told


def test_a_coding_agent_has_the_tools_of_servers_too(call, serve, repo, tmp_path):
    path = tmp_path / "server.py"
    path.write_text(SERVER)
    command = f"[mcp.demo]\ncommand = ['{sys.executable}', '{path}']\n"
    server = serve([("demo_add", {"a": 1, "b": 2}), *MEND], more=command)
    result = call(*words(repo, "--then", "discard"))
    assert (result.code, result.err) == (0, "")
    assert "demo_add" in json.dumps(server.asked[0])
    [run] = json.loads(call("runs", "--json").out)
    steps = json.loads(call("show", run["id"], "--json").out)["steps"]
    assert (steps[1]["observation"]["source"], steps[1]["observation"]["text"]) == ("demo_add", "3")
    serve(MEND, more="[mcp.gone]\ncommand = ['/no/such/server']\n")
    refused = call(*words(repo))
    assert (refused.code, refused.err.count("\n")) == (3, 1)
    assert "[mcp.gone]" in refused.err


def test_a_change_is_kept_beside_the_ledger_where_nobody_says_what_to_do(call, serve, repo):
    serve(MEND)
    result = call(*words(repo))
    assert contents(repo)["calc.py"] == CALC
    path = result.out.strip().rpartition(" ")[2]
    git(repo, "apply", path)
    assert contents(repo)["calc.py"] == RIGHT


def test_a_change_is_kept_as_a_branch_or_thrown_away(call, serve, repo, tmp_path):
    serve(MEND)
    result = call(*words(repo, "--then", "branch"))
    branch = result.out.strip().rpartition(" ")[2]
    assert git(repo, "show", f"{branch}:calc.py") == RIGHT
    assert contents(repo)["calc.py"] == CALC
    serve(MEND)
    assert "thrown away" in call(*words(repo, "--then", "discard")).out
    assert len(list((tmp_path / "changes").iterdir())) == 1


def test_a_change_that_does_not_fit_any_more_is_kept(call, serve, repo, monkeypatch):
    serve(MEND)
    original = code_module.settle

    def meanwhile(*given, **named):
        (repo / "calc.py").write_text("mine now\n")
        original(*given, **named)

    monkeypatch.setattr(code_module, "settle", meanwhile)
    result = call(*words(repo, "--then", "apply"))
    assert result.code == 3
    assert "the change is kept in" in result.err
    assert contents(repo)["calc.py"] == "mine now\n"


def test_a_claim_that_the_tests_refute_is_no_success(call, serve, repo):
    serve([("finish", {"answer": "fine", "success": True})])
    result = call(*words(repo, "--max-steps", "4"))
    assert result.code == 1
    assert "the check fails: tests 0 of 1" in result.out
    assert "nothing was changed" in result.out


def test_several_attempts_end_with_the_first_that_passes(call, serve, repo):
    wrong = [
        ("edit", {"path": "calc.py", "old": "a - b", "new": "a * b"}),
        ("finish", {"answer": "no idea", "success": False}),
    ]
    serve([*wrong, *MEND])
    result = call(*words(repo, "--attempts", "3", "--then", "apply"))
    assert result.code == 0, result.out
    assert contents(repo)["calc.py"] == RIGHT
    runs = json.loads(call("runs", "--json").out)
    assert [run["task"]["metadata"]["attempt"] for run in runs] == ["2 of 3", "1 of 3"]
    assert {run["agent"] for run in runs} == {"code"}


def test_nobody_there_to_ask_stops_the_run(call, serve, repo):
    serve([("run", {"command": "rm -r ."}), ("finish", {"answer": "no", "success": False})])
    result = call(*words(repo))
    assert result.code == 1
    assert "nobody is there to ask: it deletes" in result.out


def test_yes_allows_what_the_configuration_names_and_nothing_else(call, serve, repo):
    moves = [
        ("run", {"command": "rm test_calc.py"}),
        ("run", {"command": "curl http://127.0.0.1:9"}),
        ("finish", {"answer": "no", "success": False}),
    ]
    serve(moves)
    refused = call(*words(repo, "--yes"))
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "--yes says yes to what [sandbox] yes names, which is nothing" in refused.err
    serve(moves, more='yes = ["delete"]\n')
    result = call(*words(repo, "--yes"))
    assert "1 files changed: test_calc.py" in result.out
    assert "nobody is there to ask: it goes to the network" in result.out


@pytest.mark.parametrize(
    ("typed", "done"),
    [("o\nr\n", 1), ("a\n", 2), ("r\nr\n", 0), ("n\n", 0), ("r\no\n", 1), ("x\no\no\n", 2)],
)
def test_a_person_allows_once_or_always_or_never(call, serve, repo, monkeypatch, typed, done):
    serve(
        [
            ("run", {"command": "rm calc.py"}),
            ("run", {"command": "rm test_calc.py"}),
            ("finish", {"answer": "no", "success": False}),
        ]
    )
    terminal = io.StringIO(typed)
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stdin", terminal)
    result = call(*words(repo, "--then", "keep"))
    assert "[o]nce, [a]lways for this run, [r]efuse, [n]ever in this run" in result.out
    changed = f"{done} files changed" if done else "nothing was changed"
    assert changed in result.out
    assert ("not allowed: it deletes" in result.out) is (done < 2)


def test_without_a_sandbox_nothing_is_run_unless_it_is_asked_for(
    call, serve, repo, tmp_path, monkeypatch
):
    serve(MEND)
    (tmp_path / "bin").mkdir()
    for name in ("git", "python", "sh"):
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    result = call(*words(repo))
    assert (result.code, result.out, result.err.count("\n")) == (3, "", 1)
    assert "no sandbox, so nothing is run" in result.err
    assert "apt-get install bubblewrap" in result.err
    assert "only --dangerously-no-sandbox goes without" in result.err
    result = call(*words(repo, "--dangerously-no-sandbox", "--then", "apply"))
    assert result.code == 0, result.out + result.err
    assert "can do whatever you can" in result.err
    assert contents(repo)["calc.py"] == RIGHT


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (("--repo", "/no/where"), 2, "/no/where is no folder"),
        (("--sandbox", "nonesuch"), 2, "no sandbox is called 'nonesuch'"),
        (("--sandbox", "seatbelt"), 3, "Seatbelt is a part of macOS"),
        (("--policy", "bundled/small"), 0, ""),
    ],
)
def test_a_wrong_call_is_one_line(call, serve, repo, more, code, said):
    serve(MEND)
    result = call(*words(repo, "--max-steps", "2", *more))
    if not code:
        assert "unreadable" in result.out or "replace" in result.out or "test" in result.out
        return
    assert (result.code, result.err.count("\n")) == (code, 1)
    assert said in result.err


def test_a_bundled_policy_has_to_be_told_which_file(call, serve, repo):
    serve(MEND)
    (repo / "other.py").write_text("x = 1\n")
    result = call(*words(repo, "--policy", "bundled/small"))
    assert result.code == 2
    assert "name it with --file" in result.err


def test_a_person_can_steer_it_from_another_process(call, serve, repo, tmp_path, monkeypatch):
    # The file tells whoever started the process which run to follow, as the screen does.
    monkeypatch.setenv(HELM, str(tmp_path / "helm"))
    listening = list[bool]()
    server = serve(MEND)
    move = server.move

    def looking(asked):
        run = (tmp_path / "helm").read_text()
        listening.append(socket_of(tmp_path, run).is_socket())
        return move(asked)

    server.move = looking
    assert call(*words(repo, "--then", "keep")).code == 0
    [run] = json.loads(call("runs", "--json").out)
    assert (tmp_path / "helm").read_text() == run["id"]
    assert listening
    assert all(listening)


def test_json_is_the_run_alone(call, serve, repo):
    serve(MEND)
    result = call(*words(repo, "--json"))
    printed = json.loads(result.out)
    assert printed["run"]["score"] == 1.0
    assert "kept in" in result.err


def test_a_later_attempt_begins_from_the_prompt_that_is_in_the_cache(call, repo, monkeypatch):
    """What the two begin with is not read again, whatever the first asked last."""
    asked, read = list[list[int]](), LlamaModel._prompt

    def noted(self, request):
        asked.append(read(self, request))
        return asked[-1]

    monkeypatch.setattr(LlamaModel, "_prompt", noted)
    more = ("--policy", "bundled/small", "--attempts", "2", "--max-steps", "1")
    assert call(*words(repo, *more)).code == 1
    runs = json.loads(call("runs", "--json").out)
    steps = [json.loads(call("show", run["id"], "--json").out)["steps"] for run in runs]
    second, first = (each[0]["policy_spend"]["usage"] for each in steps)
    assert first["cached_tokens"] == 0
    assert second["input_tokens"] == first["input_tokens"]
    begins = asked.index(asked[0], 1)
    pairs = zip(asked[begins - 1], asked[begins], strict=False)
    shared = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
    assert second["cached_tokens"] == min(shared, len(asked[begins]) - 1)
    assert shared > len(asked[begins]) / 2
