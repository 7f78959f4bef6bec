"""Copies a repository for an agent to work on: what belongs to it, and none of its secrets."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from flyball.errors import ConfigError
from flyball.tools.code.shadow import git

UNTOUCHED = frozenset({".git", ".hg", ".svn", ".ssh", ".aws", ".gnupg", ".venv", "node_modules"})
"""Folders and files that are never copied; a link to one is."""
SECRETS = frozenset({".env", ".netrc", ".pypirc", ".npmrc", ".git-credentials"})
"""Files that are copied only where the repository itself keeps them."""
MOST_FILES = 200_000


def copy_repository(repo: Path, tree: Path, hidden: Iterable[Path] = ()) -> None:
    """Copy the files of `repo` as they are now into `tree`, but for those `hidden`.

    Of a git repository that is what is tracked, and what is neither tracked nor ignored. Links stay
    links; devices, pipes and sockets are left out. Raises `ConfigError`.
    """
    out_of_reach = [path.resolve() for path in hidden]
    for number, name in enumerate(_names(repo)):
        if number >= MOST_FILES:
            raise ConfigError(f"{repo} has more than {MOST_FILES:,} files; give a folder in it")
        source = repo / name
        if not any(source.resolve().is_relative_to(path) for path in out_of_reach):
            _copy(source, tree / name)


def is_repository(folder: Path) -> bool:
    """Whether `folder` is the top of a git working tree."""
    return (folder / ".git").exists()


def _names(repo: Path) -> Iterator[Path]:
    if not is_repository(repo):
        yield from _walked(repo)
        return
    tracked = _listed(repo, "--cached")
    yield from (Path(name) for name in tracked)
    for name in _listed(repo, "--others", "--exclude-standard"):
        path = Path(name)
        if not SECRETS & set(path.parts) and not UNTOUCHED & set(path.parts):
            yield path


def _listed(repo: Path, *options: str) -> list[str]:
    told = git("ls-files", "-z", *options, folder=repo, environment={"GIT_DIR": str(repo / ".git")})
    return [name for name in os.fsdecode(told).split("\0") if name]


def _walked(repo: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(repo):
        folders[:] = sorted(set(folders) - UNTOUCHED)
        here = Path(folder).relative_to(repo)
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        for name in sorted({*files, *links}):
            if name not in SECRETS | UNTOUCHED:
                yield here / name


def _copy(source: Path, target: Path) -> None:
    try:
        mode = source.lstat().st_mode
    except OSError:  # tracked, and deleted since
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if stat.S_ISLNK(mode):
        target.symlink_to(source.readlink())
    elif stat.S_ISREG(mode):
        shutil.copyfile(source, target)
        target.chmod(0o755 if mode & 0o100 else 0o644)
