"""All auctions of a board, and how bids, awards and declines find theirs."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush
from math import inf

from cosmo_doppler.model.auctions import Auction
from cosmo_doppler.model.lasting import Log, Table
from cosmo_sdk.bidding import Bid


class AuctionBook:
    """Every auction, by offer id."""

    def __init__(self) -> None:
        self.by_offer: dict[str, Auction] = Table()
        self.order: Log[str] = Log()
        """Offer ids by arrival."""
        self._retired = 0
        """Auctions dropped whose place in `order` is still there."""
        self._open: dict[str, Auction] = {}
        self.due: list[tuple[float, str]] = []
        """When each open auction is given up, soonest first; decided ones are skipped."""
        self.soonest = inf
        """When the first of them is, epoch seconds."""
        self.by_bid: dict[str, Auction] = Table()
        """Where each bid was made, by its id."""
        self._by_trace: dict[str, tuple[Auction, ...]] = Table()

    @property
    def still_open(self) -> Iterable[Auction]:
        """Auctions that take bids on this bus."""
        return self._open.values()

    def open(self, auction: Auction) -> None:
        """A TASK_OFFER was seen."""
        # That only adds an entry, which tables let pass.
        self.by_offer.setdefault(auction.offer_id, auction)
        self.order.append(auction.offer_id)
        if auction.mirror is None:
            # A mirrored one lasts until its end is told, whatever its clock says.
            self._open[auction.offer_id] = auction
            self._note(auction)
        rounds = (*self._by_trace.get(auction.trace_id, ()), auction)
        self._by_trace[auction.trace_id] = rounds
        auction.round = len(rounds)

    def bid(
        self,
        bid: Bid,
        *,
        parent_id: str | None,
        trace_id: str,
        seq: int,
        at: float,
        sealed: bool = False,
    ) -> Auction | None:
        """A BID was seen. None when no offer is known that it could answer."""
        auction = self.by_offer.get(parent_id or "") or self._only_open(trace_id)
        if auction is None:
            return None
        auction.admit(bid, seq, at, sealed=sealed)
        if bid.id and self.by_bid.setdefault(bid.id, auction) is not auction:
            self.by_bid[bid.id] = auction
        return auction

    def award(
        self, *, parent_id: str | None, trace_id: str, who: str, at: float, sent_at: float | None = None
    ) -> Auction | None:
        """A TASK_AWARDED was seen. None when no offer is known that it could decide."""
        auction = (
            self.by_bid.get(parent_id or "")
            or self.by_offer.get(parent_id or "")
            or self._likeliest(trace_id, who)
        )
        if auction is None:
            return None
        auction.award(parent_id, who, at, sent_at=sent_at)
        self._open.pop(auction.offer_id, None)
        return auction

    def decline(self, *, parent_id: str | None, trace_id: str, who: str, reason: str) -> Auction | None:
        """A TASK_DECLINED was seen. None when no bid is known that it could mean."""
        known = self.by_bid.get(parent_id or "")
        auction = known or self.by_offer.get(parent_id or "") or self._likeliest(trace_id, who)
        if auction is not None:
            auction.decline(parent_id if known else None, who, reason)
            if auction.state == "unsold":
                self._open.pop(auction.offer_id, None)
        return auction

    def mirrored(self, trace_id: str, auction_id: str) -> Auction | None:
        """The mirrored auction of that id on a trace; None when none is known."""
        for auction in self._by_trace.get(trace_id, ()):
            if auction.mirror is not None and auction.mirror.auction_id == auction_id:
                return auction
        return None

    def rounds(self, trace_id: str) -> int:
        """How many offers a trace has."""
        return len(self._by_trace.get(trace_id, ()))

    def stop(self, trace_id: str) -> list[Auction]:
        """A STOP was seen: what was open there is over."""
        stopped = [auction for auction in self._by_trace.get(trace_id, ()) if auction.state == "open"]
        for auction in stopped:
            auction.stop()
            self._open.pop(auction.offer_id, None)
        return stopped

    def close_due(self, now: float) -> list[Auction]:
        """Close the auctions whose window, and the grace after it, are over; in the order they were due."""
        closed: list[Auction] = []
        while self.due and self.due[0][0] <= now:
            due_at, offer_id = heappop(self.due)
            auction = self._open.get(offer_id)
            if auction is None or auction.held_since is not None or auction.given_up_at > due_at:
                # Decided, or its window stood still meanwhile: then it is due later.
                continue
            del self._open[offer_id]
            auction.close()
            closed.append(auction)
        self.soonest = self.due[0][0] if self.due else inf
        return closed

    def _note(self, auction: Auction) -> None:
        """It is to be given up when its time comes."""
        at = auction.given_up_at
        heappush(self.due, (at, auction.offer_id))
        if at < self.soonest:
            self.soonest = at

    def stand_still(self, trace_id: str, at: float) -> list[Auction]:
        """Something of a trace is held at a gate; return its auctions that take bids."""
        still_open = [auction for auction in self._by_trace.get(trace_id, ()) if auction.state == "open"]
        for auction in still_open:
            auction.stand_still(at)
        return still_open

    def go_on(self, trace_id: str, at: float) -> list[Auction]:
        """Nothing of a trace is held any more; return the auctions that go on."""
        moved = [auction for auction in self._by_trace.get(trace_id, ()) if auction.go_on(at)]
        for auction in moved:
            self._note(auction)
        return moved

    def forget(self, trace_ids: Iterable[str]) -> None:
        """Drop the auctions of traces that are no longer kept."""
        gone = [auction for trace_id in trace_ids for auction in self._by_trace.pop(trace_id, ())]
        for auction in gone:
            del self.by_offer[auction.offer_id]
            self._open.pop(auction.offer_id, None)
            for seen in auction.bids:
                self.by_bid.pop(seen.bid.id, None)
        self.order = self.order.without({auction.offer_id for auction in gone})

    def retire(self, auction: Auction) -> None:
        """Drop the oldest auction: nothing more is expected of it."""
        del self.by_offer[auction.offer_id]
        self._open.pop(auction.offer_id, None)
        for seen in auction.bids:
            self.by_bid.pop(seen.bid.id, None)
        rounds = tuple(each for each in self._by_trace[auction.trace_id] if each is not auction)
        if rounds:
            self._by_trace[auction.trace_id] = rounds
        else:
            del self._by_trace[auction.trace_id]
        self._retired += 1
        if self._retired > len(self.by_offer):
            # Only now and then, so that it costs little for each.
            self._retired = 0
            self.order = Log(self.by_offer)

    def _only_open(self, trace_id: str) -> Auction | None:
        candidates = [auction for auction in self._by_trace.get(trace_id, ()) if auction.state == "open"]
        return candidates[0] if len(candidates) == 1 else None

    def _likeliest(self, trace_id: str, who: str) -> Auction | None:
        """The auction of a trace that an award or decline without a known bid means: one that `who` bid in."""
        auctions = self._by_trace.get(trace_id, ())
        bid_in = [auction for auction in auctions if any(seen.bid.neuron == who for seen in auction.bids)]
        undecided = [auction for auction in bid_in or auctions if auction.state != "awarded"]
        candidates = undecided or bid_in or auctions
        return candidates[-1] if candidates else None
