from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from flyball.cli import main
from tests.scripted import Scripted, served
from tests.tools.code.places import UNITTEST, make_repo

TOML = """
[run]
policy = "m"
[models.m]
server = "http://127.0.0.1:{port}/v1"
model = "m"
local = true
[sandbox]
test_command = "{command}"
"""


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Call `flyball` with these words, in an empty directory and with an empty ledger."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLYBALL_LEDGER", str(tmp_path / "ledger.db"))
    monkeypatch.setenv("FLYBALL_MACHINE", str(tmp_path / "machine.json"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def _call(*words: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["flyball", *map(str, words)])
        with pytest.raises(SystemExit) as exit_:
            main()
        printed = capsys.readouterr()
        return Result(int(exit_.value.code or 0), printed.out, printed.err)

    return _call


@pytest.fixture
def serve(tmp_path):
    """Start a scripted server, and make it the model of the configuration."""
    with ExitStack() as running:

        def _serve(moves, style="tools", more=""):
            server = running.enter_context(served(Scripted(moves, style)))
            toml = TOML.format(port=server.server_port, command=UNITTEST)
            (tmp_path / "flyball.toml").write_text(toml + more)
            return server

        yield _serve


@pytest.fixture
def repo(tmp_path):
    return make_repo(tmp_path)
