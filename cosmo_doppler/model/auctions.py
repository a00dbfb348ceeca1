"""Auctions: one offer, its bids, and what came of it. Grouped by offer id, never by trace."""

from __future__ import annotations

from typing import Literal

from cosmo_sdk.bidding import Bid, Select

BidState = Literal["bid", "won", "declined", "late", "invalid", "replaced"]
"""bid: undecided; replaced: the same neuron bid again."""

AuctionState = Literal["open", "awarded", "no bid", "unresolved", "stopped"]
"""no bid: the window closed and nobody bid; unresolved: bids, the window closed, and no award was seen."""


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

    def left_ms(self, now: float) -> float:
        """Milliseconds until the window closes; 0 when it has closed or the auction is decided."""
        raise NotImplementedError

    def explained_by(self) -> list[Select]:
        """The strategies under which this winner wins, as an observer can tell; empty before an award."""
        raise NotImplementedError
