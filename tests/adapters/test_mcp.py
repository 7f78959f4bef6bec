"""The ledger over MCP, and the tools of MCP servers for our agents."""

import json
import sys

import pytest
from mcp import Client, StdioServerParameters

from flyball.adapters.mcp import make_server
from flyball.config import load_config
from flyball.errors import ConfigError, ToolError
from flyball.ledger import Ledger
from flyball.testing import check_tool
from flyball.tools.extra import McpServer, open_tools
from tests.ledger.test_exports import RUN, STEPS

SERVER = """
from mcp.server import MCPServer
server = MCPServer("demo")

@server.tool()
def add(a: int, b: int) -> int:
    "Add two numbers."
    return a + b

@server.tool()
def fail() -> str:
    "Fail."
    raise ValueError("it does not work")

server.run("stdio")
"""


@pytest.fixture
def filled(ledger):
    ledger.add([(RUN, STEPS)])
    return ledger


async def asked(client, tool, **arguments):
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result.content[0].text


async def test_other_agents_read_runs_steps_verdicts_and_costs(filled):
    async with Client(make_server(filled)) as client:
        assert [run["id"] for run in json.loads(await asked(client, "runs"))] == ["r1"]
        assert json.loads(await asked(client, "runs", status="stopped")) == []
        whole = json.loads(await asked(client, "run", run_id="r"))
        assert (whole["steps"], whole["tokens"], whole["joules"]) == (3, 48, 9.0)
        steps = json.loads(await asked(client, "steps", run_id="r1", first=1, limit=1))
        assert [step["index"] for step in steps] == [1]
        verdicts = json.loads(await asked(client, "verdicts", run_id="r1"))
        assert [each["ruling"] for each in verdicts] == ["continue", "revise", "continue"]
        assert json.loads(await asked(client, "costs", by="agent"))[0]["key"] == "mine"
        assert "no run is called 'x'" in await asked(client, "run", run_id="x")
        assert "no run is called 'x'" in await asked(client, "steps", run_id="x")


async def test_nothing_can_be_changed_through_it(filled):
    async with Client(make_server(filled)) as client:
        tools = (await client.list_tools()).tools
    assert {tool.name for tool in tools} == {"runs", "run", "steps", "verdicts", "costs"}
    assert all(tool.annotations.read_only_hint for tool in tools)


async def test_it_is_a_command(filled, tmp_path):
    filled.close()
    words = ["-m", "flyball.cli", "mcp", "--ledger", str(tmp_path / "ledger.db")]
    where = {"PYTHONPATH": ":".join(sys.path)}
    started = StdioServerParameters(command=sys.executable, args=words, env=where)
    async with Client(started) as client:
        assert "r1" in await asked(client, "runs")
    with Ledger(tmp_path / "ledger.db") as again:
        assert len(again.runs()) == 1


async def test_an_agent_has_the_tools_of_a_server(tmp_path):
    path = tmp_path / "server.py"
    path.write_text(SERVER)
    server = McpServer(name="demo", command=[sys.executable, str(path)])
    async with open_tools(servers=[server]) as tools:
        assert set(tools) == {"demo_add", "demo_fail"}
        assert tools["demo_add"].spec.parameters["required"] == ["a", "b"]
        assert (await tools["demo_add"].call({"a": 1, "b": 2})).text == "3"
        seen = await tools["demo_fail"].call({})
        assert (seen.ok, "fail" in seen.note) == (False, True)
        await check_tool(tools["demo_add"], [{"a": 1, "b": 2}])


async def test_what_breaks_off_while_a_server_is_open_comes_out_as_it_is(tmp_path):
    path = tmp_path / "server.py"
    path.write_text(SERVER)
    server = McpServer(name="demo", command=[sys.executable, str(path)])
    with pytest.raises(ConfigError, match="so"):
        async with open_tools(servers=[server]):
            raise ConfigError("so")


async def test_a_server_that_is_not_there_is_one_line():
    with pytest.raises(ToolError, match=r"correct \[mcp.gone\]"):
        async with open_tools(servers=[McpServer(name="gone", command=["/no/such/server"])]):
            pass


@pytest.mark.parametrize("toml", ["[mcp.x]\n", '[mcp.x]\ncommand = ["a"]\nurl = "http://b"\n'])
def test_a_server_is_configured_by_a_command_or_an_address(tmp_path, toml):
    path = tmp_path / "flyball.toml"
    path.write_text(toml)
    with pytest.raises(ConfigError, match="either a command or a url"):
        load_config(explicit=path)
