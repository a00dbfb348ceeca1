"""Auctions: one offer, its bids, and what came of it. Grouped by offer id, never by trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from cosmo_sdk.bidding import SELECTS, Bid, Select, choose_winner, latest_per_neuron

BidState = Literal["bid", "won", "declined", "late", "invalid", "replaced", "revoked"]
"""bid: undecided; late: after the window or the award; replaced: the same neuron bid again; revoked: it had won."""

AuctionState = Literal["open", "awarded", "no bid", "unresolved", "stopped"]
"""no bid: the window closed and nobody had bid; unresolved: somebody had, the window closed, and no award was seen,
or the award was revoked and nobody followed."""

GRACE_S = 0.5
"""How long after the window an award may still be under way, seconds."""

DEFAULT_WINDOW_MS = 5_000
"""When an offer names no window: how long it is shown as open, milliseconds."""

_TOWARDS_THE_END = 0.75
"""Strategies that compare bids wait for the window; an award before this part of it did not wait."""

_WEIGHED = frozenset({"bid", "won", "declined", "revoked"})
"""States of bids that were there to be chosen."""

_PROMPT = 0.5
"""`first_bid` awards at once; it did not if a bid lay there since this part of the window."""


class SeenBid:
    """A bid and what became of it."""

    __slots__ = ("at", "bid", "declined_reason", "seq", "state")

    def __init__(self, bid: Bid, seq: int, at: float) -> None:
        self.bid = bid
        self.seq = seq
        """Position of the BID in the store."""
        self.at = at
        """Arrival, epoch seconds."""
        self.state: BidState = "invalid" if bid.problem else "bid"
        self.declined_reason = ""
        """What the bidder was told; empty when it was told nothing."""


class Auction:
    """One TASK_OFFER and everything that answers it."""

    __slots__ = (
        "_by_id",
        "_first_award",
        "_standing",
        "awarded_at",
        "awards",
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
        """Position of the TASK_OFFER in the store."""
        self.opened_at = opened_at
        """Its arrival, epoch seconds."""
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
        """Empty when the winning bid was not seen."""
        self.awarded_at: float | None = None
        """When the present winner got it, epoch seconds."""
        self.awards = 0
        """How often the work was awarded."""
        self._first_award: tuple[str, str, float] | None = None
        """Winning bid, winner and time of the first award: the one that a strategy explains."""
        self._by_id: dict[str, SeenBid] = {}
        self._standing: dict[str, SeenBid] = {}
        """The bid of each neuron that counts."""

    @property
    def closes_at(self) -> float:
        """When the window closes, epoch seconds."""
        return self.opened_at + (self.deadline_ms or DEFAULT_WINDOW_MS) / 1000

    @property
    def given_up_at(self) -> float:
        """When an auction without an award is called off by whoever watches, epoch seconds."""
        return self.closes_at + GRACE_S

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
                earlier = self._standing.get(bid.neuron)
                if earlier is not None and earlier.state == "bid":
                    earlier.state = "replaced"
                self._standing[bid.neuron] = seen
        self.bids.append(seen)
        self._by_id[bid.id] = seen
        return seen

    def award(self, bid_id: str | None, neuron: str, at: float) -> None:
        """Note the award: by the id of the winning bid, else by the winner's name. The latest award counts."""
        won = self._by_id.get(bid_id) if bid_id else None
        if won is None and neuron:
            won = next((seen for seen in reversed(self.bids) if seen.bid.neuron == neuron), None)
        for seen in self.bids:
            if seen.state == "won":
                seen.state, seen.declined_reason = "revoked", "awarded again"
        self.state = "awarded"
        self.awards += 1
        self.winner = neuron or (won.bid.neuron if won else "")
        self.winning_bid_id = ""
        self.awarded_at = at
        if won is not None:
            won.state = "won"
            self.winning_bid_id = won.bid.id
        if self._first_award is None:
            self._first_award = (self.winning_bid_id, self.winner, at)

    def decline(self, bid_id: str | None, neuron: str, reason: str) -> None:
        """Note that a bidder was told it lost.

        Args:
            bid_id: of the losing bid; None when the decline names none that is known.
            neuron: the bidder, for that case.
            reason: what it was told.
        """
        if bid_id:
            named = self._by_id.get(bid_id)
            losing = [] if named is None else [named]
        else:
            losing = [seen for seen in self.bids if seen.bid.neuron == neuron]
        for seen in losing:
            seen.declined_reason = reason
            if seen.state == "won" and bid_id:
                self._revoke(seen)
            elif reason == "late" and seen.state == "bid":
                seen.state = "late"
            elif reason != "late" and (seen.state == "bid" or self._in_time_after_all(seen)):
                seen.state = "declined"

    def _revoke(self, seen: SeenBid) -> None:
        """The winner was told that it has lost the work; the next award, if there is one, follows."""
        seen.state = "revoked"
        self.state = "unresolved"
        self.winner = self.winning_bid_id = ""
        self.awarded_at = None

    def close(self) -> None:
        """The window is over and no award was seen."""
        self.state = (
            "unresolved" if any(seen.state in ("bid", "declined") for seen in self.bids) else "no bid"
        )

    def contenders(self) -> list[Bid]:
        """The bids a producer that saw what we saw would weigh: valid, in time, the latest of each neuron."""
        return latest_per_neuron([seen.bid for seen in self.bids if seen.state in _WEIGHED])

    def explained_by(self) -> list[Select]:
        """The strategies under which the first winner wins, as an observer can tell; empty before an award.

        The strategy never crosses the wire, so this is what fits the order of arrival and the moment of the award.
        """
        if self._first_award is None:
            return []
        awarded_at = self._first_award[2]
        # Released producers let every bid of a neuron stand; ours lets the latest replace it.
        everything = [seen.bid for seen in self.bids if seen.state in _WEIGHED or seen.state == "replaced"]
        fields = (self.contenders(), everything)
        fitting = [select for select in SELECTS if any(self._wins(field, select) for field in fields)]
        if not self.deadline_ms:
            return fitting
        window = self.deadline_ms / 1000
        if awarded_at < self.opened_at + _TOWARDS_THE_END * window:
            return [select for select in fitting if select == "first_bid"]
        first_at = min((seen.at for seen in self.bids if not seen.bid.problem), default=awarded_at)
        if first_at < self.opened_at + _PROMPT * window:
            patient: list[Select] = [select for select in fitting if select != "first_bid"]
            return patient or fitting
        return fitting

    def _wins(self, field: Sequence[Bid], select: Select) -> bool:
        best = choose_winner(field, select)
        if best is None or self._first_award is None:
            return False
        bid_id, winner, _ = self._first_award
        return best.id == bid_id if bid_id else best.neuron == winner

    def _in_time_after_all(self, seen: SeenBid) -> bool:
        """A bid late by our clock, but before the award, that the producer weighed and declined like any other."""
        return seen.state == "late" and (self.awarded_at is None or seen.at <= self.awarded_at)
