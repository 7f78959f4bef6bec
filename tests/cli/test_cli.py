import subprocess
import sys

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
