"""Auctions: sealed at the first or second price, English, and Dutch, with exact prices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from cosmo_sdk.coordination import _auction_rules as rules_of
from cosmo_sdk.coordination import _auction_told as told
from cosmo_sdk.coordination._auction_records import (
    Auction,
    AuctionResult,
    AuctionRules,
    AuctionType,
    check_rules,
)
from cosmo_sdk.coordination._auction_rules import BidCheck
from cosmo_sdk.coordination._locks import ForkedLock
from cosmo_sdk.coordination._managing import Managing, Outcome
from cosmo_sdk.coordination._store_base import Store
from cosmo_sdk.coordination._values import Amount, check_amount, check_id, check_json
from cosmo_sdk.coordination.clock import Clock
from cosmo_sdk.coordination.errors import ExistsError, StateError
from cosmo_sdk.coordination.models import new_id

__all__ = ["AuctionResult", "AuctionRules", "AuctionType", "BidCheck", "BiddingProtocol"]

T = TypeVar("T")
_new_auction_id = new_id("auc_")


class BiddingProtocol(Managing):
    """One auction: for allocating tasks, or whatever a `lot` says.

    Made so, it sells to the highest bid, in memory, without a reserve and for as long as nobody resolves it. `with_rules`
    makes any other, and `attached` takes part in one that another process opened.

    Args:
        auction_type: one of `AuctionType`. A Dutch auction needs rules.

    Attributes:
        auction_type: its type.
        auction_id: its id.
        last_rejection: why the last bid through this object was refused; empty when it was not.

    Raises:
        ValueError: an unknown type.
    """

    _kind = "auction"
    _prefix = "auc:"

    def __init__(self, auction_type: str = "first_price_sealed_bid") -> None:
        self._terms = check_rules(auction_type, AuctionRules())
        super().__init__()
        self._begin(auction_type, _new_auction_id(), None)

    def _begin(self, auction_type: str, auction_id: str, lot: Any) -> None:
        self.auction_type = auction_type
        self.auction_id = auction_id
        self.last_rejection = ""
        self._lot = lot
        self._opened = False
        self._opening = ForkedLock()

    @classmethod
    def with_rules(
        cls,
        rules: AuctionRules,
        *,
        auction_type: str = "first_price_sealed_bid",
        store: Store | None = None,
        auction_id: str | None = None,
        clock: Clock | None = None,
        lot: Any = None,
        **bound: Any,
    ) -> BiddingProtocol:
        """Open an auction. Its time begins now.

        Args:
            rules: how it is held.
            auction_type: one of `AuctionType`.
            store: where it lives; in memory unless given.
            auction_id: its id, not used before; generated unless given.
            clock: what its times are measured by, where the store has no clock of its own.
            lot: what it is about, JSON.
            **bound: what else `bind` takes: `sink`, `trace`, `metrics`.

        Raises:
            ValueError: rules that make no sense.
            TypeError: values of the wrong type.
            ExistsError: the id is taken.
        """
        protocol = cls.__new__(cls)
        protocol._terms = check_rules(auction_type, rules)
        Managing.__init__(protocol)
        name = _new_auction_id() if auction_id is None else check_id("auction_id", auction_id)
        protocol._begin(auction_type, name, check_json("lot", lot))
        protocol.bind(store=store, clock=clock, **bound)
        protocol._open()
        return protocol

    @classmethod
    def attached(cls, auction_id: str, *, store: Store, clock: Clock | None = None) -> BiddingProtocol:
        """Take part in an auction that was opened in this store.

        Raises:
            StateError: there is none.
        """
        protocol = cls().bind(store=store, clock=clock)
        auction = protocol._store.get(cls._prefix + check_id("auction_id", auction_id))
        if auction is None:
            raise StateError(f"there is no auction {auction_id!r} in this store")
        protocol.auction_id, protocol.auction_type = auction_id, auction.type
        protocol._terms, protocol._lot, protocol._opened = auction.terms, auction.lot, True
        return protocol

    def bind(self, *, store: Store | None = None, **what: Any) -> BiddingProtocol:
        """Give it what its constructor does not take; see `Managing.bind`.

        Raises:
            StateError: another store, after the first bid.
        """
        if store is not None and self._opened:
            raise StateError(f"auction {self.auction_id!r} has begun in another store")
        return super().bind(store=store, **what)

    def _open(self) -> None:
        """Write it down, unless that was done."""
        if not self._opened:
            with self._opening:
                if not self._opened:
                    self._write_down()

    def _write_down(self) -> None:
        trace_id, cause = self._origin()

        def change(found: Auction | None, now_ms: int) -> Outcome[None]:
            if found is not None:
                raise ExistsError(
                    f"auction {self.auction_id!r} exists; BiddingProtocol.attached() takes part in it"
                )
            auction = Auction(self.auction_id, self.auction_type, self._terms, self._lot, now_ms)
            auction.closes_ms = rules_of.closes_ms(auction)
            auction.trace_id = trace_id
            return Outcome(None, auction, [told.opened(auction, now_ms, cause)])

        self._step(self.auction_id, change)
        self._opened = True

    def _on(self, change: Callable[[Auction, int], Outcome[T]]) -> T:
        self._open()

        def existing(auction: Auction | None, now_ms: int) -> Outcome[T]:
            if auction is None:
                raise StateError(f"auction {self.auction_id!r} was deleted from its store")
            return change(auction, now_ms)

        return self._step(self.auction_id, existing)

    def _look(self) -> Auction:
        self._open()
        auction: Auction | None = self._live.get(self.auction_id)
        if auction is None:
            raise StateError(f"auction {self.auction_id!r} was deleted from its store")
        return auction

    # -- bidding

    def submit_bid(self, agent_id: str, amount: Amount, content: Any = None) -> bool:
        """Bid. In a Dutch auction the amount is what the agent would accept, and the price is what the clock says.

        Args:
            agent_id: who.
            amount: how much.
            content: whatever goes with it, JSON.

        Returns:
            Whether it stands; `last_rejection` says why not.

        Raises:
            TypeError: an amount that is no number, or content JSON cannot say.
            ValueError: a negative amount, or one that is not finite.
        """
        check_id("agent_id", agent_id)
        exact = check_amount("amount", amount)
        check_json("content", content)
        # Kept by itself: another thread may bid through this object, too.
        rejection = self._on(lambda auction, now_ms: rules_of.bid(auction, agent_id, exact, content, now_ms))
        self.last_rejection = rejection
        return not rejection

    def check_bid(self, agent_id: str, amount: Amount) -> BidCheck:
        """Whether a bid would stand now, without making it."""
        check_id("agent_id", agent_id)
        exact = check_amount("amount", amount)
        return rules_of.check(self._look(), agent_id, exact, self._store.now_ms())

    def withdraw_bid(self, agent_id: str) -> bool:
        """Take a sealed bid back. False when there is none; bids in the open bind."""
        check_id("agent_id", agent_id)
        return self._on(lambda auction, now_ms: rules_of.withdrawn(auction, agent_id, now_ms))

    # -- ending

    def resolve(self) -> str | None:
        """Decide the auction, also before its time is up, and also without bids.

        Returns:
            The winner; None when it was not sold. Doing so again returns the same.
        """
        return self._on(rules_of.resolved)

    def cancel(self, reason: str = "") -> bool:
        """Call it off. Whether it was still open."""
        check_json("reason", reason)
        return self._on(lambda auction, now_ms: rules_of.cancelled(auction, reason, now_ms))

    def result(self) -> AuctionResult | None:
        """What it came to; None while it is open."""
        return self._look().result

    # -- looking

    @property
    def active(self) -> bool:
        """Whether bids are taken."""
        auction = self._look()
        return auction.result is None and not rules_of.is_over(auction, self._store.now_ms())

    @property
    def status(self) -> str:
        """`open`, `sold`, `unsold` or `cancelled`."""
        return self._look().status

    @property
    def opened_at(self) -> float:
        """When it began, seconds since the epoch."""
        return self._look().opened_ms / 1000

    @property
    def closes_at(self) -> float | None:
        """From when on bids are refused, seconds since the epoch; None when they are not."""
        closes_ms = self._look().closes_ms
        return None if closes_ms is None else closes_ms / 1000

    @property
    def bids(self) -> dict[str, float]:
        """The bid of each agent. Sealed ones on a shared store only once it has ended."""
        auction = self._look()
        return {} if self._kept_back(auction) else {a: float(bid.amount) for a, bid in auction.bids.items()}

    @property
    def leader(self) -> str | None:
        """Who would win now, as far as that may be known."""
        auction = self._look()
        if auction.result is not None:
            return auction.result.winner
        leading = None if self._kept_back(auction) else rules_of.leader(auction)
        return None if leading is None else leading.agent

    def _kept_back(self, auction: Auction) -> bool:
        return auction.sealed and auction.result is None and not self._private_store

    @property
    def current_price(self) -> float | None:
        """English: the leading bid. Dutch: the clock. When it is sold: the price. Otherwise None."""
        auction = self._look()
        if auction.result is not None:
            return auction.result.price
        if auction.type == AuctionType.DUTCH:
            return float(rules_of.clock_price(auction, self._store.now_ms()))
        leading = None if auction.sealed else rules_of.leader(auction)
        return None if leading is None else float(leading.amount)

    @property
    def min_next_bid(self) -> float | None:
        """English: what the next bid must reach (with increment 0: exceed). Dutch: the clock. Otherwise None."""
        least = rules_of.min_next(self._look(), self._store.now_ms())
        return None if least is None else float(least)

    @property
    def rounds(self) -> int:
        """Bids that were accepted."""
        return self._look().rounds
