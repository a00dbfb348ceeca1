"""Auctions: one offer, its bids, and what came of it. Grouped by offer id, never by trace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from cosmo_sdk.bidding import SELECTS, Bid, Select, choose_winner, latest_per_neuron, read_bid

BidState = Literal["bid", "won", "declined", "late", "invalid", "replaced"]
"""bid: undecided; replaced: the same neuron bid again."""

AuctionState = Literal["open", "awarded", "no bid", "unresolved", "stopped"]
"""no bid: the window closed and nobody bid; unresolved: bids, the window closed, and no award was seen."""

GRACE_S = 0.5
"""How long after the window an award may still be under way, seconds."""

DEFAULT_WINDOW_MS = 5_000
"""When an offer names no window: how long it is shown as open, milliseconds."""


class SeenBid:
    """A bid and what became of it."""

    __slots__ = ("at", "bid", "declined_reason", "seq", "state")

    def __init__(self, bid: Bid, seq: int, at: float) -> None:
        self.bid = bid
        self.seq = seq
        self.at = at
        self.state: BidState = "invalid" if bid.problem else "bid"
        self.declined_reason = ""


class Auction:
    """One TASK_OFFER and everything that answers it."""

    __slots__ = (
        "awarded_at",
        "bids",
        "capabilities",
        "deadline_ms",
        "offer_id",
        "opened_at",
        "seq",
        "state",
        "title",
        "trace_id",
        "winner",
        "winning_bid_id",
    )

    def __init__(
        self,
        offer_id: str,
        trace_id: str,
        seq: int,
        opened_at: float,
        deadline_ms: int,
        capabilities: list[str],
        title: str,
    ) -> None:
        self.offer_id = offer_id
        self.trace_id = trace_id
        self.seq = seq
        self.opened_at = opened_at
        self.deadline_ms = deadline_ms
        """The window, milliseconds; 0 when the offer named none."""
        self.capabilities = capabilities
        self.title = title
        """What is asked, one line, not yet safe for a terminal."""
        self.state: AuctionState = "open"
        self.bids: list[SeenBid] = []
        """By arrival."""
        self.winner = ""
        self.winning_bid_id = ""
        self.awarded_at: float | None = None

    @property
    def closes_at(self) -> float:
        """When the window closes, epoch seconds."""
        return self.opened_at + (self.deadline_ms or DEFAULT_WINDOW_MS) / 1000

    def left_ms(self, now: float) -> float:
        """Milliseconds until the window closes; 0 when it has closed or the auction is decided."""
        return max(0.0, (self.closes_at - now) * 1000) if self.state == "open" else 0.0

    def admit(self, bid: Bid, seq: int, at: float) -> SeenBid:
        """Take in a bid as it arrives."""
        seen = SeenBid(bid, seq, at)
        if not bid.problem:
            if self.state != "open" or at > self.closes_at:
                seen.state = "late"
            else:
                for earlier in self.bids:
                    if earlier.bid.neuron == bid.neuron and earlier.state == "bid":
                        earlier.state = "replaced"
        self.bids.append(seen)
        if self.state == "no bid":
            self.state = "unresolved"
        return seen

    def award(self, bid_id: str | None, neuron: str, at: float) -> None:
        """Note the award: by the id of the winning bid, else by the winner's name."""
        won = next((seen for seen in self.bids if seen.bid.id == bid_id), None) or next(
            (seen for seen in reversed(self.bids) if seen.bid.neuron == neuron), None
        )
        self.state = "awarded"
        self.winner = neuron or (won.bid.neuron if won else "")
        self.awarded_at = at
        if won is not None:
            won.state = "won"
            self.winning_bid_id = won.bid.id

    def decline(self, bid_id: str | None, neuron: str, reason: str) -> None:
        """Note that a bidder was told it lost."""
        for seen in self.bids:
            if seen.bid.id == bid_id or (bid_id is None and seen.bid.neuron == neuron):
                seen.declined_reason = reason
                if seen.state == "bid":
                    seen.state = "late" if reason == "late" else "declined"

    def age(self, now: float) -> bool:
        """Close the window if it is over. True when the state changed."""
        if self.state != "open" or now < self.closes_at + GRACE_S:
            return False
        self.state = "unresolved" if any(not seen.bid.problem for seen in self.bids) else "no bid"
        return True

    def contenders(self) -> list[Bid]:
        """The bids a producer that saw what we saw would weigh: valid, in time, the latest of each neuron."""
        return latest_per_neuron([seen.bid for seen in self.bids if seen.state in ("bid", "won", "declined")])

    def explained_by(self) -> list[Select]:
        """The strategies under which this winner wins, as an observer can tell; empty before an award."""
        if self.state != "awarded":
            return []
        field = self.contenders()
        # The other strategies wait for the window's end; an award long before it can only be the first bid's.
        early = self.awarded_at is not None and self.awarded_at < self.opened_at + 0.75 * (
            self.closes_at - self.opened_at
        )
        explained: list[Select] = []
        for select in SELECTS[:1] if early else SELECTS:
            best = choose_winner(field, select)
            if best is not None and best.neuron == self.winner:
                explained.append(select)
        return explained


