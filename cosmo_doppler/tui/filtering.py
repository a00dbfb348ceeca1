"""The filter on the screen: which signals it means, and the traces, auctions and participants those belong to."""

from __future__ import annotations

import time
from bisect import bisect_left, insort
from collections.abc import Callable, Container, Iterable, Mapping

from cosmo_doppler.model.auctions import Auction
from cosmo_doppler.model.board import Board
from cosmo_doppler.model.coordination.notice import TELLING
from cosmo_doppler.model.traces import Trace
from cosmo_doppler.query import Filter, Hits, Known, Unmet, compile_filter
from cosmo_doppler.query.ast import Or
from cosmo_doppler.session import Session

_AT_ONCE = 20_000
"""With more hits than this to find the traces of, everything is looked at again, in slices."""

_GONE = 256
"""Traces that the board may have forgotten before they leave the list; until then their rows are empty."""

_MOST_OBJECTS = 50_000
"""Objects of coordination that are remembered to match, the latest; the board keeps no more."""

_OF_AUCTIONS = frozenset({"TASK_OFFER", "BID", "TASK_AWARDED", "TASK_DECLINED"})


class _Ordered:
    """Ids by when what they stand for began."""

    def __init__(self) -> None:
        self._places: list[tuple[float, str]] = []
        self._ids: set[str] = set()

    def __len__(self) -> int:
        return len(self._places)

    def add(self, id: str, began: float) -> None:
        if id not in self._ids:
            self._ids.add(id)
            insort(self._places, (began, id))

    def newest(self, index: int) -> str:
        """The id at a place counted from the newest."""
        return self._places[-1 - index][1]

    def prune(self, known: Container[str]) -> None:
        self._places = [place for place in self._places if place[1] in known]
        self._ids = {id for _, id in self._places}

    def index(self, id: str, began: float) -> int | None:
        if id not in self._ids:
            return None
        return len(self._places) - 1 - bisect_left(self._places, (began, id))


