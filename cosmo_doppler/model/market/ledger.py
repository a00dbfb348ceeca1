"""The running verdict on each producer: which strategy explains its awards, and when that ceases to be so."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from cosmo_doppler.model.agenda import Agenda
from cosmo_doppler.model.faults import Fault
from cosmo_sdk.bidding import SELECTS, Select

if TYPE_CHECKING:
    from cosmo_doppler.model.auctions import Auction

SETTLE_S = 1.0
"""How long after an award declines and overtaken bids may still tell more about it, seconds."""

ENOUGH = 3
"""Rounds that a strategy must have explained before it is missed."""

MOST_PRODUCERS = 1_000
"""Producers told apart; further ones are not judged, counted in `Ledger.unjudged`."""

MOST_DRIFTS = 200
"""Breaks kept."""

OFFERED_BY, ASKS_FOR = "by", "need"


class Desk(NamedTuple):
    """Whose awards are judged together. The bus does not say who offers unless the offer is part of somebody's work;
    else all who need the same count as one."""

    kind: str
    """`OFFERED_BY` or `ASKS_FOR`."""
    name: str
    """The producer, or the capabilities it asks for; not yet safe for a terminal."""

    def __str__(self) -> str:
        if self.kind == OFFERED_BY:
            return self.name
        return f"who asks for {self.name}" if self.name else "who asks for anything"


def desk_of(auction: Auction) -> Desk:
    """Who an award is laid to."""
    if auction.producer:
        return Desk(OFFERED_BY, auction.producer)
    needed = auction.capabilities
    return Desk(ASKS_FOR, ", ".join(sorted(needed)) if len(needed) > 1 else "".join(needed))


class Verdict:
    """What the awards of one desk have in common."""

    __slots__ = ("explained", "rounds", "unexplained")

    def __init__(self) -> None:
        self.rounds = 0
        """Awards judged."""
        self.explained: Counter[Select] = Counter()
        """How many of them each strategy may have chosen."""
        self.unexplained = 0
        """Awards that no known strategy explains."""

    @property
    def best(self) -> list[Select]:
        """The strategies that explain the most awards; more than one is ambiguous, none says nothing."""
        most = max(self.explained.values(), default=0)
        return [select for select in SELECTS if most and self.explained[select] == most]

    def sentence(self) -> str:
        """`lowest_cost explains 17 of 17`."""
        best = self.best
        if not best:
            return f"no known strategy explains any of {self.rounds}" if self.rounds else ""
        count = f"{self.explained[best[0]]} of {self.rounds}"
        if len(best) == 1:
            return f"{best[0]} explains {count}"
        return f"ambiguous: {' or '.join(best)} explain{'s' if len(best) == 1 else ''} {count}"

    def count(self, selects: Iterable[Select], by: int = 1) -> None:
        """Judge an award, or with -1 take the judgement back."""
        found = list(selects)
        self.rounds += by
        self.unexplained += by * (not found)
        for select in found:
            self.explained[select] += by


class Drift(NamedTuple):
    """An award that no strategy explains together with those before it."""

    at: float
    """When it was made, epoch seconds."""
    desk: Desk
    offer_id: str
    trace_id: str
    seq: int
    """Position of the offer in the store."""
    before: tuple[Select, ...]
    """What explained all awards before."""
    rounds: int
    """How many those were."""
    now: tuple[Select, ...]
    """What explains this one."""

    def sentence(self) -> str:
        """What happened, as one sentence; may hold names from the bus."""
        return (
            f"the awards of {self.desk} fitted {' or '.join(self.before)} for {self.rounds} rounds; "
            f"this one fits only {' or '.join(self.now)}"
        )


class _Regime:
    """Awards of one desk that some strategy explains together."""

    __slots__ = ("fitting", "rounds")

    def __init__(self, fitting: frozenset[Select]) -> None:
        self.fitting = fitting
        self.rounds = 1


class DriftWatch:
    """Finds awards that break with those before; feed it settled auctions in the order of their awards."""

    def __init__(self) -> None:
        self._regimes: dict[Desk, _Regime] = {}

    def judge(self, auction: Auction, fitting: Iterable[Select]) -> Drift | None:
        """Take in an award that `fitting` may have chosen; returns the break, if it is one."""
        first, found = auction.first_award, frozenset(fitting)
        if first is None or not found:
            return None
        desk = desk_of(auction)
        regime = self._regimes.get(desk)
        if regime is None:
            if len(self._regimes) < MOST_PRODUCERS:
                self._regimes[desk] = _Regime(found)
            return None
        common = regime.fitting & found
        if common:
            regime.fitting = common
            regime.rounds += 1
            return None
        self._regimes[desk] = _Regime(found)
        if regime.rounds < ENOUGH:
            return None
        return Drift(
            first.at,
            desk,
            auction.offer_id,
            auction.trace_id,
            auction.seq,
            tuple(select for select in SELECTS if select in regime.fitting),
            regime.rounds,
            tuple(select for select in SELECTS if select in found),
        )


def drifts(auctions: Iterable[Auction]) -> Iterator[Drift]:
    """Every break in a row of auctions, which are in the order of their awards."""
    watch = DriftWatch()
    for auction in auctions:
        drift = watch.judge(auction, auction.explained_by())
        if drift is not None:
            yield drift


class Ledger:
    """Judges awards as they are made, and once more when all that belongs to them has come.

    Args:
        agenda: where it notes that an award settles.
    """

    def __init__(self, agenda: Agenda) -> None:
        self.desks: dict[Desk, Verdict] = {}
        """By who offers, as they were met."""
        self.unjudged = 0
        """Awards of producers that found no room."""
        self.on_drift: Callable[[Drift], object] | None = None
        """Called with every break."""
        self.drifts: deque[Drift] = deque(maxlen=MOST_DRIFTS)
        """The latest breaks."""
        self._agenda = agenda
        self._drift = DriftWatch()

    def verdict(self, auction: Auction) -> Verdict | None:
        """The verdict on whoever offered an auction; None before its first award."""
        return self.desks.get(desk_of(auction))

    def awarded(self, auction: Auction) -> None:
        """An auction was awarded for the first time."""
        first = auction.first_award
        if first is None or auction.terms is not None:
            return
        desk = desk_of(auction)
        verdict = self.desks.get(desk)
        if verdict is None:
            if len(self.desks) >= MOST_PRODUCERS:
                self.unjudged += 1
                return
            verdict = self.desks[desk] = Verdict()
        found = auction.explained_by()
        verdict.count(found)
        self._agenda.note(first.at + SETTLE_S, partial(self._settled, auction, verdict, found))

    def _settled(self, auction: Auction, verdict: Verdict, judged: list[Select], at: float) -> None:
        """All that tells about an award has come."""
        found = auction.explained_by()
        if found != judged:
            verdict.count(judged, -1)
            verdict.count(found)
        drift = self._drift.judge(auction, found)
        if drift is not None:
            self.drifts.append(drift)
            if self.on_drift is not None:
                self.on_drift(drift)


def drift_fault(drift: Drift) -> Fault:
    """A break as a row among the faults; its key there is `("drift", drift.desk)`.

    Where nobody says who offers it may be somebody else who asks for the same, so it is no more than a note.
    """
    named = drift.desk.kind == OFFERED_BY
    return Fault(
        "drift",
        "warning" if named else "note",
        drift.sentence(),
        "whether its strategy was changed" if named else "whether somebody else asks for the same",
        at=drift.at,
        seq=drift.seq,
        trace_id=drift.trace_id,
        offer_id=drift.offer_id,
        who=drift.desk.name if named else "",
    )
