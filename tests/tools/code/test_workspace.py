"""The copy that an agent works on: what gets into it, what of it is kept, and where that goes."""

import os
import sys
from pathlib import Path

import pytest

from flyball.errors import ConfigError, ToolError
from flyball.tools.code import apply_diff, keep_branch, open_workspace, warnings_of
from flyball.tools.code.workspace import OutsideError
from tests.tools.code.places import CALC, at_work, contents, git, make_repo

RIGHT = CALC.replace("-", "+")


async def call(tools, name, **arguments):
    return await tools[name].call(arguments)


@pytest.mark.parametrize("versioned", [True, False])
def test_a_checkout_is_copied_as_it_is_now_and_without_its_secrets(tmp_path, versioned):
    repo = make_repo(tmp_path, versioned=versioned)
    (repo / "new.py").write_text("x = 1\n")
    (repo / ".env").write_text("KEY=s3cret")
    (repo / "ledger.db").write_text("s3cret")
    (repo / "away").symlink_to("/etc")
    os.mkfifo(repo / "pipe")
    with at_work(repo, hidden=(repo / "ledger.db",)) as (workspace, _, _):
        names = {path.name for path in workspace.tree.iterdir()}
        assert names == {"calc.py", "test_calc.py", "new.py", "away"}
        assert (workspace.tree / "away").is_symlink()
        tree = workspace.tree
    assert not tree.exists()


def test_what_git_ignores_is_not_copied(tmp_path):
    repo = make_repo(tmp_path, **{".gitignore": "secret*\n"})
    (repo / "secret.txt").write_text("s3cret")
    with at_work(repo) as (workspace, _, _):
        assert "secret.txt" not in contents(workspace.tree)


async def test_the_checkout_itself_is_never_written_to(tmp_path):
    repo = make_repo(tmp_path)
    before, status = contents(repo), git(repo, "status", "--porcelain")
    with at_work(repo) as (workspace, tools, _):
        await call(tools, "edit", path="calc.py", old="a - b", new="a + b")
        await call(tools, "write", path=str(repo / "test_calc.py"), content="nothing")
        await call(tools, "run", command=f"rm -rf {repo}/* {repo}/.git; echo gone > {repo}/calc.py")
        assert (workspace.tree / "calc.py").read_text() == "gone\n"
    assert contents(repo) == before
    assert git(repo, "status", "--porcelain") == status
    assert git(repo, "worktree", "list").count("\n") == 1


@pytest.mark.parametrize("versioned", [True, False])
async def test_a_change_is_a_patch_that_fits_the_checkout(tmp_path, versioned):
    repo = make_repo(tmp_path, versioned=versioned)
    with at_work(repo) as (workspace, tools, _):
        await call(tools, "edit", path="calc.py", old="a - b", new="a + b")
        await call(tools, "write", path="docs/new.md", content="words\n")
        await call(tools, "run", command="head -c 100 /dev/urandom > blob.bin; rm test_calc.py")
        patch = workspace.diff()
        assert workspace.changed() == ["blob.bin", "calc.py", "docs/new.md", "test_calc.py"]
    apply_diff(repo, patch)
    assert (repo / "calc.py").read_text() == RIGHT
    assert (repo / "docs/new.md").read_text() == "words\n"
    assert (repo / "blob.bin").stat().st_size == 100
    assert not (repo / "test_calc.py").exists()
    with pytest.raises(ToolError, match="git apply"):
        apply_diff(repo, patch)


async def test_a_folder_inside_a_checkout_is_worked_on_by_itself(tmp_path):
    outer = make_repo(tmp_path, **{"inner/calc.py": CALC, "inner/b.txt": "b"})
    with at_work(outer / "inner") as (workspace, tools, _):
        assert set(contents(workspace.tree)) == {"calc.py", "b.txt"}
        await call(tools, "edit", path="calc.py", old="a - b", new="a + b")
        patch = workspace.diff()
    apply_diff(outer / "inner", patch)
    assert (outer / "inner/calc.py").read_text() == RIGHT
    assert (outer / "calc.py").read_text() == CALC


async def test_a_change_can_be_kept_as_a_branch_and_the_checkout_stays(tmp_path):
    repo = make_repo(tmp_path)
    (repo / "mine.txt").write_text("not committed")
    before = contents(repo)
    hook = repo / ".git/hooks/reference-transaction"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\n")
    hook.chmod(0o755)
    with at_work(repo) as (workspace, tools, _):
        await call(tools, "edit", path="calc.py", old="a - b", new="a + b")
        keep_branch(workspace, "flyball/x", "Mend add")
    assert not (tmp_path / "hooked").exists()
    hook.unlink()
    assert contents(repo) == before
    assert git(repo, "branch", "--show-current") == "main\n"
    assert git(repo, "show", "flyball/x:calc.py") == RIGHT
    told = git(repo, "log", "--format=%s", "flyball/x").splitlines()
    assert told == ["Mend add", "What was not committed when the agent began", "Begin"]


