"""What is seen here held against a baseline: who is whose twin, and what is different about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from cosmo_doppler.model.auctions import Auction
from cosmo_doppler.model.baseline import (
    Baseline,
    Likeness,
    Round,
    Run,
    Shelf,
    auction_likeness,
    round_of,
    trace_likeness,
)
from cosmo_doppler.model.board import Board
from cosmo_doppler.model.traces import Trace, TraceStatus

_AT_ONCE = 64
"""Traces or auctions looked at between two looks at the clock."""

S = TypeVar("S", bound=Trace | Auction)
T = TypeVar("T", bound=Run | Round)


class TraceChange(NamedTuple):
    """A trace and its twin."""

    twin: Run | None
    """None: it is new."""
    later_s: float | None
    """How much longer it took, or has taken already; None while that is not known."""
    was: TraceStatus | None
    """How the twin ended, where this one ended in another way."""

    @property
    def same(self) -> bool:
        """Whether it came to the same result, at whatever pace."""
        return self.twin is not None and self.was is None


class AuctionChange(NamedTuple):
    """An auction and its twin."""

    twin: Round | None
    """None: it is new."""
    dearer: float | None
    """How much more the winner asks; None without two prices."""
    was: str
    """Who won, or what became of it, where that is somebody or something else here; empty otherwise."""
    came: tuple[str, ...]
    """Bidders that the twin did not have."""
    left: tuple[str, ...]
    """Bidders that only the twin had; nobody until it is decided."""

    @property
    def same(self) -> bool:
        """Whether it came to the same result, whoever else bid and at whatever price."""
        return self.twin is not None and not self.was


NEW_TRACE = TraceChange(None, None, None)
NEW_AUCTION = AuctionChange(None, None, "", (), ())

_UNDER_WAY = frozenset({"open", "waiting"})


def trace_change(twin: Run, trace: Trace, now: float) -> TraceChange:
    """How a trace differs from its twin, as of now."""
    going_on = trace.status in _UNDER_WAY
    ended = max(now, trace.last_at) if trace.ended_at is None else trace.ended_at
    later: float | None = ended - trace.started_at - twin.took_s
    if twin.status in _UNDER_WAY or (going_on and (later or 0.0) < 0.0):
        # How long it takes was not known there, or is not known here yet.
        later = None
    differs = trace.status != twin.status and not going_on
    return TraceChange(twin, later, twin.status if differs else None)


def auction_change(twin: Round, auction: Auction) -> AuctionChange:
    """How an auction differs from its twin, as of now."""
    here = round_of(auction)
    came = tuple(sorted(here.bidders - twin.bidders))
    if auction.state == "open":
        return AuctionChange(twin, None, "", came, ())
    dearer = here.cost - twin.cost if here.cost is not None and twin.cost is not None else None
    was = "" if (here.state, here.winner) == (twin.state, twin.winner) else twin.winner or twin.state
    return AuctionChange(twin, dearer, was, came, tuple(sorted(twin.bidders - here.bidders)))


class Twins(Generic[S, T]):
    """Which of the baseline each trace, or each auction, of a board is held against; kept up to date as they come.

    Args:
        shelf: those of the baseline.
        board: those seen here.
        likeness: of one of them.
    """

    def __init__(self, shelf: Shelf[T], board: Board, likeness: Callable[[S, Board], Likeness]) -> None:
        self._shelf = shelf
        self._board = board
        self._likeness = likeness
        self._twins: dict[str, T | None] = {}
        self._log: list[tuple[str, Likeness | tuple[str, ...] | None]] = []
        """Those looked at, by arrival, and among which they were counted."""
        self._numbers: Counter[Likeness | tuple[str, ...]] = Counter()

    def turn(self, order: Sequence[str], known: Mapping[str, S], out_of_time: Callable[[], bool]) -> bool:
        """Look at those that came since. True when all have been looked at.

        Args:
            order: ids by arrival.
            known: all of them.
            out_of_time: asked now and then.
        """
        self._go_back(known)
        place = self._place(order)
        while place < len(order):
            for id in order[place : place + _AT_ONCE]:
                one = known.get(id)
                if one is not None and id not in self._twins:
                    self._note(id, one)
                place += 1
            if out_of_time():
                break
        return place >= len(order)

    def __contains__(self, id: str) -> bool:
        return id in self._twins

    def twin(self, id: str) -> T | None:
        """What it is held against; None when it is new, or was not looked at yet."""
        return self._twins.get(id)

    def _note(self, id: str, one: S) -> None:
        likeness = self._likeness(one, self._board)
        among = self._shelf.counts(likeness)
        self._log.append((id, among))
        twin = None
        if among is not None:
            twin = self._shelf.nth(among, self._numbers[among])
            self._numbers[among] += 1
            if isinstance(among, Likeness):
                # The kind counts everybody, so that those with new words do not begin at the first again.
                self._numbers[among.kind] += 1
        self._twins[id] = twin

    def _go_back(self, known: Mapping[str, S]) -> None:
        """Forget those that are not known any more: time was turned back, or they were dropped to make room."""
        while self._log and self._log[-1][0] not in known:
            id, among = self._log.pop()
            del self._twins[id]
            if among is not None:
                self._numbers[among] -= 1
                if isinstance(among, Likeness):
                    self._numbers[among.kind] -= 1
        if len(self._log) > 2 * len(known) + _AT_ONCE:
            self._log = [entry for entry in self._log if entry[0] in known]
            self._twins = {id: self._twins[id] for id, _ in self._log}

    def _place(self, order: Sequence[str]) -> int:
        """How many of the order have been looked at."""
        if not self._log:
            return 0
        latest, place = self._log[-1][0], len(self._log)
        if place <= len(order) and order[place - 1] == latest:
            return place
        return next(place + 1 for place in range(len(order) - 1, -1, -1) if order[place] == latest)


class Pairing:
    """A board held against a baseline. Reading and turning it needs whatever guards the board.

    Args:
        baseline: what it is held against.
        board: what is seen.
    """

    def __init__(self, baseline: Baseline, board: Board) -> None:
        self.baseline = baseline
        self.board = board
        self._runs: Twins[Trace, Run] = Twins(baseline.runs, board, trace_likeness)
        self._rounds: Twins[Auction, Round] = Twins(baseline.rounds, board, auction_likeness)

    def turn(self, out_of_time: Callable[[], bool]) -> bool:
        """Look at what came since. True when nothing is left to look at."""
        board = self.board
        done = self._runs.turn(board.trace_order, board.traces, out_of_time)
        return self._rounds.turn(board.auction_order, board.auctions, out_of_time) and done

    def trace(self, trace: Trace, now: float) -> TraceChange | None:
        """How a trace differs from its twin; None when nothing can be said: not looked at, or not of the kind."""
        if trace.id not in self._runs or trace.id == self.baseline.name:
            return None
        twin = self._runs.twin(trace.id)
        if twin is None:
            return None if self.baseline.single else NEW_TRACE
        return trace_change(twin, trace, now)

    def auction(self, auction: Auction) -> AuctionChange | None:
        """How an auction differs from its twin; None as for traces."""
        if auction.offer_id not in self._rounds or auction.offer_id == self.baseline.name:
            return None
        twin = self._rounds.twin(auction.offer_id)
        if twin is None:
            return None if self.baseline.single else NEW_AUCTION
        return auction_change(twin, auction)

    def missing(self) -> tuple[list[Run], list[Round]]:
        """What the baseline has and this board has not: it looks at all of them."""
        return _without(self.baseline.runs, self._runs), _without(self.baseline.rounds, self._rounds)


def _without(shelf: Shelf[T], twins: Twins[S, T]) -> list[T]:
    met = {twin.id for id in twins._twins if (twin := twins.twin(id)) is not None}
    return [one for one in shelf.all if one.id not in met]
