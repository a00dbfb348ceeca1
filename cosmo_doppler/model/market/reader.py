"""All auctions of a recording of any length, one after the other, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator

from cosmo_doppler.model.agenda import Agenda
from cosmo_doppler.model.auction_book import AuctionBook
from cosmo_doppler.model.auctions import Auction
from cosmo_doppler.model.bus_events import GATE
from cosmo_doppler.model.interventions import Interventions
from cosmo_doppler.model.market.market import Market
from cosmo_doppler.model.observed import Observed
from cosmo_sdk.header import Header

PATIENCE_S = 30.0
"""How long after its window an auction is kept for what may still belong to it, seconds."""

MOST_KEPT = 20_000
"""Auctions kept at a time; beyond that the oldest are handed out early."""

MOST_IDS = 100_000
"""Event ids remembered, so that a signal delivered twice counts once."""

_TYPES = frozenset(
    {
        "TASK_OFFER",
        "BID",
        "TASK_AWARDED",
        "TASK_DECLINED",
        "STOP",
        "TASK",
        "AGENT_OUTPUT",
        "FINAL",
        "ERROR",
        "CLARIFICATION",
        "PERMISSION",
        "MEMORY_APPEND",
    }
)


class AuctionReader:
    """Folds signals into auctions and hands each out once nothing more can happen to it.

    Args:
        patience_s: how long an auction waits for that after its window.
        most: auctions kept at a time.
    """

    def __init__(self, *, patience_s: float = PATIENCE_S, most: int = MOST_KEPT) -> None:
        self._agenda = Agenda()
        self._book = AuctionBook()
        self.market = Market(self._book, self._agenda)
        """Verdicts and promises over all that was read."""
        self.by_hand = Interventions()
        """What was held and dropped on its way."""
        self._patience = patience_s
        self._most = most
        self._kept: deque[Auction] = deque()
        self._ids: OrderedDict[str, None] = OrderedDict()

    def read(self, header: Header, *, seq: int, at: float) -> Iterator[Auction]:
        """Take in a signal; yields the auctions that are over by then, by their offers' arrival."""
        self._agenda.pass_time(at)
        self._book.close_due(at)
        if header.type == GATE and not header.id:
            self._intervened(Observed(seq, at, "", header))
        elif header.type in _TYPES and header.trace_id and not self._is_known(header.id):
            self._fold(Observed(seq, at, "", header))
        while self._kept and (len(self._kept) > self._most or self._is_over(self._kept[0], at)):
            yield self._let_go()

    def _is_over(self, auction: Auction, at: float) -> bool:
        return auction.held_since is None and auction.closes_at + self._patience <= at

    def _intervened(self, seen: Observed) -> None:
        """A bus tells of a gate: windows stand still meanwhile, and bids may never arrive."""
        for done in self.by_hand.told(seen):
            self.market.intervened(done, seen, held=self.by_hand.is_held(done.trace_id))

    def rest(self) -> Iterator[Auction]:
        """The recording is over: yields the auctions that are left."""
        # Awards settle, as nothing more can tell about them; windows that were open then stay so.
        self._agenda.pass_time(float("inf"))
        while self._kept:
            yield self._let_go()

    def _is_known(self, id: str) -> bool:
        if not id:
            return False
        if id in self._ids:
            return True
        self._ids[id] = None
        if len(self._ids) > MOST_IDS:
            self._ids.popitem(last=False)
        return False

    def _fold(self, seen: Observed) -> None:
        market = self.market
        match seen.header.type:
            case "TASK_OFFER":
                auction = market.offer(seen)
                if auction is not None:
                    self._kept.append(auction)
            case "BID":
                market.bid(seen)
            case "TASK_AWARDED":
                market.award(seen)
            case "TASK_DECLINED":
                market.decline(seen)
            case "STOP":
                self._book.stop(seen.header.trace_id)
            case _:
                market.saw(seen)

    def _let_go(self) -> Auction:
        auction = self._kept.popleft()
        self._book.retire(auction)
        return auction
