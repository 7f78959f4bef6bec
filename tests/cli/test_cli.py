import subprocess
import sys

import pytest

from flyball import __version__


def test_the_version_and_the_help_are_printed(call):
    assert call("--version").out == f"flyball {__version__}\n"
    for command in ("run", "demo", "runs", "show", "audit", "doctor", "models"):
        assert call(command, "--help").code == 0
        assert command in call("--help").out


def test_an_unknown_command_is_a_wrong_call(call):
    assert call("nonsense").code == 2


def test_the_help_loads_nothing_heavy():
    code = "import sys, flyball.cli; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    heavy = {"langgraph", "llama_cpp", "playwright", "sqlmodel", "pydantic", "httpx", "numpy"}
    assert not set(result.stdout.split()) & heavy


@pytest.mark.parametrize("package", ["langgraph", "playwright"])
def test_a_bare_installation_says_which_extra_is_missing(call, monkeypatch, package):
    for name in [name for name in sys.modules if name.startswith(("flyball.agents", package))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    for name in ("flyball.tools.browser", "flyball.tools.browser.session"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    result = call("run", "Go.", "--url", "http://127.0.0.1:9/")
    assert result.code == 3
    extra = {"langgraph": "agents", "playwright": "browser"}[package]
    assert result.err == (
        f"flyball: this needs {package}, which is not installed; pip install 'flyball[{extra}]'\n"
    )