def test_a_folder_without_git_keeps_no_branch(tmp_path):
    repo = make_repo(tmp_path, versioned=False)
    with (
        at_work(repo) as (workspace, _, _),
        pytest.raises(ToolError, match="no git repository"),
    ):
        keep_branch(workspace, "x", "y")


async def test_each_edit_is_a_snapshot_to_go_back_to(tmp_path):
    with at_work(make_repo(tmp_path)) as (workspace, tools, _):
        milestone = await workspace.snapshot()
        await call(tools, "edit", path="calc.py", old="a - b", new="a + b")
        await call(tools, "run", command="echo x > made; mkdir deep; echo y > deep/made; rm test*")
        assert len(workspace.edits) == 3
        assert workspace.revert()
        assert "made" not in contents(workspace.tree)
        assert (workspace.tree / "calc.py").read_text() == RIGHT
        seen = await workspace.restore(milestone)
        assert seen.ok
        assert (workspace.tree / "calc.py").read_text() == CALC
        assert workspace.diff() == ""


async def test_a_repository_made_in_the_tree_runs_nothing_outside(tmp_path):
    """Git reads the settings of a repository that it comes across, and they can name programs."""
    repo, mark = make_repo(tmp_path), tmp_path / "escaped"
    script = f"""
    for place in . sub; do
      mkdir -p $place && cd $place && git init -q . && echo x > x && git add x
      git -c user.name=a -c user.email=a@b commit -qm x
      printf '#!/bin/sh\\ntouch {mark}\\n' > evil; chmod +x evil
      git config core.fsmonitor "$PWD/evil"; git config core.hooksPath "$PWD"
      git config filter.e.clean "$PWD/evil"; git config diff.external "$PWD/evil"
      for hook in pre-commit post-checkout post-index-change; do
        cp evil .git/hooks/$hook; done
      echo '* filter=e diff=e' > .gitattributes
      cd -
    done
    """
    with at_work(repo) as (workspace, tools, _):
        seen = await call(tools, "run", command=script)
        assert seen.ok, seen.text
        workspace.revert()
        await call(tools, "run", command=script)
        assert workspace.diff()
        assert not list(workspace.tree.rglob(".git"))
        patch = workspace.diff()
    apply_diff(repo, patch)
    assert not mark.exists()
    assert not (repo / ".git" / "hooks" / "post-checkout").exists()


@pytest.mark.parametrize("name", [".git/hooks/pre-commit", "sub/.git/config", ".GIT/config"])
async def test_the_git_folder_is_out_of_reach_of_every_tool(tmp_path, name):
    with at_work(make_repo(tmp_path)) as (workspace, tools, _):
        for seen in (
            await call(tools, "write", path=name, content="x"),
            await call(tools, "read", path=name),
        ):
            assert not seen.ok
            assert "out of reach" in seen.note
        diff = f"--- /dev/null\n+++ b/{name}\n@@ -0,0 +1 @@\n+x\n"
        assert not (await call(tools, "patch", diff=diff)).ok
        assert not (workspace.tree / name).exists()


def test_paths_are_found_under_the_repositorys_own_name_too(tmp_path):
    repo = make_repo(tmp_path)
    with at_work(repo) as (workspace, _, _):
        assert workspace.path(str(repo / "calc.py")) == workspace.tree / "calc.py"
        for name in ("/etc/passwd", "../x", "a/../../x", str(tmp_path / "home")):
            with pytest.raises(OutsideError, match="outside the repository"):
                workspace.path(name)


def test_what_a_patch_makes_runnable_is_pointed_out():
    patch = (
        "diff --git a/conftest.py b/conftest.py\n+++ b/conftest.py\n"
        "diff --git a/x b/x\nnew file mode 120000\n"
        "diff --git a/y b/y\nold mode 100644\nnew mode 100755\n"
        "diff --git a/z.py b/z.py\n+fine\n"
    )
    assert list(warnings_of(patch)) == [
        "conftest.py is run, or says what is run, without being called",
        "x becomes a symbolic link",
        "y becomes a program",
    ]


def test_a_folder_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(ConfigError, match="is no folder"), open_workspace(tmp_path / "no", None):
        pass


@pytest.mark.parametrize("link", [".venv", "node_modules", ".venv/bin/python"])
async def test_a_repository_cannot_open_the_home_folder_by_a_link(tmp_path, monkeypatch, link):
    """What lies beside the files of a repository can be read, and it may have been made to."""
    home = tmp_path / "home"
    (home / "keys").mkdir(parents=True)
    (home / "keys" / "id").write_text("s3cret")
    monkeypatch.setenv("HOME", str(home))
    repo = make_repo(tmp_path, versioned=False)
    (repo / link).parent.mkdir(parents=True, exist_ok=True)
    (repo / link).symlink_to(home / "keys" / "id" if link.endswith("python") else home)
    with at_work(repo) as (workspace, tools, _):
        assert workspace.python == Path(sys.executable)
        seen = await call(tools, "run", command=f"cat {home}/keys/id {repo}/{link}/keys/id")
        assert "s3cret" not in seen.text
