"""The door of a server: lets clients in, a few in each turn of the loop, so that a crowd holds nobody up."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count

from cosmo_bus.journal import Journal
from cosmo_bus.tls import CLIENT_HELLO
from cosmo_bus.wire import error_line

BACKLOG = 4096
"""Connections that may wait to be let in. One more waits a whole second: its first packet is thrown away."""

_FIRST_BYTE_S = 2.0
"""How long a client may take to begin: TLS begins at once, and who waits for a welcome does not speak TLS."""

_HANDSHAKE_S = 5.0
_READS_BEFORE_THE_END = 16
_MAX_INSIDE = 32
"""Connections that may stand in the door at once, before or in their handshake."""

_MEANS_IT_S = 0.1
"""Whoever stood in a crowded door for this long makes room for the next. An ordinary handshake takes a tenth of it."""

_AT_ONCE = 8
"""Connections accepted in one turn of the loop. Those that a full bus sends away are open files for some turns more."""

_FULL_S = 0.1
"""How long to wait when there are no more descriptors."""


class Door:
    """Accepts connections and makes sessions of them.

    The standard library's server takes all who wait in one go. Then a crowd comes in before anybody of it can be sent
    away, and when the process is out of descriptors each of them costs a traceback.

    Args:
        listener: a listening socket; closed with the door.
        session: makes the protocol of one connection.
        journal: tells the operator who did not come in.
        tls: certificate and key; then only those come in who begin to speak TLS, and the others are told.
    """

    def __init__(
        self,
        listener: socket.socket,
        session: Callable[[], asyncio.Protocol],
        journal: Journal,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._listener = listener
        self._session = session
        self._journal = journal
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._guests: dict[asyncio.Task[None], float] = {}
        self._said_full = False
        listener.setblocking(False)
        self._accepting = self._loop.create_task(self._accept())

    def close(self) -> None:
        """Accept nobody more, and give up who is not through yet."""
        for task in (self._accepting, *self._guests):
            task.cancel()

    async def wait_closed(self) -> None:
        """Wait until nobody stands in the door any more."""
        await asyncio.wait([self._accepting, *self._guests])
        self._listener.close()

    async def _accept(self) -> None:
        for number in count(1):
            await self._make_room()
            try:
                guest, _ = await self._loop.sock_accept(self._listener)
            except OSError as error:
                await self._wait_for_descriptors(error)
                continue
            self._said_full = False
            guest.setblocking(False)
            handed_over = asyncio.Event()
            task = self._loop.create_task(self._let_in(guest, handed_over))
            self._guests[task] = self._loop.time()
            # Not in the task: one that is cancelled before it began never runs.
            task.add_done_callback(partial(self._leave, guest, handed_over))
            if number % _AT_ONCE == 0:
                # Where somebody waits already, accepting alone never gives the others a turn.
                await asyncio.sleep(0)

    async def _make_room(self) -> None:
        """Wait for a place in the door. Whoever means it is through in a moment; the others keep nobody out."""
        while len(self._guests) >= _MAX_INSIDE:
            oldest, since = next(iter(self._guests.items()))
            patience = since + _MEANS_IT_S - self._loop.time()
            if patience > 0:
                await asyncio.wait(self._guests, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            else:
                self._guests.pop(oldest, None)
                oldest.cancel()

    async def _wait_for_descriptors(self, error: OSError) -> None:
        """Say once that there are none; whoever waits comes in when there are some again."""
        if not self._said_full:
            self._said_full = True
            self._journal.tell("no_more_descriptors", logging.WARNING, reason=error.strerror)
        await asyncio.sleep(_FULL_S)

    async def _let_in(self, guest: socket.socket, handed_over: asyncio.Event) -> None:
        try:
            # asyncio leaves it out for sockets of `socket.create_server`; short lines then wait 40 ms for their turn.
            guest.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None and not await self._speaks_tls(guest):
                self._journal.tell("stranger_refused", logging.WARNING, reason="does not speak TLS")
                _say_and_end(guest, "this bus speaks TLS: write cosmos:// instead of cosmo://")
                return
            # The transport closes the socket from here on, also when the handshake fails.
            handed_over.set()
            await self._loop.connect_accepted_socket(
                self._session,
                guest,
                ssl=self._tls,
                ssl_handshake_timeout=None if self._tls is None else _HANDSHAKE_S,
            )
        except OSError as error:
            self._journal.tell("stranger_gone", reason=str(error))

    def _leave(self, guest: socket.socket, handed_over: asyncio.Event, task: asyncio.Task[None]) -> None:
        self._guests.pop(task, None)
        if not handed_over.is_set():
            guest.close()

    async def _speaks_tls(self, guest: socket.socket) -> bool:
        """Whether the first byte, which is left where it is, begins TLS."""
        readable = asyncio.Event()
        self._loop.add_reader(guest, readable.set)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(_FIRST_BYTE_S):
                    await readable.wait()
                return guest.recv(1, socket.MSG_PEEK)[:1] == bytes([CLIENT_HELLO])
        finally:
            self._loop.remove_reader(guest)
        return False


def _say_and_end(guest: socket.socket, message: str) -> None:
    """Tell a plain client what is wrong, so that it arrives."""
    # What is left unread when a socket closes makes the system throw away what was just sent. Who sends without end
    # is not read to the end.
    with suppress(BlockingIOError):
        for _ in range(_READS_BEFORE_THE_END):
            if not guest.recv(1 << 16):
                break
    guest.send(error_line(message))
    guest.shutdown(socket.SHUT_WR)
