"""How well-known MCP servers are started. They are published by others, and fetched by `npx` or `uvx`."""

from __future__ import annotations

from collections.abc import Sequence

STANDARD_MCP_SERVERS: dict[str, tuple[str, ...]] = {
    "everything": ("npx", "-y", "@modelcontextprotocol/server-everything"),
    "fetch": ("uvx", "mcp-server-fetch"),
    "filesystem": ("npx", "-y", "@modelcontextprotocol/server-filesystem"),
    "git": ("uvx", "mcp-server-git"),
    "memory": ("npx", "-y", "@modelcontextprotocol/server-memory"),
    "sequentialthinking": ("npx", "-y", "@modelcontextprotocol/server-sequential-thinking"),
    "time": ("uvx", "mcp-server-time"),
}
"""Command line by name, for `Neuron(source="mcp", server=name)`; `args=` goes behind it."""


def launch(command: str | None, args: Sequence[str] | None, server: str | None) -> tuple[str, list[str]]:
    """The program and its arguments; a command takes the place of the one a known server is started with.

    Raises:
        ValueError: neither a command nor a server is named, or nobody knows the server.
    """
    more = [str(each) for each in args or ()]
    if server is None:
        if not command:
            raise ValueError("Neuron(source='mcp') needs command= (and args=), or server= with a known name")
        return command, more
    known = STANDARD_MCP_SERVERS.get(server)
    if known is None:
        raise ValueError(
            f"unknown MCP server {server!r}: known are {', '.join(sorted(STANDARD_MCP_SERVERS))}; "
            "any other is started with command= and args="
        )
    return command or known[0], [*known[1:], *more]
