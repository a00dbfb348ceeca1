"""What a board says when it is asked how everything stands; `Board` is the one that folds it."""

from __future__ import annotations

from collections import Counter

from cosmo_doppler.model.agenda import Agenda
from cosmo_doppler.model.auction_book import AuctionBook
from cosmo_doppler.model.auctions import Auction
from cosmo_doppler.model.faults import FaultBook
from cosmo_doppler.model.outline import Outline
from cosmo_doppler.model.requests import Request, RequestBook
from cosmo_doppler.model.roster import Participant, Roster
from cosmo_doppler.model.trace_book import TraceBook
from cosmo_doppler.model.traces import Portal, Trace
from cosmo_doppler.model.watch import Watch
from cosmo_doppler.model.way import Way


class Standing:
    """Traces, auctions, questions and participants as they stand."""

    _ways: dict[str, Way]
    _traces: TraceBook
    _auctions: AuctionBook
    _requests: RequestBook
    _roster: Roster
    _agenda: Agenda
    _watch: Watch

    @property
    def types(self) -> Counter[str]:
        """Signals by type; those of no known type under UNKNOWN_TYPE."""
        return Counter({kind: way.count for kind, way in self._ways.items()})

    @property
    def traces(self) -> dict[str, Trace]:
        """Every trace that is kept, by id."""
        return self._traces.by_id

    @property
    def trace_order(self) -> list[str]:
        """Trace ids by arrival."""
        return self._traces.order

    @property
    def trace_outline(self) -> Outline[Trace]:
        """Traces newest first, each followed by those it caused."""
        return self._traces.outline

    def portal_to(self, trace_id: str) -> Portal | None:
        """The door to a trace in the one it is nested in; None when it is in none."""
        return self._traces.portal_to(trace_id)

    @property
    def evicted_traces(self) -> int:
        """Traces forgotten because there were too many."""
        return self._traces.evicted

    @property
    def auctions(self) -> dict[str, Auction]:
        """Every auction, by offer id."""
        return self._auctions.by_offer

    @property
    def auction_order(self) -> list[str]:
        """Offer ids by arrival."""
        return self._auctions.order

    @property
    def requests(self) -> dict[str, Request]:
        """Every question, and work for people, by event id."""
        return self._requests.by_id

    @property
    def request_order(self) -> list[str]:
        """Event ids of `requests` by arrival."""
        return self._requests.order

    @property
    def waiting(self) -> dict[str, Request]:
        """Those of `requests` nobody has answered, by event id, the longest waiting first."""
        return self._requests.waiting

    @property
    def roster(self) -> dict[str, Participant]:
        """Everybody who announced itself, by id."""
        return self._roster.by_id

    @property
    def presence(self) -> Roster:
        """The registry itself: its counts, and what somebody there can do."""
        return self._roster

    @property
    def forgotten_participants(self) -> int:
        """Participants dropped because there were too many."""
        return self._roster.forgotten

    @property
    def faults(self) -> FaultBook:
        """What went wrong."""
        return self._watch.book

    @property
    def unchecked(self) -> int:
        """What should have been looked at later and was not, because too much waited for its time."""
        return self._agenda.skipped

    def running(self, who: str) -> int:
        """How many tasks and awards a participant has not answered yet."""
        return self._watch.running(who)
