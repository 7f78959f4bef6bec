"""The coding agent's tools: what they show, what they refuse, and odd repositories."""

import os
from dataclasses import replace

import psutil
import pytest

from flyball.testing import check_tool
from flyball.tools.code import OneFile
from flyball.tools.sandbox import Limits
from tests.tools.code.places import CALC, QUICK, UNITTEST, at_work, contents, make_repo


async def call(tools, name, **arguments):
    return await tools[name].call(arguments)


@pytest.fixture
def work(tmp_path):
    with at_work(make_repo(tmp_path, **{"deep/er/file.txt": "one\ntwo\nthree\n"})) as place:
        yield place


async def test_files_are_listed_and_read_by_their_lines(work):
    _, tools, _ = work
    listed = await call(tools, "list")
    assert listed.text.splitlines() == ["calc.py", "test_calc.py", "deep/er/file.txt"]
    assert (await call(tools, "list", path="deep")).text == "deep/er/file.txt"
    shown = await call(tools, "read", path="deep/er/file.txt", first=2, last=2)
    assert shown.text == "    2  two\n[1 more lines, to line 3]"
    assert not (await call(tools, "list", path="calc.py")).ok


async def test_a_search_names_the_line(work):
    _, tools, _ = work
    found = await call(tools, "search", pattern=r"return \w")
    assert found.text == "calc.py:2:    return a - b"
    assert (await call(tools, "search", pattern="nonesuch")).text == "nothing matches"
    wrong = await call(tools, "search", pattern="(")
    assert not wrong.ok
    assert "regex" in wrong.note or "parenthes" in wrong.note


async def test_a_search_works_without_ripgrep(work, monkeypatch):
    monkeypatch.setattr("flyball.tools.code.tools.SYSTEM_PATH", "/no/where")
    found = await call(work[1], "search", pattern=r"return [a-z]", path="calc.py")
    assert found.text.endswith("2:    return a - b")


async def test_an_edit_needs_a_text_that_is_there_exactly_once(work):
    workspace, tools, _ = work
    twice = await call(tools, "edit", path="calc.py", old="a", new="b")
    assert "there 3 times" in twice.note
    gone = await call(tools, "edit", path="calc.py", old="a * b", new="b")
    assert "not there" in gone.note
    assert contents(workspace.tree)["calc.py"] == CALC
    done = await call(tools, "edit", path="calc.py", old="a - b", new="a + b")
    assert done.ok
    assert "return a + b" in done.text
    same = await call(tools, "edit", path="calc.py", old="a + b", new="a + b")
    assert same.note == "calc.py is as it was"


async def test_a_unified_diff_is_applied_or_refused_as_a_whole(work):
    workspace, tools, _ = work
    lines = (" def add(a, b):", "-    return a - b", "+    return a + b", "")
    diff = "--- a/calc.py\n+++ b/calc.py\n@@ -1,9 +1,9 @@\n" + "\n".join(lines)
    done = await call(tools, "patch", diff=diff)
    assert (done.ok, done.text) == (True, "calc.py")
    again = await call(tools, "patch", diff=diff)
    assert not again.ok
    assert "does not apply" in again.note
    for name in ("../out", "/etc/out", "deep/../../out"):
        away = f"--- /dev/null\n+++ b/{name}\n@@ -0,0 +1 @@\n+x\n"
        assert not (await call(tools, "patch", diff=away)).ok
    assert not (workspace.tree.parent / "out").exists()


@pytest.mark.parametrize("command", [None, UNITTEST])
async def test_the_tests_are_run_and_told(tmp_path, command):
    with at_work(make_repo(tmp_path), command=command) as work:
        await fail_and_pass(work)


async def fail_and_pass(work):
    _, tools, exam = work
    failing = await call(tools, "run_tests")
    assert (failing.ok, failing.note) == (False, "the tests fail")
    assert "-1 != 5" in failing.text
    await call(tools, "edit", path="calc.py", old="a - b", new="a + b")
    assert (await call(tools, "run_tests")).note == "the tests pass"
    assert (await exam.known(work[0])).passed


