"""What is said of a run before it starts, by the form and by the configuration."""

import pytest

from flyball.config import Config, load_config
from flyball.tui.warning import warning
from tests.tui.conftest import notices, screen, text_of, until, write

WEB = {
    "task": "Order tea.",
    "agent": "web",
    "where": "http://shop.example/",
    "hosts": "",
    "mode": "enforcing",
    "then": "kept as a patch",
    "strong": "nobody",
    "bound": "goes on",
    "steps": "",
    "joules": "",
    "usd": "",
}
CODE = {**WEB, "agent": "code", "where": "/src/tea"}
GRANTS = """
[browser]
allow_hosts = ["pay.example", "shop.example"]
[sandbox]
allow_net = true
read = ["/data/leaves"]
[mcp.files]
command = ["npx", "--token=abc"]
[mcp.far]
url = "https://tools.example/mcp?key=abc"
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / "flyball.toml").write_text(GRANTS)
    found = load_config()
    run = found.run.model_copy(update={"tools": ("weather",)})
    return Config(tables=found.tables.model_copy(update={"run": run}))


def test_what_the_configuration_grants_on_the_web_is_told(config):
    told = warning(WEB, config)
    assert "The configuration opens pay.example to it besides." in told
    assert "these tools of plug-ins: weather." in told
    assert "these MCP servers: files (npx), far (tools.example)." in told
    assert "abc" not in told
    assert "sandbox" not in told


def test_what_the_configuration_grants_on_code_is_told(config):
    told = warning(CODE, config)
    assert "may go to the network, as configured" in told
    assert "The configuration has it read /data/leaves besides." in told
    assert "these tools of plug-ins: weather." in told
    assert "these MCP servers: files (npx), far (tools.example)." in told


def test_what_is_not_granted_is_not_told():
    assert "have no network" in warning(CODE, Config())
    for values in (WEB, CODE):
        told = warning(values, Config())
        for word in ("besides", "plug-ins", "MCP", "priced", "called in"):
            assert word not in told


@pytest.mark.parametrize("mode", ["enforcing", "shadow"])
def test_it_is_told_what_rules_a_run_on_code_besides_monitors(mode):
    told = warning({**CODE, "mode": mode}, Config())
    assert "Its tests rule whether it is done, and you are asked before a command deletes" in told
    assert ("its budget may still stop it" in told) is (mode == "shadow")
    assert "nothing but" not in told
    assert "Its tests" not in warning({**WEB, "mode": mode}, Config())


def test_it_is_told_what_a_shadow_does_not_hold_back(tmp_path):
    (tmp_path / "flyball.toml").write_text(
        '[run]\nmonitors = ["repeats"]\nstrong = "bundled/strong"\n[governor]\nkind = "priced"\n'
    )
    told = warning({**WEB, "mode": "shadow"}, load_config())
    assert "what going on is priced at; bundled/strong may still be called in." in told
    assert "budget may still" not in told


@pytest.mark.anyio
async def test_the_form_tells_it_before_it_starts_anything(path, tmp_path):
    (tmp_path / "flyball.toml").write_text(
        f"[browser]\nallow_hosts = {[f'host{number}.example' for number in range(60)]}\n"
    )
    async with screen(path) as (app, pilot):
        await pilot.press("3")
        await until(pilot, lambda: app.screen.query_one("#policy").values[1:])
        await write(pilot, "Go.")
        app.screen.query_one("#where").value = "http://shop.example/"
        await pilot.press("ctrl+s", "ctrl+s")
        answers = await until(pilot, lambda: app.screen.query_one("OptionList"))
        assert "host59.example" in text_of(app, ".sheet Label")
        await until(pilot, lambda: answers.has_focus and answers.region.height == 2)
        assert answers.region.bottom < 24, "however much is told, the answers can be seen"
        await pilot.press("escape")
        await until(pilot, lambda: type(app.screen).__name__ == "Start")
        assert app.desk.jobs == []
        (tmp_path / "flyball.toml").write_text("[browser")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: any("not valid TOML" in notice for notice in notices(app)))
