"""An MCP server with a few tools, on standard input and output. An argument gives it a name; `broken` ends it at once."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from mcp.server import MCPServer

server = MCPServer("tools")


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
def whereami() -> dict[str, str]:
    """Who and where this process is."""
    return {
        "pid": str(os.getpid()),
        "cwd": str(Path.cwd()),
        "colour": os.environ.get("COLOUR", ""),
        "argv": sys.argv[1],
    }


@server.tool()
def fail(why: str) -> str:
    """Raise."""
    raise ValueError(why)


@server.tool()
async def never() -> str:
    """Take for ever."""
    await asyncio.Event().wait()
    return ""


@server.tool()
def die() -> str:
    """End the process without a word of goodbye."""
    print("out of luck", file=sys.stderr, flush=True)
    os._exit(3)


@server.tool()
def grow(name: str) -> str:
    """Have one more tool."""
    server.add_tool(lambda: f"I am {name}", name=name, description="new", structured_output=False)
    return name


if __name__ == "__main__":
    if "broken" in sys.argv:
        sys.exit("cannot find my configuration")
    if "single" in sys.argv:
        for each in ("whereami", "fail", "never", "die", "grow"):
            server.remove_tool(each)
    server.run("stdio")