async def test_a_command_says_how_it_ended(work):
    _, tools, _ = work
    assert (await call(tools, "run", command="echo hi")).text.startswith("hi\n[exit code 0 after ")
    failed = await call(tools, "run", command="exit 3")
    assert not failed.ok
    assert "exit code 3" in failed.note
    slow = await call(tools, "run", command="sleep 60", seconds=1)
    assert "it takes too long" in slow.note
    long = await call(tools, "run", command="seq 100000")
    assert long.text.startswith("1\n2\n")
    assert "cut here]" in long.text


async def test_links_out_of_the_repository_are_not_followed(work, tmp_path):
    _, tools, _ = work
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    await call(tools, "run", command=f"ln -s {secret} link; ln -s {tmp_path} up; ln -s ../.. rel")
    for name in ("link", "up/secret", "rel/secret", str(secret), "../../secret"):
        for seen in (
            await call(tools, "read", path=name),
            await call(tools, "write", path=name, content="x"),
            await call(tools, "edit", path=name, old="s3cret", new="x"),
            await call(tools, "list", path=name),
            await call(tools, "search", pattern="s3", path=name),
        ):
            assert not seen.ok
            assert "s3cret" not in seen.text + seen.note
    found = await call(tools, "search", pattern="s3cr")
    assert found.text == "nothing matches"
    diff = "--- a/up/new\n+++ b/up/new\n@@ -0,0 +1 @@\n+x\n"
    assert not (await call(tools, "patch", diff=diff)).ok
    assert secret.read_text() == "s3cret"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["repo", "secret"]


async def test_binary_and_huge_and_special_files_are_told_and_not_read(work):
    workspace, tools, _ = work
    (workspace.tree / "blob").write_bytes(bytes(range(256)) * 8)
    with (workspace.tree / "huge.txt").open("wb") as file:
        file.truncate(100 << 20)
    os.mkfifo(workspace.tree / "pipe")
    assert "blob is binary (2048 bytes)" in (await call(tools, "read", path="blob")).note
    huge = await call(tools, "read", path="huge.txt")
    assert huge.note == "huge.txt has 100 MB, which is too much to read; search in it"
    assert "huge.txt  (100 MB)" in (await call(tools, "list")).text
    for name in ("pipe", "deep"):
        assert not (await call(tools, "read", path=name)).ok
        assert not (await call(tools, "write", path=name, content="x")).ok
    os.unlink(workspace.tree / "pipe")  # noqa: PTH108
    (workspace.tree / "latin").write_bytes("déjà vu\n".encode("latin-1"))
    assert (await call(tools, "read", path="latin")).ok
    assert (await call(tools, "write", path="empty", content="")).text == "the file is empty"
    done = await call(tools, "edit", path="calc.py", old="a - b", new="a + b")
    assert done.ok


async def test_a_repository_with_a_100_mb_file_is_worked_on(tmp_path):
    repo = make_repo(tmp_path, versioned=False)
    with (repo / "data.bin").open("wb") as file:
        file.truncate(100 << 20)
    with at_work(repo) as (workspace, tools, _):
        await call(tools, "edit", path="calc.py", old="a - b", new="a + b")
        assert workspace.changed() == ["calc.py"]


async def test_a_repository_without_tests_says_so(tmp_path):
    repo = tmp_path / "repo"
    repo.mkdir()
    (repo / "notes.txt").write_text("words")
    with at_work(repo, command=None) as (_, tools, _):
        seen = await call(tools, "run_tests")
    assert seen.note == "the tests tell nothing"
    assert "name a command with --test-command" in seen.text


async def test_an_empty_folder_is_a_repository(tmp_path):
    (tmp_path / "repo").mkdir()
    with at_work(tmp_path / "repo") as (workspace, tools, _):
        assert (await call(tools, "list")).text == "it is empty"
        assert (await call(tools, "write", path="a.txt", content="x\n")).ok
        assert workspace.changed() == ["a.txt"]


async def test_tests_that_hang_are_ended_and_told(tmp_path):
    repo = make_repo(tmp_path, **{"test_calc.py": "while True:\n    pass\n"})
    with at_work(repo, replace(QUICK, wall_seconds=2)) as (_, tools, _):
        seen = await call(tools, "run_tests")
    assert "the tests did not end within 2 s" in seen.text
    assert seen.note == "the tests tell nothing"


