"""What README.md shows works."""

import re
import tomllib
from pathlib import Path

from flyball.config import Config
from flyball.config.tables import Tables

TEXT = (Path(__file__).parent.parent / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def test_the_python_runs(capsys):
    [code] = blocks("python")
    exec(code, {"__name__": "readme"})
    assert capsys.readouterr().out == ""


def test_the_configuration_is_one():
    [toml] = blocks("toml")
    config = Config(tables=Tables.model_validate(tomllib.loads(toml), context={}))
    assert [monitor.name for monitor in config.monitors()] == [
        "over_budget",
        "repeats",
        "openhands_stuck",
    ]
    assert config.model("home").server == "http://127.0.0.1:8080/v1"


def test_the_two_commands_are_targets_of_the_makefile():
    makefile = (Path(__file__).parent.parent / "Makefile").read_text()
    first = blocks("sh")[0]
    for command in re.findall(r"make (\w+)", first):
        assert re.search(rf"^{command}:", makefile, re.MULTILINE)
