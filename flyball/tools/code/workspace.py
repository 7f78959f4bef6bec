"""A copy of a repository, the snapshots of it, and the sandbox that commands in it run in."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from flyball.errors import ConfigError, ToolError
from flyball.records import Observation
from flyball.tools.code.copying import copy_repository
from flyball.tools.code.shadow import Shadow
from flyball.tools.sandbox import Job, Limits, Ran, Sandbox, run_job

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """How commands run in a workspace."""

    sandbox: Sandbox
    limits: Limits = Limits()
    readable: tuple[Path, ...] = ()
    """What they may read besides the system and the interpreter."""
    hidden: tuple[Path, ...] = ()
    """What is never copied, wherever it lies: the ledger."""
    allow_net: bool = False


class OutsideError(ValueError):
    """A path that leads out of the workspace; for the policy."""


@dataclass(kw_only=True)
class Workspace:
    """A tree that an agent works on. Its owner's checkout is never written to."""

    repo: Path
    tree: Path
    shadow: Shadow
    workplace: Workplace
    python: Path
    begun: str = field(init=False)
    """The tree as it was at first."""
    edits: list[str] = field(init=False)
    """A snapshot after each edit that was made, oldest first."""

    def __post_init__(self) -> None:
        self.begun = self.shadow.take()
        self.edits = [self.begun]

    def path(self, name: str) -> Path:
        """Find a file by its name in the tree. Raises `OutsideError` where it leads elsewhere.

        Nothing else runs in the tree meanwhile, so that what is found here stays so.
        """
        given = Path(name)
        for seen_at in (self.repo, self.tree):
            if given.is_absolute() and given.is_relative_to(seen_at):
                given = given.relative_to(seen_at)
        path = self.tree / given
        if given.is_absolute() or not path.resolve().is_relative_to(self.tree.resolve()):
            raise OutsideError(f"{name} is outside the repository, which nothing here reaches")
        if ".git" in {part.lower() for part in given.parts}:
            raise OutsideError(f"{name}: .git is out of reach")
        return path

    async def run(self, command: Sequence[str], limits: Limits | None = None) -> Ran:
        """Run a command in the sandbox, at the top of the tree. Raises `ToolError`."""
        return await run_job(self.workplace.sandbox, self.job(command, limits))

    def job(self, command: Sequence[str], limits: Limits | None = None) -> Job:
        place = self.workplace
        return Job(
            command=tuple(command),
            tree=self.tree,
            seen_at=self.repo,
            readable=tuple(dict.fromkeys((*_homes_of(self.python), *place.readable))),
            allow_net=place.allow_net,
            environment={
                "PATH": f"{self.python.parent}:{SYSTEM_PATH}",
                "HOME": "/tmp",
                "TMPDIR": "/tmp",
                "LANG": "C.UTF-8",
                "PYTHONDONTWRITEBYTECODE": "1",
                "TERM": "dumb",
            },
            limits=limits or place.limits,
        )

    def keep(self) -> bool:
        """Keep what an edit made of the tree; gives whether anything is different."""
        taken = self.shadow.take()
        different = taken != self.edits[-1]
        if different:
            self.edits.append(taken)
        return different

    def revert(self) -> bool:
        """Take the last edit back; gives whether there was one."""
        if len(self.edits) < 2:
            return False
        self.edits.pop()
        self.shadow.restore(self.edits[-1])
        return True

    def diff(self) -> str:
        """Tell everything that was changed."""
        return self.shadow.diff(self.begun, self.shadow.take())

    def kept(self) -> str:
        """Tell what was changed up to the newest snapshot, without taking another."""
        return self.shadow.diff(self.begun, self.edits[-1])

    def changed(self) -> list[str]:
        return self.shadow.changed(self.begun, self.shadow.take())

    async def snapshot(self) -> object:
        """Keep the tree, for `restore`."""
        return await asyncio.to_thread(self.shadow.take)

    async def restore(self, snapshot: object) -> Observation:
        """Put the tree back; nothing outside it was changed, so that this can always be done."""
        try:
            await asyncio.to_thread(self.shadow.restore, str(snapshot))
        except ToolError as error:
            return Observation(source="recovery", text="", ok=False, note=str(error))
        self.edits.append(str(snapshot))
        changed = self.changed()
        told = "\n".join(changed) if changed else "nothing differs from the beginning"
        return Observation(source="recovery", text=f"changed since the beginning:\n{told}")


@contextmanager
def open_workspace(
    repo: Path, workplace: Workplace, *, python: Path | None = None, hidden: Iterable[Path] = ()
) -> Iterator[Workspace]:
    """Copy `repo`, and remove the copy in the end. Raises `ConfigError` and `ToolError`."""
    repo = repo.absolute()
    if not repo.is_dir():
        raise ConfigError(f"{repo} is no folder; give the repository's: --repo DIR")
    folder = Path(tempfile.mkdtemp(prefix="flyball-code-"))
    try:
        tree = folder / "tree"
        tree.mkdir()
        try:
            copy_repository(repo, tree, (*workplace.hidden, *hidden, folder))
        except OSError as error:
            raise ToolError(f"{repo} cannot be copied: {error}") from error
        yield Workspace(
            repo=repo,
            tree=tree,
            shadow=Shadow(folder / "git", tree),
            workplace=with_environment(workplace, repo),
            python=python or interpreter_of(repo),
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def interpreter_of(repo: Path) -> Path:
    """The Python of a repository's own environment, or the one that runs flyball."""
    own = repo / ".venv" / "bin" / "python"
    there = _is_its_own(repo, ".venv") and own.exists()
    return own if there and _is_prefix(own.resolve().parent.parent) else Path(sys.executable)


def with_environment(workplace: Workplace, repo: Path) -> Workplace:
    """Let what is installed beside the repository's files be read where it is expected."""
    there = [repo / name for name in (".venv", "node_modules") if _is_its_own(repo, name)]
    return replace(workplace, readable=(*workplace.readable, *there))


def _is_its_own(repo: Path, name: str) -> bool:
    """Whether a folder lies in the repository itself: a link could lead to any place."""
    return (repo / name).is_dir() and (repo / name).resolve() == repo.resolve() / name


def _is_prefix(folder: Path) -> bool:
    """Whether an interpreter's folder is one, and not what a repository's link makes of it."""
    library = any(folder.glob("lib/python3*/os.py"))
    return library and not Path.home().resolve().is_relative_to(folder)


def _homes_of(python: Path) -> Iterator[Path]:
    """The folders that an interpreter needs: its environment's, and that of what it links to."""
    yield python.parent.parent
    yield python.resolve().parent.parent
    if python.resolve() == Path(sys.executable).resolve():
        yield from {Path(sys.base_prefix), Path(sys.prefix)}
