"""What is said of a run before it starts: what it may touch, and what may stop it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flyball.config.config import BUDGET
from flyball.monitors.approvals import TOLD
from flyball.tui.start import CONFIGURED, NOBODY

if TYPE_CHECKING:
    from flyball.config import Config
    from flyball.config.tables import McpTable

UNITS = {"steps": "steps", "joules": "joules", "usd": "dollars"}


def warning(values: Mapping[str, str], config: Config) -> str:
    """What a run of these values may touch, by the form and by the configuration."""
    web = values["agent"] == "web"
    own = _on_the_web(values, config) if web else _on_code(values, config)
    reach = " ".join((*own, *_with_tools(config)))
    ceilings = [f"{values[name]} {unit}" for name, unit in UNITS.items() if values[name]]
    budget = f"It may take {', '.join(ceilings) or 'what the configuration says'}."
    closing = f"If this screen closes, it {values['bound']}."
    rules = " ".join(_rules(values, config))
    return f"{values['task']}\n\n{reach}\n{rules}\n{budget}\n{closing}\n"


def _on_the_web(values: Mapping[str, str], config: Config) -> Iterator[str]:
    hosts = [urlsplit(values["where"]).hostname or values["where"], *values["hosts"].split()]
    yield (
        f"It clicks, types and sends forms on {', '.join(hosts)}, as anybody there could:"
        " what it sends cannot be taken back."
    )
    if more := [host for host in config.browser.allow_hosts if host not in hosts]:
        yield f"The configuration opens {', '.join(more)} to it besides."


def _with_tools(config: Config) -> Iterator[str]:
    if tools := config.run.tools:
        yield f"It may use these tools of plug-ins: {', '.join(tools)}."
    if servers := [_server(name, table) for name, table in config.tables.mcp.items()]:
        yield f"It may use all tools of these MCP servers: {', '.join(servers)}."


def _server(name: str, table: McpTable) -> str:
    """An MCP server and where it is; its words and its address may hold secrets."""
    return f"{name} ({urlsplit(table.url).hostname if table.url else table.command[0]})"


def _on_code(values: Mapping[str, str], config: Config) -> Iterator[str]:
    told = config.sandbox
    net = "may go to the network, as configured" if told.allow_net else "have no network"
    yield (
        f"It reads {values['where']}, and edits a copy of it and runs commands and its tests in a"
        f" sandbox, where they {net}."
    )
    if told.read:
        folders = ", ".join(map(str, told.read))
        yield f"The configuration has it read {folders} besides."
    yield f"What it changes is {values['then']}."


def _rules(values: Mapping[str, str], config: Config) -> Iterator[str]:
    if values["mode"] == "shadow":
        yield f"The monitors only watch (shadow){''.join(_beside_monitors(values, config))}."
    else:
        yield "The monitors are obeyed: they may stop it."
    if values["agent"] == "code":
        *kinds, last = TOLD.values()
        yield (
            f"Its tests rule whether it is done, and you are asked before a command"
            f" {', '.join(kinds)} or {last}: where nobody watches, that stops it."
        )


def _beside_monitors(values: Mapping[str, str], config: Config) -> Iterator[str]:
    """What rules a run whose monitors only watch."""
    strong = config.run.strong if values["strong"] == NOBODY else values["strong"]
    if BUDGET in config.run.monitors:
        yield "; its budget may still stop it"
    if config.tables.governor.kind == "priced" or values.get("prefer", CONFIGURED) != CONFIGURED:
        yield "; so may what going on is priced at"
    if strong:
        yield f"; {strong} may still be called in"
