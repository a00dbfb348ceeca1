"""What every object of coordination has: where it lives, what happened to it, and how far that is known."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from typing import ClassVar, NamedTuple

from cosmo_doppler.model.coordination.notice import SNAPSHOT, Kind, Notice
from cosmo_doppler.model.coordination.reading import short_name

HISTORY = 200
"""Events kept of an object; beyond that the oldest go, which `Thing.events` still counts."""


class Happening(NamedTuple):
    """One event in the life of an object."""

    at: float
    """Arrival, epoch seconds."""
    seq: int
    """Position of its signal in the store of frames."""
    event: str
    who: str
    """Whose doing it was; empty when nobody's."""
    note: str
    """What else is to be said of it; not yet safe for a terminal."""


class Thing(ABC):
    """One object of coordination."""

    __slots__ = (
        "events",
        "history",
        "id",
        "joined_late",
        "key",
        "known_rev",
        "last_at",
        "live",
        "rev",
        "revision",
        "seq",
        "state",
        "store",
        "trace_id",
    )

    kind: ClassVar[Kind]
    first: ClassVar[str]
    """Its state when it is new."""
    ended: ClassVar[frozenset[str]]
    """States after which nothing more happens."""

    def __init__(self, notice: Notice) -> None:
        about = notice.about
        self.key = about.key
        self.id = about.subject
        self.store = about.store
        self.live = about.live
        """Agents take part in it on the bus itself."""
        self.trace_id = notice.trace_id
        self.seq = notice.seq
        """Position of the first signal about it."""
        self.last_at = notice.at
        """When it was heard of last, epoch seconds."""
        self.state = self.first
        self.rev = -1
        """Place of the latest event among those of its store."""
        self.known_rev = -1
        """Up to which event a snapshot told how it stands."""
        self.joined_late = False
        """It was there before it was first heard of, so its history lacks the beginning."""
        self.history: deque[Happening] = deque(maxlen=HISTORY)
        self.events = 0
        """Events heard of."""
        self.revision = 0
        """Grows with everything that is learned about it."""

    @property
    def over(self) -> bool:
        """Whether nothing more happens to it."""
        return self.state in self.ended

    @property
    def title(self) -> str:
        """What it is, one line; not yet safe for a terminal."""
        return f"{self.kind} {short_name(self.id)}"

    def hear(self, notice: Notice) -> bool:
        """Take in a signal about it.

        Returns:
            Whether it may have told anything new: not when its event is known already, or a later one.
        """
        rev = notice.about.rev
        if notice.about.event == SNAPSHOT:
            return self._restored(notice, self.rev if rev is None else rev)
        if rev is not None and rev <= self.rev:
            return False
        if self.joined_late and not self.events and rev is not None and rev <= self.known_rev:
            # What came before the snapshot is told after all.
            self.seq = min(self.seq, notice.seq)
        self.revision += 1
        self.events += 1
        self.last_at = notice.at
        # A snapshot may be ahead of events that are still on their way: they are history then, and change nothing.
        is_new = rev is None or rev > self.known_rev
        note = self.take(notice) if is_new else self.note(notice)
        self.rev = self.rev if rev is None else rev
        self.history.append(Happening(notice.at, notice.seq, notice.about.event, notice.who, note))
        return True

    def _restored(self, notice: Notice, rev: int) -> bool:
        if rev < self.rev or rev < self.known_rev:
            return False
        self.joined_late = self.joined_late or not self.events
        self.known_rev = rev
        self.last_at = notice.at
        self.restore(notice)
        self.revision += 1
        return True

    @abstractmethod
    def take(self, notice: Notice) -> str:
        """Change as an event says, and return what is to be noted of it."""

    @abstractmethod
    def restore(self, notice: Notice) -> None:
        """Stand as a snapshot says."""

    def note(self, notice: Notice) -> str:
        """What is to be noted of an event that changes nothing any more."""
        return ""
