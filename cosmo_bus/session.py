"""One connection to the server: its ops, its subscriptions, its outbox."""

from __future__ import annotations

import asyncio
import logging
import re
from itertools import count
from typing import Any, cast

from cosmo_bus import __version__
from cosmo_bus.access import STRANGER_MAX_LINE, TOKEN_AUTH, Doorkeeper
from cosmo_bus.chaos_ops import CHAOS_EXTENSION
from cosmo_bus.gate import GATE_EXTENSION
from cosmo_bus.hub import Hub
from cosmo_bus.namespaces import Namespaces
from cosmo_bus.ops import Ops, Owner
from cosmo_bus.outbox import Outbox
from cosmo_bus.same_user import is_same_user
from cosmo_bus.stats_ops import LONGEST_PATTERN, PATTERNS_TOLD, STATS_EXTENSION, SessionStatistics
from cosmo_bus.tls import CLIENT_HELLO
from cosmo_bus.wire import (
    LEGACY_MAX_RECEIVED,
    BadLine,
    Line,
    LineReader,
    Op,
    Oversize,
    decode_op,
    error_line,
    line_of,
)
from cosmo_bus.witness import Witness

_WRITE_AT_ONCE = 256 << 10
_LAST_WORDS_S = 5.0
"""How long a session that does not read may take to read why it was disconnected."""

_READS_WITHIN_S = 0.5
"""A session that took nothing for this long does not read."""

_SHOW_TOKEN = "this bus asks for its token: send it in hello, before anything else"
_HTTP = re.compile(rb"[A-Z]{3,8} \S+ HTTP/\d")


