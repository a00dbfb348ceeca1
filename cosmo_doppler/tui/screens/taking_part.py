"""The person as a participant: bids by hand, and hears what became of them and what work came."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

from cosmo_doppler.model.auctions import Auction, SeenBid
from cosmo_doppler.tui.errands import begin
from cosmo_doppler.tui.screens.deck import Deck

if TYPE_CHECKING:
    from cosmo_doppler.tui.modals.bid import BidDraft
    from cosmo_sdk.envelope import Signal

MOST_BIDS = 100
"""Bids by hand whose outcome is waited for; beyond that the oldest is no longer told."""


class _OwnBid(NamedTuple):
    id: str
    offer_id: str


class TakePartActions(Deck):
    """Bid by hand, take part, leave."""

    _before: BidDraft | None = None
    """The last bid made by hand: the next form begins with it."""

    @cached_property
    def _undecided(self) -> list[_OwnBid]:
        """Bids made here whose outcome nobody was told yet."""
        return []

    @cached_property
    def _told(self) -> set[str]:
        """Work the person was told of, by id."""
        return set()

    @cached_property
    def drafts(self) -> dict[str, str]:
        """Answers begun, by the id of the work."""
        return {}

    def action_bid(self) -> None:
        """Bid in the selected auction; where none takes bids, take part or leave."""
        if self.session.read_only_reason:
            self.say(self.session.read_only_reason)
            return
        from cosmo_doppler.tui.modals.person_flows import bid_by_hand, take_part

        with self.session.lock:
            auction = self.scene.auction
            hint = _no_bids(auction)
            offer_id = auction.offer_id if auction is not None and not hint else None
        if offer_id is None:
            flow = partial(take_part, self.app, self.session, hint)
        else:
            flow = partial(
                bid_by_hand,
                self.app,
                self.session,
                offer_id,
                before=self._before,
                on_sent=self._bid_sent,
            )
        begin(self, flow, exclusive=True)

    def _bid_sent(self, bid: Signal, draft: BidDraft) -> None:
        self._before = draft
        self._undecided.append(_OwnBid(bid.id, bid.parent_id or ""))
        del self._undecided[:-MOST_BIDS]

    def hear(self) -> None:
        """Say what became of bids made here, and what work came. The session's lock is held."""
        for own in [*self._undecided]:
            outcome = self._outcome(own)
            if outcome is not None:
                self._undecided.remove(own)
                if outcome:
                    self.say(outcome)
        person = self.session.person
        if person is None:
            return
        for work in [*person.open.values()]:
            request = self.scene.board.requests.get(work.id)
            if work.id not in self._told and request is not None:
                self._told.add(work.id)
                word = "You won" if work.won is not None else "A task for you"
                self.say(f"{word}, A answers it: {request.text}")
        self._told.intersection_update(person.open)

    def _outcome(self, own: _OwnBid) -> str | None:
        """What became of a bid, in a sentence; None while that is open, empty where the work itself tells it."""
        auction = self.scene.board.auctions.get(own.offer_id)
        seen = auction.bid_of(own.id) if auction is not None else None
        if auction is None or seen is None:
            return None
        if seen.state == "won":
            return ""
        if seen.state == "late":
            return _late(auction)
        if seen.state in ("bid", "sealed"):
            return None if auction.state == "open" else _undecided(auction)
        return _lost(auction, seen)


def _no_bids(auction: Auction | None) -> str:
    """Why an auction takes no bid; empty when it does, or when none is selected."""
    if auction is None:
        return "No auction is selected: M on one that is open bids in it."
    if auction.mirror is not None:
        return "The selected auction is held elsewhere; nobody bids in it from here."
    if auction.state == "awarded":
        return "The selected auction is decided: M on one that is open bids in it."
    if auction.state in ("stopped", "unsold"):
        return "The selected auction is over: M on one that is open bids in it."
    return ""


def _late(auction: Auction) -> str:
    whose = f"; it went to {auction.winner}" if auction.winner else ""
    return f"Your bid came too late to be weighed{whose}"


def _undecided(auction: Auction) -> str:
    if auction.state == "stopped":
        return "Your bid is void: the trace was stopped"
    return f"No award was seen for your bid, {auction.state}"


def _lost(auction: Auction, seen: SeenBid) -> str:
    why = f": {seen.declined_reason}" if seen.declined_reason not in ("", "not selected") else ""
    whose = f", {auction.winner} won" if auction.winner else ""
    return f"Your bid was {seen.state}{why}{whose}"
