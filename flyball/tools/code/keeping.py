"""What becomes of a change: it is applied to the checkout, or kept there as a branch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from flyball.errors import ToolError
from flyball.tools.code.copying import is_repository
from flyball.tools.code.shadow import git
from flyball.tools.code.workspace import Workspace

_NEW_MODE = re.compile(r"^(?:new file mode|new mode) (120000|100755)$")
_RUN_BY_TOOLS = (
    *("conftest.py", "setup.py", "sitecustomize.py", "Makefile", "package.json", "pyproject.toml"),
    *(".gitattributes", ".pre-commit-config.yaml", ".envrc", "tox.ini", "noxfile.py"),
)
"""Files that are run, or that say what is run, without anybody calling them."""


def apply_diff(repo: Path, patch: str) -> None:
    """Apply a patch to the checkout itself. Raises `ToolError` where it does not fit."""
    around = {"GIT_CEILING_DIRECTORIES": str(repo.absolute().parent)}
    given = patch.encode("utf-8", errors="surrogateescape")
    for options in (("--check",), ()):
        git(
            *("apply", "--whitespace=nowarn", *options, "-"),
            folder=repo,
            given=given,
            environment=around,
        )


def keep_branch(workspace: Workspace, name: str, message: str) -> str:
    """Keep the change as a branch of the repository, on what is checked out there.

    What was not committed yet becomes a commit of its own, below. Raises `ToolError`.
    """
    repo, shadow = workspace.repo, workspace.shadow
    if not is_repository(repo):
        raise ToolError(f"{repo} is no git repository, which could keep a branch")
    objects = git("rev-parse", "--path-format=absolute", "--git-path", "objects", folder=repo)
    (shadow.store / "objects" / "info").mkdir(exist_ok=True)
    (shadow.store / "objects" / "info" / "alternates").write_bytes(objects)
    head = git("rev-parse", "HEAD", folder=repo).decode().strip()
    if git("rev-parse", "HEAD^{tree}", folder=repo).decode().strip() != workspace.begun:
        head = shadow.commit(workspace.begun, "What was not committed when the agent began", [head])
    made = shadow.commit(shadow.take(), message, [head])
    git("update-ref", "refs/heads/made", made, folder=shadow.store)
    allowed = ("-c", "protocol.file.allow=always", "-c", "core.hooksPath=/dev/null")
    words = ("--quiet", "--no-tags", str(shadow.store), f"refs/heads/made:refs/heads/{name}")
    git("fetch", *words, folder=repo, settings=allowed)
    return made


def warnings_of(patch: str) -> Iterator[str]:
    """Name what deserves a look before a patch is applied."""
    file = ""
    for line in patch.splitlines():
        if line.startswith("diff --git "):
            file = line.rpartition(" b/")[2]
            if Path(file).name in _RUN_BY_TOOLS or file.startswith(".github/"):
                yield f"{file} is run, or says what is run, without being called"
        elif mode := _NEW_MODE.match(line):
            what = "a symbolic link" if mode[1] == "120000" else "a program"
            yield f"{file} becomes {what}"
