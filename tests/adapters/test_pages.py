"""The pages of the adapters: their examples run, and their tables name every ruling."""

import re
import runpy
from pathlib import Path

import pytest

from flyball import Ruling
from flyball.ledger import Ledger
from tests.adapters.apart import run_apart
from tests.adapters.hosts import DONE, HOSTS, LOOK
from tests.adapters.servers import ScriptedServer, served

PAGES = sorted((Path(__file__).parents[2] / "docs" / "adapters").glob("*.md"))
SCRIPTS = {host.name: (host.look, host.done) for host in HOSTS}
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


@pages
@pytest.mark.usefixtures("left_open")
@pytest.mark.filterwarnings("ignore")
def test_the_example_runs(page, tmp_path, monkeypatch, capsys):
    [code] = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    path = tmp_path / "example.py"
    path.write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLYBALL_LEDGER", str(tmp_path / "ledger.db"))
    with served(ScriptedServer(*SCRIPTS.get(page.stem, (LOOK, DONE))).app) as base:
        monkeypatch.setenv("OPENAI_BASE_URL", base)
        if page.stem == "browser_use":
            print(run_apart(str(path)))  # noqa: T201
        else:
            runpy.run_path(str(path), run_name="__main__")
    assert "All is done." in capsys.readouterr().out
    with Ledger(tmp_path / "ledger.db") as ledger:
        [run] = ledger.runs()
        assert (run.status, len(ledger.steps(run.id))) == ("finished", 2)


@pages
def test_the_table_says_of_every_ruling_what_becomes_of_it(page):
    rows = re.findall(r"^\| (\w+) \| ..", page.read_text(), re.MULTILINE)
    assert rows == ["ruling", *Ruling]


def test_every_adapter_has_a_page():
    folder = Path(__file__).parents[2] / "flyball" / "adapters"
    names = {
        path.stem for path in folder.glob("*.py") if f'\nAGENT = "{path.stem}"' in path.read_text()
    }
    assert names == {page.stem for page in PAGES}
