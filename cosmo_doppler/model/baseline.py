"""A run that others are held against: which of its traces and auctions is the twin of one seen here, and what changed.

Two traces are of one kind when they began alike: with the same type of signal, addressed to the same participant or
needing the same capabilities. Two auctions are when they need the same capabilities (or, needing none, ask the same).
Of several of a kind the n-th with the same words asked is the twin of the n-th there; where the baseline has nothing
with these words, the n-th of the kind is. What has no twin is new.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from cosmo_doppler.model.auctions import Auction, AuctionState
from cosmo_doppler.model.board import Board
from cosmo_doppler.model.timings import KINDS, Kind
from cosmo_doppler.model.traces import Trace, TraceStatus

T = TypeVar("T", bound="Run | Round")

QUANTILES = (0.5, 0.95)
"""Of the durations that are held against those of the baseline."""

_AT_ONCE = 64
"""Traces or auctions taken in between two looks at the clock."""

_LONGEST_ASKED = 400
"""Characters of what is asked that must be the same."""


class Likeness(NamedTuple):
    """What makes two of them comparable."""

    kind: tuple[str, ...]
    asked: str
    """The words asked; not yet safe for a terminal."""


class Run(NamedTuple):
    """A trace of the baseline."""

    id: str
    title: str
    """Not yet safe for a terminal."""
    status: TraceStatus
    took_s: float
    signals: int
    errors: int


class Round(NamedTuple):
    """An auction of the baseline."""

    id: str
    title: str
    state: AuctionState
    winner: str
    cost: float | None
    """What the winner asked; None when it named no price."""
    bidders: frozenset[str]


def trace_likeness(trace: Trace, board: Board) -> Likeness:
    """What a trace must share with another one: how it began."""
    seq, type, who = trace.began_with
    kind: tuple[str, ...] = (type, who)
    offered = board.auctions.get(trace.auctions[0]) if trace.auctions else None
    if offered is not None and offered.seq == seq:
        kind = (type, *sorted(offered.capabilities))
    return Likeness(kind, trace.title[:_LONGEST_ASKED] if trace.title_type == type else "")


def auction_likeness(auction: Auction, board: Board) -> Likeness:
    """What an auction must share with another one: what it needs."""
    mirrored = auction.mirror.kind if auction.mirror is not None else ""
    asked = auction.title[:_LONGEST_ASKED]
    return Likeness((mirrored, *(sorted(auction.capabilities) or [asked])), asked)


def run_of(trace: Trace) -> Run:
    """A trace as others will be held against it."""
    title = trace.title or " ".join(trace.began_with[1:]).strip()
    ended = trace.last_at if trace.ended_at is None else trace.ended_at
    return Run(trace.id, title, trace.status, ended - trace.started_at, trace.signals, trace.errors)


def round_of(auction: Auction) -> Round:
    """An auction as others will be held against it."""
    won = auction.winning_bid
    return Round(
        auction.offer_id,
        ", ".join(auction.capabilities) or auction.title,
        auction.state,
        auction.winner,
        None if won is None else won.cost,
        frozenset(seen.bid.neuron for seen in auction.bids if not seen.bid.problem),
    )


class Shelf(Generic[T]):
    """The traces of a baseline, or its auctions, by likeness.

    Args:
        single: there is only one, and everything of its kind is held against it.
    """

    def __init__(self, *, single: bool = False) -> None:
        self.single = single
        self.all: list[T] = []
        """By arrival."""
        self._by_kind: dict[tuple[str, ...], list[T]] = {}
        self._alike: dict[Likeness, list[T]] = {}

    def add(self, likeness: Likeness, one: T) -> None:
        """One more, later than those before."""
        self.all.append(one)
        self._by_kind.setdefault(likeness.kind, []).append(one)
        self._alike.setdefault(likeness, []).append(one)

    def counts(self, likeness: Likeness) -> Likeness | tuple[str, ...] | None:
        """Among which the n-th is looked for: the same words, the same kind; None when nothing here is like it."""
        if likeness in self._alike and not self.single:
            return likeness
        return likeness.kind if likeness.kind in self._by_kind else None

    def nth(self, among: Likeness | tuple[str, ...], number: int) -> T | None:
        """The n-th among those, counted from 0; None when there are not so many."""
        found = self._alike[among] if isinstance(among, Likeness) else self._by_kind[among]
        place = 0 if self.single else number
        return found[place] if place < len(found) else None


class Baseline:
    """What others are held against.

    Args:
        name: of the recording, or of the trace or auction.
        single: it is one trace or one auction.
    """

    def __init__(self, name: str, *, single: bool = False) -> None:
        self.name = name
        self.single = single
        self.runs: Shelf[Run] = Shelf(single=single)
        self.rounds: Shelf[Round] = Shelf(single=single)
        self.took: dict[Kind, tuple[float, ...]] = {}
        """Quantiles of how long answers took, by kind, seconds; kinds without any are left out."""

    @classmethod
    def of_trace(cls, trace: Trace, board: Board) -> Baseline:
        """One trace, with its auctions."""
        baseline = cls(trace.id, single=True)
        baseline.runs.add(trace_likeness(trace, board), run_of(trace))
        for offer_id in trace.auctions:
            auction = board.auctions.get(offer_id)
            if auction is not None:
                baseline.rounds.add(auction_likeness(auction, board), round_of(auction))
        return baseline

    @classmethod
    def of_auction(cls, auction: Auction, board: Board) -> Baseline:
        """One auction."""
        baseline = cls(auction.offer_id, single=True)
        baseline.rounds.add(auction_likeness(auction, board), round_of(auction))
        return baseline


class Filling:
    """A board on its way into a baseline, in slices.

    Args:
        board: nothing is folded into it any more.
        name: of the baseline.
    """

    def __init__(self, board: Board, name: str) -> None:
        self.baseline = Baseline(name)
        self._board = board
        self._traces = self._auctions = 0

    @property
    def done(self) -> float:
        """How much of it is, 0 to 1."""
        whole = len(self._board.trace_order) + len(self._board.auction_order)
        return (self._traces + self._auctions) / whole if whole else 1.0

    def turn(self, out_of_time: Callable[[], bool]) -> bool:
        """Take in more. True when there is nothing left."""
        board, baseline = self._board, self.baseline
        while self._traces < len(board.trace_order):
            for id in board.trace_order[self._traces : self._traces + _AT_ONCE]:
                trace = board.traces[id]
                baseline.runs.add(trace_likeness(trace, board), run_of(trace))
                self._traces += 1
            if out_of_time():
                return False
        while self._auctions < len(board.auction_order):
            for id in board.auction_order[self._auctions : self._auctions + _AT_ONCE]:
                auction = board.auctions.get(id)
                if auction is not None:
                    baseline.rounds.add(auction_likeness(auction, board), round_of(auction))
                self._auctions += 1
            if out_of_time():
                return False
        took = board.metrics.timings.took
        baseline.took = {
            kind: tuple(took[kind].quantile(part) for part in QUANTILES) for kind in KINDS if took[kind].count
        }
        return True


def baseline_of(board: Board, name: str) -> Baseline:
    """A whole board as a baseline, at once."""
    filling = Filling(board, name)
    while not filling.turn(lambda: False):
        pass
    return filling.baseline
