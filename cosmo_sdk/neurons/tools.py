"""Tools of an MCP server as a Neuron."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cosmo_sdk.errors import NeuronError
from cosmo_sdk.neurons._mcp import McpConnection, McpServer
from cosmo_sdk.neurons.base import Neuron, Say
from cosmo_sdk.neurons.servers import launch

if TYPE_CHECKING:
    from mcp_types import CallToolResult

_OURS = frozenset({"tool", "arguments", "args", "__list_tools__"})


class McpNeuron(Neuron):
    """Calls one tool per task. The server is a process, started by the first call and shared by all.

    Raises:
        ValueError: a `timeout` that is not positive, or nothing to start.
        TypeError: `args` is one text, not a list of texts.
    """

    def __init__(
        self,
        source: str,
        *,
        command: str | None = None,
        args: Sequence[str] | None = None,
        server: str | None = None,
        env: dict[str, str] | None = None,
        cwd: str | None = None,
        tool: str | None = None,
        timeout: float = 120.0,
        client_name: str = "cosmo-doppler",
        client_version: str = "0.1.0",
    ) -> None:
        if timeout <= 0:
            raise ValueError(f"timeout={timeout} is not positive")
        if isinstance(args, str):
            raise TypeError(f"args={args!r} is one text: a list of texts is meant")
        self.command, arguments = launch(command, args, server)
        self.server = server
        self.tool = tool
        self._server = McpServer(
            self.command,
            arguments,
            env=env,
            cwd=cwd,
            client_name=client_name,
            client_version=client_version,
            timeout=timeout,
        )
        # A Neuron that nobody refers to any more takes its process with it.
        weakref.finalize(self, self._server.end_soon).atexit = False

    def __repr__(self) -> str:
        return f"Neuron(source={self.source!r}, command={self.command!r})"

    async def _answer(self, input: dict[str, Any], say: Say | None) -> dict[str, Any]:
        connection = self._server.connection()
        if input.get("__list_tools__"):
            tools = await connection.list_tools()
            return {
                "tools": [
                    {"name": tool.name, "description": tool.description, "input_schema": tool.input_schema}
                    for tool in tools.values()
                ]
            }
        arguments = _arguments(input)
        tool = await self._tool(connection, input.get("tool") or self.tool)
        result = await connection.call(lambda session: session.call_tool(tool, arguments))
        return {**_output(result), "meta": {"tool": tool, "server": self.server, "command": self.command}}

    async def _tool(self, connection: McpConnection, named: Any) -> str:
        """The tool that is meant: the named one if there is such, else the only one."""
        if named not in connection.tools:
            # Also when it was there not long ago: servers may change their minds.
            await connection.list_tools()
        known = connection.tools
        if not named and len(known) == 1:
            return next(iter(known))
        there_are = f"there are {', '.join(known)}" if known else "there is none"
        if not named:
            raise ValueError(f"no tool is named: pass tool= or input['tool']; {there_are}")
        if named not in known:
            raise NeuronError(f"unknown tool {named!r}: {there_are}", code="NEURON_UNKNOWN_TOOL")
        return str(named)

    async def aclose(self) -> None:
        """End its process. Again: nothing."""
        await self._server.aclose()


def _arguments(input: dict[str, Any]) -> dict[str, Any]:
    """What the tool is called with: the arguments, else whatever is not for us."""
    given = input.get("arguments")
    if given is None:
        given = input.get("args")
    if given is None:
        return {key: value for key, value in input.items() if key not in _OURS}
    if not isinstance(given, dict):
        raise TypeError(f"input['arguments'] is a dict, not a {type(given).__name__}")
    return given


def _output(result: CallToolResult) -> dict[str, Any]:
    content = [part.model_dump(mode="json", by_alias=True, exclude_none=True) for part in result.content]
    return {
        "response": "\n".join(part["text"] for part in content if isinstance(part.get("text"), str)),
        "result": result.structured_content,
        "is_error": result.is_error,
        "content": content,
    }
