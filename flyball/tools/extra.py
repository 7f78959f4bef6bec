"""Tools that an agent has besides its own: those of plug-ins, and those of MCP servers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flyball import plugins
from flyball.errors import ToolError
from flyball.records import Arguments, Observation, ToolSpec
from flyball.roles import Tool

if TYPE_CHECKING:
    from mcp import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class McpServer:
    """Where an MCP server is: what starts it, or its address."""

    name: str
    command: Sequence[str] = ()
    url: str | None = None


@asynccontextmanager
async def open_tools(
    names: Sequence[str] = (), servers: Sequence[McpServer] = ()
) -> AsyncIterator[Mapping[str, Tool]]:
    """Open the plug-ins' tools called `names`, and all that the servers have.

    A server's tools are called `SERVER_TOOL`. Raises `PluginError` and `ToolError`.
    """
    tools = {name: plugins.load("tools", name)() for name in names}
    try:
        async with AsyncExitStack() as stack:
            for server in servers:
                tools |= await _opened(server, stack)
            yield tools
    except BaseExceptionGroup as group:
        # The client's task groups wrap whatever breaks off inside of them.
        raise _only(group) from group


class McpTool:
    """A tool of an MCP server."""

    def __init__(self, client: Client, server: str, told: Any) -> None:
        self._client, self._name = client, str(told.name)
        self.spec = ToolSpec(
            name=f"{server}_{told.name}",
            description=str(told.description or told.name),
            parameters=dict(told.input_schema or {}),
        )

    async def call(self, arguments: Arguments) -> Observation:
        """Have the server do it; what goes wrong there is seen, and not raised."""
        try:
            result = await self._client.call_tool(self._name, dict(arguments))
        except Exception as error:  # noqa: BLE001 - whatever the server's affair is
            return Observation(source=self.spec.name, text="", ok=False, note=_line(str(error)))
        text = "\n".join(filter(None, map(_text, result.content)))
        if not text and result.structured_content is not None:
            text = json.dumps(result.structured_content, ensure_ascii=False)
        note = _line(text) if result.is_error else ""
        return Observation(source=self.spec.name, text=text, ok=not result.is_error, note=note)


async def _opened(server: McpServer, stack: AsyncExitStack) -> dict[str, Tool]:
    from mcp import Client, StdioServerParameters  # noqa: PLC0415 - an extra, and slow to load

    where: Any = server.url
    if server.command:
        where = StdioServerParameters(command=server.command[0], args=list(server.command[1:]))
    try:
        client = await stack.enter_async_context(Client(where))
        listed = await client.list_tools()
    except Exception as error:
        told = _line(str(error)) or type(error).__name__
        raise ToolError(
            f"the MCP server {server.name!r} does not answer ({told}); correct [mcp.{server.name}]"
        ) from error
    tools = [McpTool(client, server.name, each) for each in listed.tools]
    return {tool.spec.name: tool for tool in tools}


def _only(error: BaseException) -> BaseException:
    """What is at the bottom of groups with one error each."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _text(part: Any) -> str:
    return str(getattr(part, "text", None) or f"[{part.type}]")


def _line(text: str) -> str:
    return " ".join(text.split())[:300]