EVIL = """
import os, pathlib, socket, subprocess
said = []
def attempt(what):
    try:
        what(); said.append("ESCAPED")
    except BaseException as error:
        said.append(type(error).__name__)
attempt(lambda: pathlib.Path({secret!r}).read_text())
for place in ({secret!r}, "../outside"):  # which is the sandbox's own, for a while
    try: pathlib.Path(place).write_text("x")
    except OSError: pass
attempt(lambda: socket.create_connection(("127.0.0.1", {port}), 1))
attempt(lambda: pathlib.Path("/etc/evil").write_text("x"))
subprocess.Popen(["sleep", "3603.5"], start_new_session=True)
print(said)
"""


@pytest.mark.parametrize(
    "carrier", ["test_evil.py", "conftest.py", "sitecustomize.py", "pyproject.toml"]
)
async def test_what_the_tests_bring_along_does_not_get_out(tmp_path, carrier):
    """A test, a conftest.py, or settings that name a program to load."""
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    evil = EVIL.format(secret=str(secret), port=9)
    more = {carrier: evil}
    if carrier == "pyproject.toml":
        settings = '[tool.pytest.ini_options]\naddopts = "-p evil -s"\n'
        more = {carrier: settings, "evil.py": evil}
    repo = make_repo(tmp_path, **more)
    runs = "-c pass" if carrier == "sitecustomize.py" else "-m pytest -q -s -x"
    with at_work(repo) as (_, tools, _):
        seen = await call(tools, "run", command=f"PYTHONPATH=. python {runs}")
        assert "Error" in seen.text, seen.text
        assert "ESCAPED" not in seen.text
        assert (await call(tools, "run", command="echo still here")).ok
    assert secret.read_text() == "s3cret"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["repo", "secret"]
    running = [each.info["cmdline"] or () for each in psutil.process_iter(["cmdline"])]
    assert not [words for words in running if "3603.5" in words]


async def test_limits_end_a_command_and_the_next_one_runs(tmp_path):
    small = Limits(memory_bytes=150 << 20)
    with at_work(make_repo(tmp_path), small) as (_, tools, _):
        bomb = await call(tools, "run", command="python -c 'b = bytearray(1 << 30)'")
        assert "MemoryError" in bomb.text
        assert (await call(tools, "run", command="echo fine")).ok


async def test_a_missing_or_wrong_argument_is_an_observation(work):
    _, tools, _ = work
    for name in tools:
        if name not in ("list", "run_tests"):
            seen = await tools[name].call({})
            assert (seen.ok, seen.note[: len(name) + 6]) == (False, f"{name} needs")
    assert not (await call(tools, "read", path="a\0b")).ok
    assert not (await call(tools, "read", path="x" * 5_000)).ok
    assert not (await call(tools, "run", command="echo a\0b")).ok


async def test_one_file_is_shown_with_its_tests_after_each_move(work):
    workspace, _, exam = work
    file = OneFile(workspace, "calc.py")
    tools = file.tools(exam)
    assert file.observe().text == "1 def add(a, b):\n2 \treturn a - b\ntests not run"
    tested = await call(tools, "test")
    assert "tests 0 of 1" in tested.text
    refused = await call(tools, "replace", line=9, old="-", new="+")
    assert (refused.ok, refused.note) == (False, "there is no line 9; the last one is 3")
    mended = await call(tools, "replace", line=2, old="-", new="+")
    assert mended.text == "1 def add(a, b):\n2 \treturn a + b\ntests not run"
    assert "tests 1 of 1" in (await call(tools, "test")).text
    back = await call(tools, "revert")
    assert "tests 0 of 1" in back.text
    assert not (await call(tools, "revert")).ok


async def test_the_tools_keep_to_the_contract(work):
    _, tools, _ = work
    for name, tool in tools.items():
        given = {"path": "calc.py", "pattern": "a", "command": "true", "old": "a - b"}
        given |= {"new": "a + b", "content": "x\n", "diff": "x"}
        known = {} if name == "list" else tool.spec.parameters["properties"]
        await check_tool(tool, [{key: given[key] for key in given if key in known}])
