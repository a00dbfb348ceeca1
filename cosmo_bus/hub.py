"""The middle of the server: what all sessions share. No sockets here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import msgspec

from cosmo_bus.chaos_ops import ChaosOps
from cosmo_bus.extension import Extension
from cosmo_bus.gate_ops import GateOps
from cosmo_bus.journal import Journal
from cosmo_bus.router import CACHED_SUBJECTS, Router
from cosmo_bus.wire import MSG_MIDDLE, msg_lead, unquote

logger = logging.getLogger(__name__)

STALL_S = 0.02
"""How long a publisher may be held when a subscriber that does read has fallen behind."""

Tap = Callable[[str, bytes], None]
"""Sees every published message: subject, frame."""


class Receiver(Protocol):
    """What the hub knows of a session."""

    max_line: int
    """Bytes of the longest line it can read."""
    paused: bool
    """Whether its socket takes no more for now."""

    @property
    def falls_behind(self) -> bool:
        """Whether it reads, but slower than it is written to."""
        ...

    def send(self, head: bytes, tail: bytes = b"") -> bool:
        """Queue a line. False: it cannot be reached any more."""
        ...

    def flush(self) -> None:
        """Write what is queued."""
        ...

    def hold(self) -> None:
        """Stop reading its lines."""
        ...

    def go_on(self) -> None:
        """Read its lines again."""
        ...


class Subscriber:
    """One subscription of one session."""

    __slots__ = ("session", "tail", "tail_length")

    def __init__(self, session: Receiver, tail: bytes) -> None:
        self.session = session
        self.tail = tail
        self.tail_length = len(tail)


@dataclass(frozen=True)
class BusStatistics:
    """Counts of a server since it started."""

    sessions: int
    """Connected now."""
    subscriptions: int
    """Held now."""
    published: int
    """`pub` lines accepted."""
    delivered: int
    """`msg` lines queued for a session."""
    unheard: int
    """Published while nobody was subscribed."""
    skipped: int
    """Copies not sent because the receiver cannot read a line that long."""
    dropped: int
    """Copies an observer lost because it did not keep up."""
    evicted: int
    """Sessions disconnected because they did not read."""
    lost: int
    """Copies that waited for a session that was evicted or closed, or came to it too late."""
    refused: int
    """Lines answered with `err`."""
    held: int
    """Messages at gates now."""
    faults: int
    """Messages that met a fault on demand."""


@dataclass
class Counts:
    """The counts that only grow."""

    published: int = 0
    delivered: int = 0
    unheard: int = 0
    skipped: int = 0
    dropped: int = 0
    evicted: int = 0
    lost: int = 0
    refused: int = 0


class Hub:
    """Routes messages between sessions. Publishing never waits for anyone."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.router: Router[Subscriber] = Router()
        self._matches = self.router.answers
        self.counts = Counts()
        self.journal = Journal(loop)
        self.taps: list[Tap] = []
        self.gates = GateOps(loop, self.deliver)
        self.chaos = ChaosOps(loop, self._enter, self.deliver, self.journal)
        self.extensions: tuple[Extension, ...] = (self.chaos, self.gates)
        # Looked at for every message; empty nearly always.
        self._rules = self.chaos.rules
        self._gates = self.gates.standing
        self._leads: dict[str, bytes] = {}
        self._dirty: list[Receiver] = []
        self._stalled: list[Receiver] = []

    def publish(self, subject: str, frame: msgspec.Raw, publisher: Receiver) -> int:
        """Queue a message for everyone it concerns, unless it meets a fault on demand or a gate.

        Returns:
            How many could not read a line that long.
        """
        self.counts.published += 1
        if self._rules and not self.chaos.admit(subject, frame):
            return 0
        if self._gates and not self.gates.admit(subject, frame):
            return 0
        return self.deliver(subject, frame, publisher)

    def _enter(self, subject: str, frame: msgspec.Raw) -> int:
        """Come to the gates. Faults lie before them: what a person lets go does arrive."""
        if self._gates and not self.gates.admit(subject, frame):
            return 0
        return self.deliver(subject, frame)

    def deliver(self, subject: str, frame: msgspec.Raw, publisher: Receiver | None = None) -> int:
        """Queue a message for everyone it concerns now; return how many could not read a line that long.

        Args:
            subject: where it was published.
            frame: the JSON string that holds it.
            publisher: who may be held for a moment when subscribers fall behind.
        """
        counts = self.counts
        for tap in self.taps:
            self._run_tap(tap, subject, frame)
        match = self._matches.get(subject) or self.router.match(subject)
        if not match.solo and not match.groups:
            counts.unheard += 1
            return 0
        head = b"".join((self._leads.get(subject) or self._lead(subject), frame, MSG_MIDDLE))
        skipped = lost = delivered = 0
        length = len(head) - 1
        behind = False
        for subscriber in match.solo:
            session = subscriber.session
            if length + subscriber.tail_length > session.max_line:
                skipped += 1
            elif session.send(head, subscriber.tail):
                delivered += 1
                behind = behind or (session.paused and session.falls_behind)
            else:
                lost += 1
        for group in match.groups:
            too_long = False
            for subscriber in group.rotation():
                session = subscriber.session
                if length + subscriber.tail_length > session.max_line:
                    too_long = True
                elif session.send(head, subscriber.tail):
                    delivered += 1
                    behind = behind or (session.paused and session.falls_behind)
                    break
            else:
                skipped += too_long
                lost += not too_long
        counts.delivered += delivered
        counts.skipped += skipped
        counts.lost += lost
        if behind and publisher is not None:
            self._stall(publisher)
        return skipped

    def wake(self, session: Receiver) -> None:
        """Flush `session` at the end of this turn of the loop, together with all others."""
        if not self._dirty:
            self.loop.call_soon(self._flush)
        self._dirty.append(session)

    def _lead(self, subject: str) -> bytes:
        """How messages on a subject begin, kept for the next one. Reply subjects are used once and would pile up."""
        if len(self._leads) >= CACHED_SUBJECTS:
            self._leads.clear()
        lead = self._leads[subject] = msg_lead(subject)
        return lead

    def _flush(self) -> None:
        dirty, self._dirty = self._dirty, []
        for session in dirty:
            session.flush()

    def _stall(self, publisher: Receiver) -> None:
        """Hold a publisher for a moment. Bounded, so that nobody ever depends on somebody else's reading."""
        if publisher in self._stalled:
            return
        if not self._stalled:
            self.loop.call_later(STALL_S, self._release)
        self._stalled.append(publisher)
        publisher.hold()

    def _release(self) -> None:
        stalled, self._stalled = self._stalled, []
        for publisher in stalled:
            publisher.go_on()

    def _run_tap(self, tap: Tap, subject: str, frame: msgspec.Raw) -> None:
        try:
            tap(subject, unquote(frame))
        except Exception:
            logger.exception("a tap of the bus failed on %.200r", subject)