class Filtering:
    """What the screen is narrowed to. The session's lock is held by whoever calls.

    Args:
        session: what is shown.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.wanted: Filter | None = None
        """The filter in force."""
        self.hits: Hits | None = None
        """The signals it means; None without a filter."""
        self.unmet: Unmet | None = None
        """Why it means nothing, while it does."""
        self.traces = _Ordered()
        self.auctions = _Ordered()
        self.objects: dict[str, None] = {}
        """Keys of the objects of coordination that matching signals tell of, in the order in which they were found."""
        self._people: list[str] | None = []
        self.version = 0
        """Grows whenever something else is shown."""
        self.busy = False
        """Whether the next turn has something to go on with."""
        self._names: set[str] = set()
        self._board: Board | None = None
        self._gone = 0
        self._roster = 0
        self._position = 0
        self._since = 0

    @property
    def text(self) -> str:
        """The filter as a person wrote it; empty when there is none."""
        return "" if self.wanted is None else self.wanted.text

    @property
    def people(self) -> list[str]:
        """Participants that matching signals name, in the order of the registry."""
        if self._people is None:
            self._people = [id for id in self._session.timeline.board.roster if id in self._names]
        return self._people

    def use(self, wanted: Filter | None) -> None:
        """Narrow the screen to something else, or to nothing."""
        if _meaning(wanted) == _meaning(self.wanted):
            return
        self.wanted = wanted
        self._forget()
        timeline = self._session.timeline
        self._board, self._gone = timeline.board, timeline.board.evicted_traces
        self._position = self._since = timeline.position
        self.busy = wanted is not None
        self.unmet = None
        self.hits = None if wanted is None else Hits(wanted, self._session.store, self._found)

    def without(self, condition: str, named: Mapping[str, str] | None = None) -> Filter:
        """The filter in force and not `condition`; `named` are the saved filters that it may use."""
        if self.wanted is None:
            return compile_filter(f"-{condition}")
        text = f"({self.text})" if isinstance(self.wanted.node, Or) else self.text
        return compile_filter(f"{text} -{condition}", named)

    def arrival(self, seq: int) -> float:
        """When a signal came, epoch seconds."""
        return self._session.store.at(seq)

    @property
    def hidden(self) -> int:
        """Signals that came since the filter was set and are not shown."""
        hits, position = self.hits, self._position
        if hits is None or position <= self._since:
            return 0
        return position - self._since - (hits.index(position) - hits.index(self._since))

    def turn(self, budget_s: float) -> None:
        """Look at new signals, and at more of the old ones for about so many seconds of work."""
        hits = self.hits
        if hits is None:
            return
        timeline = self._session.timeline
        board, position, before = timeline.board, timeline.position, self._position
        if board is not self._board or position < before:
            self._start_over(hits, board)
            before = 0
        elif board.evicted_traces - self._gone >= _GONE:
            self._gone = board.evicted_traces
            self.traces.prune(board.traces)
            self.auctions.prune(board.auctions)
        self._position = position
        until = time.perf_counter() + budget_s
        known = Known(board, timeline.now, self._session.marks)
        self.busy = hits.turn(position, known, lambda: time.perf_counter() >= until)
        # What was looked at before somebody went back in time.
        again = range(hits.index(before), hits.index(position))
        if len(again) > _AT_ONCE:
            hits.restart()
        else:
            self._take(hits[index] for index in again)
        if position != before or hits.searching is not None:
            self.version += 1
        self._seek_unmet(known, lambda: time.perf_counter() >= until)
        if board.presence.changes != self._roster:
            self._roster = board.presence.changes
            self._people = None
            self.version += 1

    def _seek_unmet(self, known: Known, out_of_time: Callable[[], bool]) -> None:
        """Once everything was looked at in vain, find out why."""
        hits = self.hits
        if hits is None or self.wanted is None or len(hits) or hits.searching is not None:
            self.unmet = None
            return
        if self.unmet is None:
            self.unmet = Unmet(self.wanted, self._session.store)
        told = self.unmet.known, self.unmet.conditions
        if self.unmet.turn(self._position, known, out_of_time):
            self.busy = True
        if (self.unmet.known, self.unmet.conditions) != told:
            self.version += 1

    # -- what hits belong to

    def _found(self, found: list[int]) -> None:
        self.version += 1
        if found:
            self._take(found)
        else:
            self._forget()

    def _forget(self) -> None:
        self.version += 1
        self.traces, self.auctions = _Ordered(), _Ordered()
        self.objects = {}
        self._people, self._names = [], set()

    def _start_over(self, hits: Hits, board: Board) -> None:
        """The past itself may be another one."""
        replaced = self._board is not None and board is not self._board
        self._board, self._gone, self.unmet = board, board.evicted_traces, None
        if replaced and hits.wanted.folded:
            hits.restart()
        else:
            self._forget()

    def _take(self, found: Iterable[int]) -> None:
        board, store = self._session.timeline.board, self._session.store
        trace_numbers, traces = store.column("trace")
        people = len(self._names)
        last_trace = -1
        coordinated = bool(len(board.coordination))
        for seq in found:
            self._names.add(store.who(seq))
            if coordinated and store.type(seq) in TELLING:
                self._take_object(board, seq)
            number = trace_numbers[seq]
            trace = board.traces.get(traces[number])
            if trace is None:
                continue
            if number != last_trace:
                self.traces.add(trace.id, trace.started_at)
                last_trace = number
            if trace.auctions and store.type(seq) in _OF_AUCTIONS:
                self._take_auction(board, trace, seq)
        if len(self._names) != people:
            self._people = None

    def _take_object(self, board: Board, seq: int) -> None:
        thing = board.coordination.of_signal(self._session.store.header(seq))
        if thing is not None and thing.key not in self.objects:
            self.objects[thing.key] = None
            while len(self.objects) > _MOST_OBJECTS:
                del self.objects[next(iter(self.objects))]

    def _take_auction(self, board: Board, trace: Trace, seq: int) -> None:
        above = trace.by_id.get(self._session.store.header(seq).id)
        while above is not None:
            auction = board.auctions.get(above.id)
            if auction is not None:
                self.auctions.add(auction.offer_id, auction.opened_at)
                return
            above = above.parent


def _meaning(wanted: Filter | None) -> object:
    """What a filter says and means: the same words may use another saved filter by now."""
    return None if wanted is None else (wanted.text, wanted.node)


def trace_began(board: Board, id: str) -> float | None:
    """When a trace began; None when it is not known."""
    trace: Trace | None = board.traces.get(id)
    return None if trace is None else trace.started_at


def auction_began(board: Board, id: str) -> float | None:
    """When an auction began; None when it is not known."""
    auction: Auction | None = board.auctions.get(id)
    return None if auction is None else auction.opened_at
