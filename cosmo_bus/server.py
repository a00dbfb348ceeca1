"""The bus over TCP."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import socket
import ssl
from collections.abc import Callable
from dataclasses import asdict, fields

from cosmo_bus import __version__
from cosmo_bus.access import Doorkeeper
from cosmo_bus.address import is_loopback
from cosmo_bus.door import BACKLOG, Door
from cosmo_bus.errors import BusError, NotLoopback, PortTaken
from cosmo_bus.hub import BusStatistics, Hub, Tap
from cosmo_bus.journal import Journal, note
from cosmo_bus.namespaces import Namespace, Namespaces
from cosmo_bus.ops import Owner
from cosmo_bus.outbox import MAX_BYTES, MAX_LINES, Outbox
from cosmo_bus.session import Session
from cosmo_bus.stats_ops import StatsOps
from cosmo_bus.wire import DEFAULT_MAX_LINE, DEFAULT_PORT

_SPARE_FILES = 64
"""Open files left to the rest of the process when clients take all others."""

_FAREWELL_S = 1.0
"""How long clients may take to read what was queued when the bus closes."""


class BusServer:
    """A bus. Clients connect to `url`.

    Args:
        host: where to listen; anything but a loopback address needs a token.
        port: TCP port; 0 picks a free one, see `port` after `start()`.
        max_line: bytes of the longest line taken from a client.
        outbox_lines: messages kept for a client that does not read.
        outbox_bytes: bytes kept for a client that does not read.
        token: what every client must present, also on this machine; None lets everyone in who can reach the port.
        tls: certificate and key (see `cosmo_bus.tls.server_context`); the bus then speaks nothing but TLS.

    Raises:
        NotLoopback: others can reach `host`, and there is no token.
        ValueError: the token is empty.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        *,
        max_line: int = DEFAULT_MAX_LINE,
        outbox_lines: int = MAX_LINES,
        outbox_bytes: int = MAX_BYTES,
        token: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        if token is None and not is_loopback(host):
            raise NotLoopback(host)
        if token is not None and not token.strip():
            raise ValueError("a token may not be empty")
        # One address, one port: localhost may name two.
        self.host = "127.0.0.1" if host == "localhost" else host
        self.port = port
        self.namespaces: Namespaces[Owner] = Namespaces()
        self._max_line = max_line
        self._outbox_lines = outbox_lines
        self._outbox_bytes = outbox_bytes
        self._token = token
        self._tls = tls
        self._taps: list[Tap] = []
        self._sessions: set[Session] = set()
        self._hub: Hub | None = None
        self._door: Door | None = None
        self._started = 0.0

    @property
    def url(self) -> str:
        """Where clients connect."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'cosmo' if self._tls is None else 'cosmos'}://{host}:{self.port}"

    def add_tap(self, tap: Tap) -> None:
        """Call `tap(subject, frame)` with every published message. It must not block."""
        self._taps.append(tap)

    def announce(self, namespace: str, on_stop: Callable[[], None]) -> Namespace[Owner]:
        """Announce a namespace that belongs to the bus itself, best before `start()`, while nobody else can.

        Args:
            namespace: its name.
            on_stop: called when somebody stops it.

        Returns:
            What is known of it, its count of signals kept up to date until it is stopped.

        Raises:
            NamespaceTaken: a client announced it already.
        """
        note("namespace_announced", namespace=namespace)
        return self.namespaces.register(namespace, "memory", _Host(on_stop))

    async def start(self) -> None:
        """Listen. Calling it again does nothing.

        Raises:
            PortTaken: something else listens there.
            BusError: the address cannot be bound.
        """
        if self._door is not None:
            return
        if not 0 <= self.port <= 65_535:
            raise BusError(f"there is no port {self.port}: ports go from 0, any free one, to 65535")
        loop = asyncio.get_running_loop()
        hub = Hub(loop)
        hub.taps = self._taps
        hub.extensions = (
            *hub.extensions,
            StatsOps(loop, self.statistics, self._sessions, self.namespaces.describe),
        )
        doorkeeper = None if self._token is None else Doorkeeper(loop, self._token)
        room = _max_sessions()

        def session() -> Session:
            return Session(
                hub=hub,
                namespaces=self.namespaces,
                sessions=self._sessions,
                max_line=self._max_line,
                max_sessions=room,
                outbox=Outbox(max_lines=self._outbox_lines, max_bytes=self._outbox_bytes),
                doorkeeper=doorkeeper,
            )

        try:
            self._door = await self._open_door(session, hub.journal)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(self.host, self.port) from None
            raise BusError(f"cannot listen on {self.host} port {self.port}: {error.strerror}") from error
        self._hub = hub
        self._started = loop.time()
        note(
            "bus_started",
            url=self.url,
            pid=os.getpid(),
            version=__version__,
            loop=type(loop).__module__.partition(".")[0],
            tls=self._tls is not None,
            token=self._token is not None,
            max_line=self._max_line,
            max_sessions=room,
        )

    async def _open_door(self, session: Callable[[], Session], journal: Journal) -> Door:
        """Listen on the first address of the host."""
        found = await asyncio.get_running_loop().getaddrinfo(
            self.host or None, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, _, _, _, address = found[0]
        where = (address[0], self.port, *address[2:])
        listener = socket.create_server(where, family=family, backlog=BACKLOG)
        self.port = listener.getsockname()[1]
        return Door(listener, session, journal, self._tls)

    async def close(self) -> None:
        """Stop listening, send what is queued, disconnect everyone. Calling it again does nothing."""
        door, self._door = self._door, None
        if door is None:
            return
        door.close()
        await door.wait_closed()
        assert self._hub is not None
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
        self._hub.journal.close()
        uptime_s = round(asyncio.get_running_loop().time() - self._started, 3)
        note("bus_ended", url=self.url, uptime_s=uptime_s, **asdict(self.statistics()))

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


class _Host:
    """Stands for the bus itself where a namespace needs an owner."""

    def __init__(self, on_stop: Callable[[], None]) -> None:
        self._on_stop = on_stop

    def send(self, head: bytes, tail: bytes = b"") -> bool:
        """The one thing an owner is told: that somebody stopped its namespace."""
        self._on_stop()
        return True


def _max_sessions() -> int:
    """As many connections as this process may have files open, so that it never runs out of them."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return 1 << 20
    return max(1, allowed - _SPARE_FILES)
