from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest

from flyball.cli import main


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
