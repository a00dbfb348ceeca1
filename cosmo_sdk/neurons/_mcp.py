"""An MCP server as a process, and the one session that all calls on an event loop share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from cosmo_sdk.errors import NeuronError
from cosmo_sdk.neurons._last_words import LastWords, logger

try:
    import anyio
    from mcp import ClientSession, MCPError, StdioServerParameters, stdio_client
    from mcp_types import CONNECTION_CLOSED, REQUEST_TIMEOUT, Implementation, PaginatedRequestParams, Tool
    from pydantic import ValidationError
except ImportError as error:
    raise ImportError(
        "Neurons that call tools need the mcp package, version 2: pip install 'cosmo-doppler[mcp]'",
        name="mcp",
    ) from error

R = TypeVar("R")

Call = Callable[[ClientSession], Awaitable[R]]


class McpConnection:
    """One run of a server. A task of its own opens and closes it, because its cancel scopes may not cross tasks.

    Args:
        parameters: of the process.
        client: how we introduce ourselves.
        timeout: seconds that any request may take.
    """

    def __init__(self, parameters: StdioServerParameters, client: Implementation, timeout: float) -> None:
        self._parameters = parameters
        self._client = client
        self._timeout = timeout
        self._ready: asyncio.Future[ClientSession] = asyncio.get_running_loop().create_future()
        self._ending = asyncio.Event()
        self._words = LastWords(parameters.command)
        self.over = False
        """It has ended, or is about to: no further calls."""
        self.tools: dict[str, Tool] = {}
        """By name, as listed last."""
        self.task = asyncio.create_task(self._run(), name=f"mcp {parameters.command}")

    def end(self) -> None:
        """Ask it to end; `task` is done when it has."""
        self.over = True
        self._ending.set()

    async def call(self, call: Call[R]) -> R:
        """Make a request.

        Raises:
            NeuronError: the server cannot be started, is gone, is late, or refuses.
        """
        try:
            # Whoever gives up waiting for the beginning does not end it for the others.
            session = await asyncio.shield(self._ready)
        except NeuronError as error:
            raise error.again() from None
        try:
            return await call(session)
        except MCPError as error:
            raise await self._failure(error) from None
        except (RuntimeError, ValidationError) as error:
            # What is not of the form that the protocol or the server itself declares.
            message = f"{self._parameters.command} sent what nobody declared: {error}"
            raise NeuronError(f"{message:.300}", code="NEURON_BAD_ANSWER") from None

    async def list_tools(self) -> dict[str, Tool]:
        """Ask for the tools there are, by name.

        Raises:
            NeuronError: as for `call`.
        """
        self.tools = await self.call(_all_tools)
        return self.tools

    async def _run(self) -> None:
        try:
            async with stdio_client(self._parameters, errlog=self._words.writing) as streams:
                # The process has it now.
                self._words.writing.close()
                await self._converse(*streams)
        except (OSError, ValueError) as error:
            message = f"the MCP server {self._parameters.command} cannot be started: {error}"
            self._fail(NeuronError(message, code="NEURON_MCP_START"))
        finally:
            self._words.writing.close()
            self._fail(self._lost("it was ended while it started"))

    async def _converse(self, read: Any, write: Any) -> None:
        sending, receiving = anyio.create_memory_object_stream[Any](0)
        async with anyio.create_task_group() as group:
            group.start_soon(self._relay, read, sending)
            session = ClientSession(
                receiving, write, read_timeout_seconds=self._timeout, client_info=self._client
            )
            async with session:
                try:
                    await session.initialize()
                except MCPError as error:
                    self._fail(await self._failure(error))
                except (RuntimeError, ValidationError) as error:
                    message = f"{self._parameters.command} speaks another protocol: {error}"
                    self._fail(NeuronError(f"{message:.300}", code="NEURON_MCP_REFUSED"))
                else:
                    self._ready.set_result(session)
                    await self._ending.wait()
            group.cancel_scope.cancel()

    async def _relay(self, read: Any, sending: Any) -> None:
        """Pass on what the server says, to see it fall silent also when nobody asks it anything."""
        async with sending:
            try:
                async for message in read:
                    await sending.send(message)
            except (anyio.ClosedResourceError, anyio.BrokenResourceError):
                # The session is gone already.
                logger.debug("%s says more than anybody hears", self._parameters.command)
            self.end()

    def _fail(self, error: NeuronError) -> None:
        self.end()
        if not self._ready.done():
            self._ready.set_exception(error)
            # Whoever waited may have given up.
            self._ready.exception()

    async def _failure(self, error: MCPError) -> NeuronError:
        command = self._parameters.command
        if error.code == CONNECTION_CLOSED:
            self.end()
            return self._lost(await self._words.last())
        if error.code == REQUEST_TIMEOUT:
            late = f"the MCP server {command} did not answer within {self._timeout:g} s"
            return NeuronError(late, code="NEURON_TIMEOUT", recoverable=True)
        return NeuronError(
            f"the MCP server {command} refused: {error.message:.300}", code="NEURON_MCP_REFUSED"
        )

    def _lost(self, words: str) -> NeuronError:
        said = f": {words:.200}" if words else ""
        message = f"the MCP server {self._parameters.command} is gone{said}"
        return NeuronError(message, code="NEURON_MCP_LOST", recoverable=True)


class McpServer:
    """A server that is started when it is needed, once per event loop, and again when it has died.

    Args:
        command: the program.
        args: its arguments.
        env: environment variables besides the few that are inherited.
        cwd: its directory.
        client_name: how we introduce ourselves.
        client_version: of that.
        timeout: seconds that any request may take.
    """

    def __init__(
        self,
        command: str,
        args: list[str],
        *,
        env: dict[str, str] | None,
        cwd: str | None,
        client_name: str,
        client_version: str,
        timeout: float,
    ) -> None:
        self._parameters = StdioServerParameters(command=command, args=args, env=env, cwd=cwd)
        self._client = Implementation(name=client_name, version=client_version)
        self._timeout = timeout
        self._open: dict[asyncio.AbstractEventLoop, McpConnection] = {}

    def connection(self) -> McpConnection:
        """The live connection on this loop."""
        loop = asyncio.get_running_loop()
        opened = self._open.get(loop)
        if opened is None or opened.over:
            for gone in [each for each in self._open if each.is_closed()]:
                del self._open[gone]
            opened = self._open[loop] = McpConnection(self._parameters, self._client, self._timeout)
        return opened

    async def aclose(self) -> None:
        """End all processes, and wait for the one on this loop. A later call starts a new one."""
        here = self._open.pop(asyncio.get_running_loop(), None)
        self.end_soon()
        if here is not None:
            here.end()
            await asyncio.wait([here.task])

    def end_soon(self) -> None:
        """End all processes, from any thread; their loops see to it."""
        opened, self._open = self._open, {}
        for loop, connection in opened.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(connection.end)


async def _all_tools(session: ClientSession) -> dict[str, Tool]:
    """The tools of all pages, by name."""
    tools: dict[str, Tool] = {}
    params: PaginatedRequestParams | None = None
    while True:
        page = await session.list_tools(params=params)
        tools.update((tool.name, tool) for tool in page.tools)
        if page.next_cursor is None:
            return tools
        params = PaginatedRequestParams(cursor=page.next_cursor)
