"""Small repositories for the tests of the coding agent."""

import subprocess
from contextlib import contextmanager
from pathlib import Path

from flyball.tools.code import Remembered, Workplace, code_tools, find_exam, open_workspace
from flyball.tools.sandbox import Limits, open_sandbox

CALC = "def add(a, b):\n    return a - b\n"
TEST = """\
import unittest

from calc import add


class TestAdd(unittest.TestCase):
    def test_add(self):
        self.assertEqual(add(2, 3), 5)
"""
UNITTEST = "python -m unittest discover -q"
"""In place of what is found, which takes seconds to begin."""
QUICK = Limits(wall_seconds=90, memory_bytes=512 << 20, processes=60, disk_bytes=400 << 20)


def git(repo: Path, *words: str) -> str:
    own = ("-c", "user.name=me", "-c", "user.email=me@here")
    done = subprocess.run(
        ["git", *own, *words], cwd=repo, capture_output=True, text=True, check=True
    )
    return done.stdout


def make_repo(folder: Path, *, versioned: bool = True, **more: str) -> Path:
    repo = folder / "repo"
    repo.mkdir()
    for name, text in {"calc.py": CALC, "test_calc.py": TEST, **more}.items():
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / name).write_text(text)
    if versioned:
        git(repo, "init", "--quiet", "--initial-branch", "main")
        git(repo, "add", "--all")
        git(repo, "commit", "--quiet", "--message", "Begin")
    return repo


@contextmanager
def at_work(repo: Path, limits: Limits = QUICK, command: str | None = UNITTEST, **settings):
    """A workspace of `repo`, its tools and its exam."""
    place = Workplace(sandbox=open_sandbox(), limits=limits, **settings)
    with open_workspace(repo, place) as workspace:
        exam = Remembered(find_exam(workspace.tree, workspace.python, command))
        yield workspace, code_tools(workspace, exam), exam


def contents(folder: Path) -> dict[str, str]:
    """What every file holds, those of git left out."""
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }
