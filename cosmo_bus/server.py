"""The bus over TCP."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import resource
from dataclasses import fields

from cosmo_bus.errors import BusError, NotLoopback, PortTaken
from cosmo_bus.hub import BusStatistics, Hub, Tap
from cosmo_bus.namespaces import Namespaces
from cosmo_bus.ops import Client
from cosmo_bus.outbox import MAX_BYTES, MAX_LINES, Outbox
from cosmo_bus.session import Session
from cosmo_bus.wire import DEFAULT_MAX_LINE, DEFAULT_PORT

logger = logging.getLogger(__name__)

_BACKLOG = 512
_SPARE_FILES = 64
"""Open files left to the rest of the process when clients take all others."""

_FAREWELL_S = 1.0
"""How long clients may take to read what was queued when the bus closes."""


class BusServer:
    """A bus on this machine. Clients connect to `url`.

    Args:
        host: a loopback address; nothing else until the bus has access control.
        port: TCP port; 0 picks a free one, see `port` after `start()`.
        max_line: bytes of the longest line taken from a client.
        outbox_lines: messages kept for a client that does not read.
        outbox_bytes: bytes kept for a client that does not read.

    Raises:
        NotLoopback: `host` is not of this machine.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        *,
        max_line: int = DEFAULT_MAX_LINE,
        outbox_lines: int = MAX_LINES,
        outbox_bytes: int = MAX_BYTES,
    ) -> None:
        if not _is_loopback(host):
            raise NotLoopback(host)
        # One address, one port: localhost may name two.
        self.host = "127.0.0.1" if host == "localhost" else host
        self.port = port
        self.namespaces: Namespaces[Client] = Namespaces()
        self._max_line = max_line
        self._outbox_lines = outbox_lines
        self._outbox_bytes = outbox_bytes
        self._taps: list[Tap] = []
        self._sessions: set[Session] = set()
        self._hub: Hub | None = None
        self._listener: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where clients connect."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"cosmo://{host}:{self.port}"

    def add_tap(self, tap: Tap) -> None:
        """Call `tap(subject, frame)` with every published message. It must not block."""
        self._taps.append(tap)

    async def start(self) -> None:
        """Listen. Calling it again does nothing.

        Raises:
            PortTaken: something else listens there.
            BusError: the address cannot be bound.
        """
        if self._listener is not None:
            return
        loop = asyncio.get_running_loop()
        hub = Hub(loop)
        hub.taps = self._taps
        room = _max_sessions()

        def session() -> Session:
            return Session(
                hub=hub,
                namespaces=self.namespaces,
                sessions=self._sessions,
                max_line=self._max_line,
                max_sessions=room,
                outbox=Outbox(max_lines=self._outbox_lines, max_bytes=self._outbox_bytes),
            )

        try:
            self._listener = await loop.create_server(session, self.host, self.port, backlog=_BACKLOG)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(self.host, self.port) from None
            raise BusError(f"cannot listen on {self.host} port {self.port}: {error.strerror}") from error
        self._hub = hub
        self.port = self._listener.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening, send what is queued, disconnect everyone. Calling it again does nothing."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        listener.close()
        if self._hub is not None:
            for extension in self._hub.extensions:
                extension.close()
        sessions = list(self._sessions)
        for session in sessions:
            session.close()
        if sessions:
            _, unread = await asyncio.wait([session.ended for session in sessions], timeout=_FAREWELL_S)
            if unread:
                for session in sessions:
                    session.abort()
                await asyncio.wait([session.ended for session in sessions])
        await listener.wait_closed()

    def statistics(self) -> BusStatistics:
        """Counts at this moment."""
        if self._hub is None:
            return BusStatistics(*[0] * len(fields(BusStatistics)))
        counts = self._hub.counts
        return BusStatistics(
            sessions=len(self._sessions),
            subscriptions=len(self._hub.router),
            published=counts.published,
            delivered=counts.delivered,
            unheard=counts.unheard,
            skipped=counts.skipped,
            dropped=counts.dropped + sum(session.outbox.dropped for session in self._sessions),
            evicted=counts.evicted,
            lost=counts.lost,
            refused=counts.refused,
            held=self._hub.gates.held,
            faults=self._hub.chaos.hits,
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _max_sessions() -> int:
    """As many connections as this process may have files open, so that it never runs out of them."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return 1 << 20
    return max(1, allowed - _SPARE_FILES)
