"""TLS: what both sides need for it, why it failed in words, and the door of a server that speaks it."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from cosmo_bus.errors import TlsError
from cosmo_bus.wire import error_line

logger = logging.getLogger(__name__)

CA_VARIABLE = "COSMO_TLS_CA"
"""Environment variable: the file of the CAs to trust, instead of those of the system."""

CLIENT_HELLO = 0x16
"""The first byte of whoever begins to speak TLS. No line of a client can begin with it."""

_FIRST_BYTE_S = 2.0
"""How long a client may take to begin: TLS begins at once, and who waits for a welcome does not speak TLS."""

_HANDSHAKE_S = 5.0
_READS_BEFORE_THE_END = 16
_MAX_SHAKING = 32
"""Connections that may be before or in their handshake at once. One more, and the oldest of them is given up."""

_FULL_S = 0.5
"""How long to wait when there are no more descriptors."""


def server_context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """What a server needs.

    Args:
        certificate: its certificate and those that lead to its CA, PEM.
        key: its private key, PEM; None when the certificate's file holds it too.

    Raises:
        TlsError: they cannot be read or do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # A key under a password would ask for it at the terminal.
        context.load_cert_chain(certificate, key, password=lambda: b"")
    except ssl.SSLError as error:
        files = f"{certificate} and {key}" if key else f"{certificate}"
        raise TlsError(
            f"{files}: no certificate with its private key, both PEM and without password ({error.reason})"
        ) from None
    except OSError as error:
        # The name of the file at fault is not part of the error.
        missing = [path for path in (certificate, key) if path is not None and not path.exists()]
        raise TlsError(f"cannot read {missing[0] if missing else certificate}: {error.strerror}") from None
    return context


def client_context(ca: Path | None = None) -> ssl.SSLContext:
    """What a client needs: the CAs it trusts. Certificate and host name are always checked.

    Args:
        ca: the CAs, PEM; when None, the file that `COSMO_TLS_CA` names, or else the system's.

    Raises:
        TlsError: the file cannot be used.
    """
    named = os.environ.get(CA_VARIABLE)
    file = ca or (Path(named) if named else None)
    try:
        return ssl.create_default_context(cafile=file)
    except ssl.SSLError:
        raise TlsError(f"{file} holds no certificate of a CA in PEM") from None
    except OSError as error:
        raise TlsError(f"cannot read the CA file {file}: {error.strerror}") from None


def why_not_tls(error: OSError) -> str | None:
    """Why TLS failed, in words; None when it was something else."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not trusted ({error.verify_message}); name the CA that signed it with "
            f"--tls-ca or {CA_VARIABLE}, and the bus by a name that its certificate holds"
        )
    if isinstance(error, ssl.SSLError):
        if error.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"):
            return "it does not speak TLS; write cosmo:// instead of cosmos://"
        return f"no TLS with it: {error.reason or error}"
    return None


class TlsDoor:
    """Accepts connections, lets those in that begin to speak TLS, and tells the others.

    Args:
        listener: a listening socket; closed with the door.
        context: certificate and key.
        session: makes the protocol of one connection.
    """

    def __init__(
        self, listener: socket.socket, context: ssl.SSLContext, session: Callable[[], asyncio.Protocol]
    ) -> None:
        self._listener = listener
        self._context = context
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._guests: dict[asyncio.Task[None], None] = {}
        listener.setblocking(False)
        self._accepting = self._loop.create_task(self._accept())

    def close(self) -> None:
        """Accept nobody more, and give up who has not finished the handshake."""
        for task in (self._accepting, *self._guests):
            task.cancel()

    async def wait_closed(self) -> None:
        """Wait until nobody stands in the door any more."""
        await asyncio.wait([self._accepting, *self._guests])
        self._listener.close()

    async def _accept(self) -> None:
        while True:
            try:
                guest, _ = await self._loop.sock_accept(self._listener)
            except OSError as error:
                # Out of descriptors, mostly: whoever waits in the backlog comes in when there are some again.
                logger.warning("cannot accept a connection: %s", error.strerror)
                await asyncio.sleep(_FULL_S)
                continue
            if len(self._guests) >= _MAX_SHAKING:
                # Whoever means it is through in a moment; who stands there for long keeps nobody out.
                oldest = next(iter(self._guests))
                del self._guests[oldest]
                oldest.cancel()
            guest.setblocking(False)
            handed_over = asyncio.Event()
            task = self._loop.create_task(self._let_in(guest, handed_over))
            self._guests[task] = None
            # Not in the task: one that is cancelled before it began never runs.
            task.add_done_callback(partial(self._leave, guest, handed_over))

    async def _let_in(self, guest: socket.socket, handed_over: asyncio.Event) -> None:
        try:
            if await self._speaks_tls(guest):
                # The transport closes the socket from here on, also when the handshake fails.
                handed_over.set()
                await self._loop.connect_accepted_socket(
                    self._session, guest, ssl=self._context, ssl_handshake_timeout=_HANDSHAKE_S
                )
            else:
                _say_and_end(guest, "this bus speaks TLS: write cosmos:// instead of cosmo://")
        except OSError as error:
            logger.info("a connection ended before it was one: %s", error)

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
