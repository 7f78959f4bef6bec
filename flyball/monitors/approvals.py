"""Has a person asked before a command deletes, installs, goes to the network or writes outside.

It reads what a command says, which is no wall: that is the sandbox. It is for what a sandbox allows
and somebody may still not want.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

from flyball.records import Action, Ruling, Trajectory, Verdict

Kind = Literal["delete", "install", "network", "outside"]
KINDS: tuple[Kind, ...] = get_args(Kind)
TOLD = {
    "delete": "deletes",
    "install": "installs",
    "network": "goes to the network",
    "outside": "writes outside the repository",
}
_BEFORE = frozenset({"sudo", "env", "time", "nice", "nohup", "command", "exec", "xargs", "then"})
_DELETING = frozenset({"rm", "rmdir", "unlink", "shred", "truncate", "srm"})
_NETWORK = frozenset({"curl", "wget", "ssh", "scp", "sftp", "rsync", "nc", "telnet", "ftp"})
_INSTALLERS = frozenset(
    {"pip", "pip3", "npm", "yarn", "pnpm", "apt", "apt-get", "dnf", "brew", "cargo", "go", "gem"}
    | {"conda", "poetry", "uv", "pipx", "apk", "pacman"}
)
_INSTALLING = frozenset({"install", "add", "i", "ci", "sync", "get", "uninstall", "remove"})
_WRITING = frozenset({"cp", "mv", "tee", "touch", "mkdir", "ln", "install", "chmod", "chown", "dd"})
_ALLOWED = ("/tmp", "/dev/null", "/dev/stdout", "/dev/stderr")
_SEPARATORS = re.compile(r"^[();<>|&]+$")


@dataclass(frozen=True, kw_only=True)
class Approvals:
    """Ask before a command of these kinds."""

    ask: tuple[Kind, ...] = KINDS
    name: str = "approvals"

    def judge(self, trajectory: Trajectory) -> Verdict:
        last = trajectory.last
        found = [kind for kind in kinds_of(last.action) if kind in self.ask]
        if not found:
            return Verdict(monitor=self.name)
        return Verdict(
            monitor=self.name,
            ruling=Ruling.ASK,
            reason="it " + " and ".join(TOLD[kind] for kind in found),
            evidence=(last.index,),
        )


def kinds_of(action: Action) -> list[Kind]:
    """What a command does that somebody may not want; nothing for what only reads or edits."""
    if action.tool != "run":
        return []
    words = _words(str(action.arguments.get("command", "")))
    found = {kind for command in _commands(words) for kind in _kinds(command)}
    if _redirects_outside(words):
        found.add("outside")
    return [kind for kind in KINDS if kind in found]


def _words(command: str) -> list[str]:
    lexer = shlex.shlex(command.replace("\n", " ; "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = list[str]()
    try:
        words += lexer
    except ValueError:  # a quotation that is not closed: the shell refuses it too
        words += command.split()
    return words


def _commands(words: Sequence[str]) -> Iterator[list[str]]:
    """Give the simple commands of a line, each from its program's name on."""
    command = list[str]()
    for word in [*words, ";"]:
        if not _SEPARATORS.match(word):
            command.append(word)
            continue
        if ">" not in word and "<" not in word:
            if named := _from_its_name(command):
                yield named
            command = []


def _from_its_name(command: list[str]) -> list[str]:
    for place, word in enumerate(command):
        name = word.rpartition("/")[2]
        if name not in _BEFORE and "=" not in word and not word.startswith("-"):
            return [name, *command[place + 1 :]]
    return []


def _kinds(command: list[str]) -> Iterator[Kind]:
    name, *rest = command
    if name in ("sh", "bash", "dash", "zsh") and "-c" in rest:
        inner = rest[rest.index("-c") + 1 :][:1]
        yield from kinds_of(Action(tool="run", arguments={"command": " ".join(inner)}))
    if name.startswith("python") and rest[:1] == ["-m"]:
        name, rest = (rest[1:2] or [""])[0], rest[2:]
    if name in _DELETING or (name == "find" and "-delete" in rest):
        yield "delete"
    if name == "git":
        yield from _of_git(rest)
    if name in _INSTALLERS and _INSTALLING & set(rest):
        yield "install"
    if name in _NETWORK:
        yield "network"
    if name in _WRITING and any(map(_leads_outside, rest)):
        yield "outside"


def _of_git(rest: Sequence[str]) -> Iterator[Kind]:
    if {"clean", "rm"} & set(rest[:1]) or "--hard" in rest:
        yield "delete"
    if {"clone", "fetch", "pull", "push", "ls-remote"} & set(rest):
        yield "network"


def _redirects_outside(words: Sequence[str]) -> bool:
    pairs = pairwise(words)
    return any(">" in mark and _leads_outside(name) for mark, name in pairs if _is_mark(mark))


def _is_mark(word: str) -> bool:
    return bool(_SEPARATORS.match(word))


def _leads_outside(word: str) -> bool:
    path = word.partition("=")[2] if word.startswith("of=") else word
    if path.startswith(_ALLOWED):
        return False
    return path.startswith(("/", "~", "$HOME")) or ".." in path.split("/")
