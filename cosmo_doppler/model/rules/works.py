"""Work that was given and not answered yet, by event, by holder and by trace."""

from __future__ import annotations

from collections.abc import Mapping

from cosmo_doppler.model.faults import Fault
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.model.recent import Recent
from cosmo_sdk.header import Header

_MOST = 20_000
"""Pieces of work remembered."""


class Work:
    """A TASK or an award until it is answered."""

    __slots__ = (
        "answered_by",
        "at",
        "capabilities",
        "fault",
        "heard",
        "id",
        "offer_id",
        "open",
        "seq",
        "trace_id",
        "who",
    )

    def __init__(self, header: Header, seen: Observed) -> None:
        self.id = header.id
        self.trace_id = header.trace_id
        self.who = header.who
        self.at = seen.at
        self.seq = seen.seq
        self.offer_id = "" if seen.auction is None else seen.auction.offer_id
        """The offer of which it was won; empty for a TASK."""
        self.capabilities: list[str] = []
        self.heard = False
        """Somebody showed that it is being worked on, while it was open."""
        self.open = True
        self.answered_by = ""
        self.fault: Fault | None = None
        """What was said of it, to be taken back once it is answered."""

    @property
    def is_call(self) -> bool:
        """Whether everybody may answer: it names neither anybody nor what one must be able to do."""
        return not self.who and not self.capabilities


class Works:
    """The latest pieces of work. Those that are answered are remembered, those that are forgotten are no longer open."""

    def __init__(self) -> None:
        self._latest: Recent[str, Work] = Recent(_MOST)
        self.by_id: Mapping[str, Work] = self._latest.entries
        """The work a TASK or an award gave, by its event id."""
        self._held: dict[str, dict[str, Work]] = {}
        """Open work by holder."""
        self._on: dict[str, dict[str, Work]] = {}
        """Open work by trace."""
        self.unheard: dict[str, Work] = {}
        """Open work that nobody showed to be at, by its event id."""

    def get(self, id: str) -> Work | None:
        """The work a TASK or an award gave, by its event id."""
        return self.by_id.get(id)

    def open(self, work: Work) -> None:
        """Work was given. Another piece under the same id is over."""
        for forgotten in (self.by_id.get(work.id), self._latest.put(work.id, work)):
            if forgotten is not None:
                self.close(forgotten)
        self.unheard[work.id] = work
        for index, key in ((self._held, work.who), (self._on, work.trace_id)):
            works = index.get(key)
            if works is None:
                index[key] = {work.id: work}
            else:
                works[work.id] = work

    def close(self, work: Work) -> None:
        """Nobody has to answer it any more."""
        work.open = False
        self.unheard.pop(work.id, None)
        for index, key in ((self._held, work.who), (self._on, work.trace_id)):
            works = index.get(key)
            if works is not None:
                works.pop(work.id, None)
                if not works:
                    del index[key]

    def held_by(self, who: str) -> list[Work]:
        """Open work of a participant."""
        return list(self._held.get(who, {}).values())

    def running(self, who: str) -> int:
        """How much open work a participant has."""
        return len(self._held.get(who, ()))

    def on(self, trace_id: str) -> list[Work]:
        """Open work on a trace."""
        return list(self._on.get(trace_id, {}).values())

    def oldest(self, trace_id: str, who: str) -> Work | None:
        """The open work on a trace that an answer with an unknown parent means (PROTOCOL 3.4)."""
        if not who:
            return None
        return next((work for work in self._on.get(trace_id, {}).values() if work.who == who), None)
