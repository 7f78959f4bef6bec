"""Snapshots of a tree in a git directory that stands elsewhere, and that nobody else's code reads.

What works in the tree may write anything there: settings, hooks, attributes, whole repositories.
None of it has a say in what git does here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from flyball.errors import ToolError

OFF = (
    *("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.pager=cat"),
    *("-c", "core.attributesFile=/dev/null", "-c", "core.excludesFile=/dev/null"),
    *("-c", "core.autocrlf=false", "-c", "core.quotePath=false", "-c", "diff.external="),
    *("-c", "submodule.recurse=false", "-c", "protocol.allow=never", "-c", "gc.auto=0"),
    *("-c", "user.name=flyball", "-c", "user.email=flyball@localhost"),
)
"""Settings that a repository could have run a program with."""
ATTRIBUTES = "* -text -filter -ident -working-tree-encoding\n"
EXCLUDED = (
    *("__pycache__/", "*.pyc", ".pytest_cache/", ".mypy_cache/", ".ruff_cache/", ".venv/"),
    "node_modules/",
)
"""What running programs leaves behind, and is no part of a change."""


def git(
    *words: str,
    folder: Path,
    settings: Sequence[str] = OFF,
    given: bytes | None = None,
    environment: Mapping[str, str] | None = None,
) -> bytes:
    """Run git in `folder`, without the user's settings. Raises `ToolError` with what it says."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    own |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
    own |= {"GIT_TERMINAL_PROMPT": "0", **(environment or {})}
    try:
        done = subprocess.run(
            ["git", *settings, *words],
            cwd=folder,
            env=own,
            input=given,
            stdin=None if given is not None else subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise ToolError(f"git does not run ({error.strerror}); apt-get install git") from error
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split())
        raise ToolError(f"git {words[0]}: {said[:300] or done.returncode}")
    return done.stdout


class Shadow:
    """The snapshots of one tree."""

    def __init__(self, store: Path, tree: Path) -> None:
        self.store, self.tree = store, tree
        git("init", "--quiet", "--bare", str(store), folder=tree)
        (store / "info").mkdir(exist_ok=True)
        (store / "info" / "attributes").write_text(ATTRIBUTES)
        (store / "info" / "exclude").write_text("\n".join(EXCLUDED))

    def take(self) -> str:
        """Keep the tree as it is; gives what `restore` and `diff` take."""
        remove_repositories(self.tree)
        self._git("add", "--all")
        return self._git("write-tree").decode().strip()

    def restore(self, snapshot: str) -> None:
        """Put the tree back; what came since goes."""
        self.take()
        self._git("read-tree", "--reset", "-u", snapshot)

    def diff(self, before: str, after: str) -> str:
        """Tell the changes between two snapshots as a patch that `git apply` takes."""
        options = ("-r", "-p", "--binary", "--full-index", "--no-ext-diff", "--no-textconv")
        patch = self._git("diff-tree", *options, before, after)
        return patch.decode("utf-8", errors="surrogateescape")

    def changed(self, before: str, after: str) -> list[str]:
        """Name the files that differ."""
        told = self._git("diff-tree", "-r", "-z", "--name-only", before, after).decode()
        return [name for name in told.split("\0") if name]

    def commit(self, snapshot: str, message: str, parents: Sequence[str] = ()) -> str:
        words = [word for parent in parents for word in ("-p", parent)]
        return self._git("commit-tree", snapshot, *words, "-m", message).decode().strip()

    def _git(self, *words: str) -> bytes:
        where = ("--git-dir", str(self.store), "--work-tree", str(self.tree))
        return git(words[0], *words[1:], folder=self.tree, settings=(*OFF, *where))


def remove_repositories(tree: Path) -> None:
    """Remove every `.git` that was made in `tree`: git would read the settings in it."""
    for folder, folders, files in os.walk(tree):
        for name in [name for name in (*folders, *files) if name.lower() == ".git"]:
            path = Path(folder) / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        folders[:] = [name for name in folders if name.lower() != ".git"]
