"""One TCP connection of a client, from its welcome to its end. `BusClient` makes a new one after each loss."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from cosmo_bus.access import NO_TOKEN, TOKEN_AUTH, token_from_environment
from cosmo_bus.address import Address
from cosmo_bus.errors import (
    NOBODY_THERE,
    BusClosed,
    BusError,
    CannotConnect,
    NoAnswer,
    NotAdmitted,
    OutgoingFull,
)
from cosmo_bus.tls import client_context, why_not_tls
from cosmo_bus.wire import (
    DEFAULT_MAX_LINE,
    ENVELOPE_SLACK,
    LEGACY_MAX_SENT,
    BadLine,
    Incoming,
    LineReader,
    Message,
    Oversize,
    cut,
    decode_incoming,
    decode_messages,
    legacy_length,
    line_of,
)

_WRITE_AT_ONCE = 64 << 10
"""Bytes that are written before the turn of the loop ends, so that the bus and whoever listens can begin meanwhile."""

_SOCKET_FULL = 256 << 10
"""Bytes the socket may hold back before `send` keeps them here."""

_MAX_WAITING = 64 << 20
"""Bytes that may wait in this process for a bus that does not read."""

_MANY = 4096
"""From so many bytes on that come together lines are read together: fewer gain nothing by it."""

_PING = b'{"op":"ping"}\n'


class Connection(asyncio.Protocol):
    """Cuts lines, batches writes, matches pongs to pings.

    Args:
        url: for messages.
        deliver: gets every `msg`, or a few of them that came together, in order.
        receive: gets every other line but `welcome` and `pong`.
        lost: called once, when an open connection ends.
        unreadable: gets the reason why a line could not be read.
    """

    def __init__(
        self,
        url: str,
        *,
        deliver: Callable[[Sequence[Message]], None],
        receive: Callable[[Incoming], None],
        lost: Callable[[Connection], None],
        unreadable: Callable[[str], None],
    ) -> None:
        self.unsent = 0
        """Lines that were queued and not handed to the socket when the connection ended."""
        self.max_sent = LEGACY_MAX_SENT
        """Bytes of the longest line the bus takes."""
        self.max_received = DEFAULT_MAX_LINE + ENVELOPE_SLACK
        """Bytes of the longest line this side takes."""
        self.extensions: frozenset[str] = frozenset()
        """What the bus can do beyond the protocol, as its welcome says."""
        self._url = url
        self._deliver = deliver
        self._receive = receive
        self._lost = lost
        self._unreadable = unreadable
        self._loop = asyncio.get_running_loop()
        self._welcome: asyncio.Future[Incoming] = self._loop.create_future()
        self._pongs: deque[asyncio.Future[None]] = deque()
        self.congested = False
        """Whether the socket takes no more for now."""
        self._writable = asyncio.Event()
        self._writable.set()
        self._ended = asyncio.Event()
        self._reader = LineReader(self.max_received)
        self._legacy = True
        self._transport: asyncio.Transport | None = None
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._heard = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._asked_at: float | None = None
        self._fault = ""
        self._asks_for_token = False

    async def open(self, address: Address, answer_s: float, *, tls_ca: Path | None = None) -> None:
        """Connect and wait for the welcome.

        Args:
            address: of the bus.
            answer_s: how long that may take, seconds.
            tls_ca: the CAs to trust, where the address asks for TLS; None leaves it to `client_context`.

        Raises:
            CannotConnect: nothing answers there, or it is no bus.
            TlsError: the CAs cannot be read.
        """
        tls = client_context(tls_ca) if address.tls else None
        try:
            async with asyncio.timeout(answer_s):
                await self._loop.create_connection(lambda: self, address.host, address.port, ssl=tls)
                welcome = await self._welcome
        except TimeoutError:
            raise CannotConnect(self._url, f"no welcome within {answer_s:g} s") from None
        except CannotConnect:
            raise
        except BusClosed as error:
            raise CannotConnect(self._url, str(error)) from None
        except OSError as error:
            raise why_unreachable(self._url, error) from None
        self.extensions = frozenset(welcome.ext)
        self._asks_for_token = welcome.auth == TOKEN_AUTH
        if welcome.max_line is not None and welcome.max_line > 0:
            self._legacy = False
            self.max_sent = welcome.max_line
            # Whatever the bus takes from others it may hand to us.
            self.max_received = max(self.max_received, welcome.max_line + ENVELOPE_SLACK)
            self._reader.limit = self.max_received

    async def introduce(
        self, answer_s: float, *, name: str, observer: bool = False, token: str | None = None
    ) -> None:
        """Say hello, with the token if the bus asks for one. No other bus ever gets to see it.

        Args:
            answer_s: how long the bus may take to look at the token, seconds.
            name: what the bus shows people of this connection.
            observer: ask to lose messages rather than the connection.
            token: the token; when None, the one in the file that `COSMO_TOKEN_FILE` names.

        Raises:
            NotAdmitted: the bus wants a token that was not given, or another one.
            TokenError: the file cannot be used.
            BusClosed: the connection went while waiting.
            NoAnswer: no answer in time.
        """
        hello: dict[str, Any] = {"max_line": self.max_received, "observer": observer, "name": name}
        if not self._asks_for_token:
            self.send(line_of(op="hello", **hello))
            return
        shown = token or token_from_environment()
        if shown is None:
            raise NotAdmitted(self._url, NO_TOKEN)
        self.send(line_of(op="hello", token=shown, **hello))
        try:
            await self.flush(answer_s)
        except BusClosed:
            if not self._fault:
                raise
            raise NotAdmitted(self._url, f"it says: {self._fault[:200]}") from None
        self._asks_for_token = False

    def excess(self, line: bytes) -> int:
        """0 for a line that the bus takes; otherwise the length that is too much for it."""
        length = (legacy_length(line) if self._legacy else len(line)) - 1
        return length if length > self.max_sent else 0

    def send(self, line: bytes) -> None:
        """Queue a line; the lines of one turn of the loop share a write, or a few when they are many.

        Raises:
            BusClosed: the connection is gone.
            OutgoingFull: too much waits already.
        """
        if self._transport is None or self._transport.is_closing():
            raise BusClosed(f"lost the bus at {self._url}")
        if not self._waiting and not self.congested:
            self._loop.call_soon(self._write)
        elif self._waiting_bytes > _MAX_WAITING:
            raise OutgoingFull(self._waiting_bytes)
        self._waiting.append(line)
        self._waiting_bytes += len(line)
        if self._waiting_bytes > _WRITE_AT_ONCE:
            self._write()

    async def drain(self) -> None:
        """Wait until the socket takes more.

        Raises:
            BusClosed: the connection went while waiting.
        """
        if not self._writable.is_set():
            await self._writable.wait()
        if self._ended.is_set():
            raise BusClosed(f"lost the bus at {self._url}")

    async def flush(self, answer_s: float) -> None:
        """Ping and await the pong: everything sent before has been processed then.

        Raises:
            BusClosed: the connection went while waiting.
            NoAnswer: no pong in time.
        """
        pong: asyncio.Future[None] = self._loop.create_future()
        self.send(_PING)
        self._pongs.append(pong)
        try:
            async with asyncio.timeout(answer_s):
                await pong
        except TimeoutError:
            raise NoAnswer(f"the bus at {self._url} did not answer within {answer_s:g} s") from None

    def keep_alive(self, silence_s: float, answer_s: float) -> None:
        """From now on ping a bus that is silent, and end the connection when it does not answer.

        A frozen bus and a line that was cut without a word look like a quiet bus; only this tells them apart.

        Args:
            silence_s: how long the bus may say nothing before it is asked, seconds.
            answer_s: how long it may then take to answer.
        """
        self._heard = self._loop.time()
        self._watch = self._loop.call_later(silence_s, self._check_pulse, silence_s, answer_s)

    def _check_pulse(self, silence_s: float, answer_s: float) -> None:
        now = self._loop.time()
        silent = now - self._heard
        if silent < silence_s:
            self._asked_at = None
            due = silence_s - silent
        elif self._asked_at is None or self._asked_at < self._heard:
            # Never given up unasked: this process may have been asleep, and the bus not.
            self._asked_at = now
            # A bus that takes nothing more cannot be asked; it is silent all the same.
            with suppress(BusError):
                self.send(_PING)
                self._pongs.append(self._loop.create_future())
            due = answer_s
        elif now - self._asked_at >= answer_s:
            self._fault = f"it did not answer for {silent:.0f} s"
            self.abandon()
            return
        else:
            due = self._asked_at + answer_s - now
        self._watch = self._loop.call_later(max(due, 0.01), self._check_pulse, silence_s, answer_s)

    async def close(self) -> None:
        """Send what is queued and end."""
        if self._transport is None:
            return
        self._write(closing=True)
        self._transport.close()
        try:
            async with asyncio.timeout(1.0):
                await self._ended.wait()
        except TimeoutError:
            self.abandon()
            await self._ended.wait()

    def abandon(self) -> None:
        """End at once."""
        if self._transport is not None:
            self._transport.abort()

    # -- the socket's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_SOCKET_FULL)

    def data_received(self, data: bytes) -> None:
        """Handle every line that is complete."""
        self._heard = self._loop.time()
        together = self._reader.whole(data) if len(data) >= _MANY and self._welcome.done() else None
        if together is None:
            self._handle(self._reader.feed(data))
            return
        messages = decode_messages(together)
        if messages is None:
            self._handle(cut(together)[:-1])
        else:
            self._deliver(messages)

    def _handle(self, lines: Sequence[bytes | Oversize]) -> None:
        """Handle lines one by one."""
        deliver = self._deliver
        welcomed = self._welcome.done()
        for line in lines:
            if isinstance(line, Oversize):
                self._unreadable(f"{line.length:,} bytes, more than the {self._reader.limit:,} announced")
                continue
            try:
                incoming = decode_incoming(line)
            except BadLine as error:
                self._refuse(str(error))
                continue
            if welcomed and incoming.op == "msg":
                deliver((incoming,))
            else:
                self._take(incoming)
                welcomed = self._welcome.done()

    def _take(self, incoming: Message) -> None:
        """Take any line but a message, and what comes instead of a welcome."""
        op = incoming.op
        if op == "pong":
            self._on_pong()
        elif op == "welcome":
            if not self._welcome.done():
                self._welcome.set_result(cast(Incoming, incoming))
        elif not self._welcome.done():
            if op == "err":
                self._give_up(NotAdmitted(self._url, f"it says: {cast(Incoming, incoming).message[:200]}"))
            else:
                self._refuse(f"it says {op!r} instead of welcome")
        else:
            if self._asks_for_token and op == "err":
                self._fault = cast(Incoming, incoming).message
            self._receive(cast(Incoming, incoming))

    def pause_writing(self) -> None:
        """The socket takes no more for now."""
        self.congested = True
        self._writable.clear()

    def resume_writing(self) -> None:
        """The socket takes more."""
        self.congested = False
        self._writable.set()
        self._write()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake everyone who waits, then report."""
        if self._watch is not None:
            self._watch.cancel()
        self.unsent += len(self._waiting)
        self._waiting.clear()
        self._ended.set()
        self.congested = False
        self._writable.set()
        why = self._fault or str(exc or "")
        gone = BusClosed(f"lost the bus at {self._url}" + (f": {why}" if why else ""))
        waiters: list[asyncio.Future[Any]] = [self._welcome, *self._pongs]
        for waiter in waiters:
            if not waiter.done():
                waiter.set_exception(gone)
                # Nobody may be waiting any more; that is no news.
                waiter.exception()
        self._pongs.clear()
        self._lost(self)

    def _refuse(self, reason: str) -> None:
        """A line that cannot be read: before the welcome it means that this is no bus."""
        if self._welcome.done():
            self._unreadable(reason)
        else:
            self._give_up(CannotConnect(self._url, f"no bus answers there: {reason[:200]!r}"))

    def _give_up(self, error: CannotConnect) -> None:
        """There will be no welcome."""
        self._welcome.set_exception(error)
        self.abandon()

    def _on_pong(self) -> None:
        if self._pongs:
            pong = self._pongs.popleft()
            if not pong.done():
                pong.set_result(None)

    def _write(self, *, closing: bool = False) -> None:
        if self._transport is None or not self._waiting or not (closing or self._writable.is_set()):
            return
        if self._transport.is_closing():
            return
        data = b"".join(self._waiting)
        self._waiting.clear()
        self._waiting_bytes = 0
        self._transport.write(data)


def why_unreachable(url: str, error: OSError) -> CannotConnect:
    """Why no connection was made, in words; a host with several addresses fails with several reasons in one text."""
    if (tls := why_not_tls(error)) is not None:
        return NotAdmitted(url, tls)
    text = str(error)
    if isinstance(error, ConnectionRefusedError) or "Connect call failed" in text:
        return CannotConnect(url, NOBODY_THERE)
    return CannotConnect(url, error.strerror or text)


def program_name() -> str:
    """What this process is called where people look for it: its script or package, and its number."""
    script = Path(sys.argv[0])
    name = script.parent.name if script.name == "__main__.py" else script.name
    return f"{name if name not in ('', '-c', '-m') else 'python'} {os.getpid()}"