class AuctionBook:
    """Every auction, by offer id."""

    def __init__(self) -> None:
        self.by_offer: dict[str, Auction] = {}
        self.order: list[str] = []
        self._open: dict[str, Auction] = {}
        self._by_bid: dict[str, Auction] = {}
        self._by_trace: dict[str, list[Auction]] = {}

    def open(self, auction: Auction) -> None:
        """A TASK_OFFER was seen."""
        self.by_offer[auction.offer_id] = auction
        self.order.append(auction.offer_id)
        self._open[auction.offer_id] = auction
        self._by_trace.setdefault(auction.trace_id, []).append(auction)

    def bid(
        self,
        *,
        id: str,
        parent_id: str | None,
        trace_id: str,
        who: str,
        seq: int,
        at: float,
        payload: Mapping[str, Any],
        meta: Mapping[str, Any],
    ) -> Auction | None:
        """A BID was seen. None when no offer is known that it could answer."""
        auction = self.by_offer.get(parent_id or "") or self._only_open(trace_id)
        if auction is None:
            return None
        auction.admit(read_bid(id=id, neuron=who, payload=payload, meta=meta), seq, at)
        self._by_bid[id] = auction
        return auction

    def award(self, *, parent_id: str | None, trace_id: str, who: str, at: float) -> Auction | None:
        """A TASK_AWARDED was seen."""
        auction = (
            self._by_bid.get(parent_id or "") or self.by_offer.get(parent_id or "") or self._latest(trace_id)
        )
        if auction is None:
            return None
        auction.award(parent_id, who, at)
        self._open.pop(auction.offer_id, None)
        return auction

    def decline(self, *, parent_id: str | None, trace_id: str, who: str, reason: str) -> Auction | None:
        """A TASK_DECLINED was seen."""
        known = self._by_bid.get(parent_id or "")
        auction = known or self._latest(trace_id)
        if auction is not None:
            auction.decline(parent_id if known else None, who, reason)
        return auction

    def stop(self, trace_id: str) -> list[Auction]:
        """A STOP was seen: what was open there is over."""
        stopped = [auction for auction in self._by_trace.get(trace_id, ()) if auction.state == "open"]
        for auction in stopped:
            auction.state = "stopped"
            self._open.pop(auction.offer_id, None)
        return stopped

    def advance(self, now: float) -> list[Auction]:
        """Close windows that are over; returns what is open or just closed, since both look different now."""
        touched = list(self._open.values())
        for auction in touched:
            if auction.age(now):
                del self._open[auction.offer_id]
        return touched

    def _only_open(self, trace_id: str) -> Auction | None:
        candidates = [auction for auction in self._by_trace.get(trace_id, ()) if auction.state == "open"]
        return candidates[0] if len(candidates) == 1 else None

    def _latest(self, trace_id: str) -> Auction | None:
        auctions = self._by_trace.get(trace_id)
        return auctions[-1] if auctions else None