class Session(asyncio.Protocol):
    """Reads ops and carries them out; sends what the hub has for it.

    Args:
        hub: what all sessions share.
        namespaces: where `ns_register` and `mgmt_*` look.
        sessions: every connected session; this one joins and leaves it.
        max_line: bytes of the longest line it may send.
        max_sessions: connections beyond this many are refused.
        outbox: what it still has to be sent.
        doorkeeper: asks for the token before anything else; None when the bus has none.
    """

    _numbers = count(1)

    def __init__(
        self,
        *,
        hub: Hub,
        namespaces: Namespaces[Owner],
        sessions: set[Session],
        max_line: int,
        max_sessions: int,
        outbox: Outbox,
        doorkeeper: Doorkeeper | None = None,
    ) -> None:
        self.name = ""
        self.max_line = LEGACY_MAX_RECEIVED
        self.paused = False
        self.outbox = outbox
        self.ended: asyncio.Future[None] = hub.loop.create_future()
        self._hub = hub
        self._ops = Ops(self, hub, namespaces)
        self._sessions = sessions
        self._max_sessions = max_sessions
        self._doorkeeper = doorkeeper
        self._known = doorkeeper is None
        self._longest = max_line
        self._reader = LineReader(max_line if self._known else STRANGER_MAX_LINE)
        self._number = next(self._numbers)
        self._since = hub.loop.time()
        self._transport: asyncio.Transport | None = None
        self._first_line = True
        self._closing = False
        self._dirty = False
        self._peer: tuple[Any, ...] = ("", 0)
        self._last_read = 0.0
        self._patience: asyncio.TimerHandle | None = None
        self._came = 0
        self._why = ""
        self._witness = Witness(hub.journal, hub.loop.time, self._identity)
        outbox.on_dropped = self._witness.loses

    # -- the side of the hub and the ops

    @property
    def neighbours(self) -> int:
        """Sessions of the bus, this one included."""
        return len(self._sessions)

    @property
    def manages(self) -> bool:
        """Whether it may stop what others announced: it showed the token, or nobody but us can have made it."""
        if self._doorkeeper is not None:
            return self._known
        if self._transport is None or not self._peer[0]:
            return False
        return is_same_user(self._peer, self._transport.get_extra_info("sockname"))

    @property
    def worry(self) -> tuple[int, int, int]:
        """Its place among the others: who holds the most back, then who lost the most, then who came first."""
        return self.outbox.waiting_bytes + self._held_back(), self.outbox.dropped, -self._number

    def statistics(self) -> SessionStatistics:
        """Counts at this moment."""
        queued = self.outbox.statistics()
        policy = "drop-oldest" if self.outbox.drop_oldest else "disconnect"
        return SessionStatistics(
            session=self._number,
            name=self.name,
            address=self.address,
            connected_s=round(self._hub.loop.time() - self._since, 3),
            subscriptions=self._ops.subscriptions,
            waiting_lines=queued.lines,
            waiting_bytes=queued.bytes + self._held_back(),
            dropped=queued.dropped,
            policy=policy if self._known else "stranger",
            reading=not self.paused,
            max_line=self.max_line,
            patterns=self._ops.patterns(PATTERNS_TOLD, LONGEST_PATTERN),
        )

    @property
    def address(self) -> str:
        """Where the client is."""
        host, port = self._peer[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def _identity(self) -> dict[str, Any]:
        return {"session": self._number, "name": self.name, "address": self.address}

    def tell(self, event: str, level: int = logging.INFO, **facts: Any) -> None:
        """Tell the operator what this client did."""
        self._witness.tell(event, level, **facts)

    def _held_back(self) -> int:
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    @property
    def falls_behind(self) -> bool:
        """Whether it reads, but slower than it is written to. Observers never hold anyone up."""
        return (
            self.paused
            and self.outbox.crowded
            and not self.outbox.drop_oldest
            and self._hub.loop.time() - self._last_read < _READS_WITHIN_S
        )

    def send(self, head: bytes, tail: bytes = b"") -> bool:
        """Queue a line. False: it is closing, or did not read for too long and is disconnected now."""
        if self._closing:
            return False
        if not self.outbox.put(head, tail):
            self._evict()
            return False
        if self.paused:
            return True
        if not self._dirty:
            self._dirty = True
            self._hub.wake(self)
        elif self.outbox.waiting_bytes > self.outbox.much:
            # Many lines came in one turn. What the socket takes now must not count against who reads.
            self._write()
        return True

    def flush(self) -> None:
        """Write what is queued, as far as the socket takes it."""
        self._dirty = False
        self._write()

    def _write(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        while self.outbox and not self.paused:
            transport.write(self.outbox.take(_WRITE_AT_ONCE))

    def hold(self) -> None:
        """Stop reading its lines."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def go_on(self) -> None:
        """Read its lines again."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self, message: str = "") -> None:
        """Say why, if there is a reason, and disconnect; by force if it does not read even that."""
        if self._closing or self._transport is None:
            return
        self._why = message or "the bus ends"
        self._leave()
        if message:
            self.outbox.put(error_line(message))
        # The transport keeps what the socket does not take yet, and closes once that is written.
        while self.outbox:
            self._transport.write(self.outbox.take(_WRITE_AT_ONCE))
        self._transport.close()
        self._patience = self._hub.loop.call_later(_LAST_WORDS_S, self.abort)

    def abort(self) -> None:
        """Disconnect at once."""
        if self._transport is not None:
            self._transport.abort()

    # -- the socket's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Welcome the client, or turn it away when the bus is full."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_WRITE_AT_ONCE)
        self._peer = self._transport.get_extra_info("peername") or ("", 0)
        self._last_read = self._hub.loop.time()
        full = len(self._sessions) >= self._max_sessions
        self._sessions.add(self)
        if full:
            self.tell("session_refused", logging.WARNING, reason="full", sessions=self._max_sessions)
            self.close(
                f"this bus is full: it may have {self._max_sessions} connections; raise the limit of open files"
            )
            return
        if self._doorkeeper is not None:
            self._doorkeeper.receive(self)
        else:
            self._witness.came(len(self._sessions))
        self._transport.write(self.welcome())

    def data_received(self, data: bytes) -> None:
        """Carry out every line that is complete."""
        if self._known and not self._first_line:
            lines = self._reader.feed(data)
            self._came += len(lines)
            for line in lines:
                self._carry_out(line)
            return
        if self._first_line and data[0] == CLIENT_HELLO:
            self.turn_away("this bus does not speak TLS: write cosmo:// instead of cosmos://")
            return
        if not self._known:
            # One line first: the limit for those behind it is another one.
            first, newline, data = data.partition(b"\n")
            for each in self._reader.feed(first + newline):
                self._receive(each)
        for line in self._reader.feed(data):
            self._receive(line)

    def eof_received(self) -> None:
        """A last line without a newline still counts; then the transport closes by itself."""
        for line in self._reader.finish():
            self._receive(line)
        self.flush()

    def pause_writing(self) -> None:
        """The socket takes no more for now."""
        self.paused = True

    def resume_writing(self) -> None:
        """The socket takes more: the client does read."""
        self.paused = False
        self._last_read = self._hub.loop.time()
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget everything about the client."""
        self._leave()
        if self._patience is not None:
            self._patience.cancel()
        self._sessions.discard(self)
        self._witness.went(
            self._why,
            str(exc or ""),
            connected_s=round(self._hub.loop.time() - self._since, 3),
            lines_in=self._came,
            lines_out=self.outbox.taken,
            dropped=self.outbox.dropped,
            unsent=len(self.outbox),
            sessions=len(self._sessions),
        )
        counts = self._hub.counts
        counts.dropped += self.outbox.dropped
        counts.lost += len(self.outbox)
        if not self.ended.done():
            self.ended.set_result(None)

    def _leave(self) -> None:
        """Receive nothing more; its group members take its turns from here on."""
        self._closing = True
        if self._doorkeeper is not None:
            self._doorkeeper.forget(self)
        self._ops.leave()

    def _evict(self) -> None:
        lost = self.outbox.clear()
        self._hub.counts.lost += lost
        self._hub.counts.evicted += 1
        self.tell("slow_reader_disconnected", logging.WARNING, lost=lost)
        self.close(f"disconnected: {lost} messages waited and you do not read; they are lost")

    # -- lines

    def _receive(self, line: bytes | Oversize) -> None:
        if self._closing:
            return
        self._came += 1
        if not self._known and isinstance(line, Oversize):
            self.turn_away(_SHOW_TOKEN)
            return
        if self._first_line and not isinstance(line, Oversize):
            self._first_line = False
            if _HTTP.match(line):
                self.turn_away("this is a message bus, not an HTTP server")
                return
        self._carry_out(line)

    def _carry_out(self, line: bytes | Oversize) -> None:
        """Do what a line says."""
        if self._closing:
            return
        if isinstance(line, Oversize):
            self.refuse(
                f"line of {line.length:,} bytes discarded: this bus takes {self._reader.limit:,} at most"
            )
            return
        try:
            op = decode_op(line)
        except BadLine as error:
            if self._known:
                self.refuse(str(error))
            else:
                self.turn_away(_SHOW_TOKEN)
            return
        if not self._known and not self._admit(op):
            return
        if op.op == "pub":
            self._ops.publish(op)
        else:
            self._ops.carry_out(cast(Op, op))

    def _admit(self, op: Line) -> bool:
        """Whether the first line of a client shows the token; otherwise it is sent away."""
        assert self._doorkeeper is not None
        if not isinstance(op, Op) or op.op != "hello" or op.token is None:
            self.turn_away(_SHOW_TOKEN)
        elif not self._doorkeeper.admits(op.token):
            self.turn_away("that is not the token of this bus")
        else:
            self._known = True
            self._doorkeeper.forget(self)
            self._reader.limit = self._longest
            self._witness.came(len(self._sessions))
        return self._known

    def turn_away(self, message: str) -> None:
        """Say why, and disconnect."""
        self._hub.counts.refused += 1
        self.tell("stranger_refused", logging.WARNING, reason=message)
        self.close(message)

    def refuse(self, message: str) -> None:
        """Answer with `err`."""
        self._hub.counts.refused += 1
        self._witness.refuse(message)
        self.send(error_line(message))

    def welcome(self) -> bytes:
        """The line that greets a client."""
        return line_of(
            op="welcome",
            server=f"cosmo_bus/{__version__}",
            max_line=self._longest,
            ext=[GATE_EXTENSION, CHAOS_EXTENSION, STATS_EXTENSION],
            **({} if self._known else {"auth": TOKEN_AUTH}),
        )
