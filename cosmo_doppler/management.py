"""The management ops of a bus: which namespaces there are, how a bus is, and stopping one (PROTOCOL 4.2, 4.7)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec

from cosmo_bus.access import NO_TOKEN, TOKEN_AUTH, token_from_environment
from cosmo_bus.address import parse_url
from cosmo_bus.connection import program_name, why_unreachable
from cosmo_bus.errors import BusClosed, BusError, CannotConnect, NoAnswer, NotAdmitted
from cosmo_bus.tls import client_context

ANSWER_S = 5.0
"""How long a bus may take to answer, seconds."""


class BusRefused(Exception):
    """The bus answered with `err`; the text is its message."""


class Management:
    """A connection that asks one thing after the other. Get one from `manage`."""

    def __init__(self, url: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._url = url
        self._reader = reader
        self._writer = writer

    async def introduce(self, *, with_token: bool) -> None:
        """Say hello to a bus of ours, and show the token if it asked for one.

        Raises:
            NotAdmitted: there is none, or it is the wrong one.
            TokenError: its file cannot be used.
        """
        token = token_from_environment() if with_token else None
        if with_token and token is None:
            raise NotAdmitted(self._url, NO_TOKEN)
        shown = {} if token is None else {"token": token}
        try:
            await self.ask("hello", name=program_name(), **shown)
        except BusRefused as refused:
            raise NotAdmitted(self._url, f"it says: {refused}") from None

    async def ask(self, op: str, **fields: str | int) -> dict[str, Any]:
        """Send one op and return the bus's answer.

        Raises:
            BusRefused: the answer is `err`.
            BusClosed: the bus went away.
            NoAnswer: it did not answer in time.
        """
        self._writer.write(msgspec.json.encode({"op": op, **fields}) + b"\n")
        try:
            async with asyncio.timeout(ANSWER_S):
                answer = await self.receive()
        except TimeoutError:
            raise NoAnswer(f"the bus at {self._url} did not answer within {ANSWER_S:g} s") from None
        if answer is None:
            raise BusClosed(f"the bus at {self._url} closed the connection")
        if answer.get("op") == "err":
            raise BusRefused(str(answer.get("message", "no reason given")))
        return answer

    async def receive(self) -> dict[str, Any] | None:
        """The bus's next line; None when it closed the connection."""
        try:
            line = await self._reader.readline()
            answer = msgspec.json.decode(line) if line else None
        except (OSError, ValueError):
            return None
        return answer if isinstance(answer, dict) else None


@asynccontextmanager
async def manage(url: str) -> AsyncIterator[Management]:
    """Connect to a bus for management.

    Raises:
        CannotConnect: nothing answers there, or it is no bus.
        NotAdmitted: it does not let us in.
        TokenError, TlsError: the file with the token, or with the CAs, cannot be used.
    """
    host, port, tls = parse_url(url)
    context = client_context() if tls else None
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection(host, port, limit=1 << 24, ssl=context)
            management = Management(url, reader, writer)
            welcome = await management.receive()
        if welcome is not None and welcome.get("op") == "err":
            raise NotAdmitted(url, f"it says: {welcome.get('message')}"[:200])
        if welcome is None or welcome.get("op") != "welcome":
            raise CannotConnect(url, "what answers is no bus")
        if "ext" in welcome:
            await management.introduce(with_token=welcome.get("auth") == TOKEN_AUTH)
        yield management
    except TimeoutError:
        raise CannotConnect(url, f"no welcome within {ANSWER_S:g} s") from None
    except BusError:
        raise
    except OSError as error:
        raise why_unreachable(url, error) from None
    finally:
        if writer is not None:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
