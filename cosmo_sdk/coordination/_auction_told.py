"""What is told of auctions: the payloads of their Signals. No reserve is in any, and no amount of a sealed bid before
its end.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cosmo_sdk.coordination._auction_records import Auction, AuctionResult, PlacedBid
from cosmo_sdk.coordination.events import Event, first_event, next_event

CAPABILITY = "coord.auction"
"""What the offer of a mirrored auction asks for. No Axon declares it, so none bids by itself."""


def _number(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)


def terms_of(auction: Auction) -> dict[str, Any]:
    """What everybody may know of what is sold, and how."""
    terms = auction.terms
    return {
        "auction_id": auction.id,
        "auction_type": auction.type,
        "direction": terms.direction,
        "start": _number(terms.start),
        "increment": float(terms.increment),
        "step": _number(terms.step),
        "step_ms": terms.step_ms,
        "limit": _number(terms.limit),
        "opened_ms": auction.opened_ms,
        "closes_ms": auction.closes_ms,
        "lot": auction.lot,
    }


def opened(auction: Auction, now_ms: int, cause: str | None) -> Event:
    """It may be bid on."""
    body: dict[str, Any] = {
        "input": {"coord": "auction", **terms_of(auction)},
        "capabilities": [CAPABILITY],
    }
    if auction.closes_ms is not None:
        body["deadline_ms"] = auction.closes_ms - auction.opened_ms
    return first_event(auction, "auction.opened", now_ms, None, body, cause)


def placed(auction: Auction, bid: PlacedBid, now_ms: int) -> Event:
    """A bid stands."""
    shown: dict[str, Any] = {"sealed": True} if auction.sealed else {"cost": float(bid.amount)}
    body = {**shown, "accepted": True, "round": auction.rounds}
    return next_event(auction, "auction.bid", now_ms, bid.agent, body)


def _note(auction: Auction, what: str, now_ms: int, agent: str | None, **facts: Any) -> Event:
    body = {"event": what, "agent": agent, **facts}
    return next_event(auction, f"auction.{what}", now_ms, agent, body)


def refused(auction: Auction, agent_id: str, reason: str, now_ms: int) -> Event:
    """A bid does not stand."""
    return _note(auction, "bid_rejected", now_ms, agent_id, reason=reason)


def withdrawn(auction: Auction, agent_id: str, now_ms: int) -> Event:
    """A bid was taken back."""
    return _note(auction, "withdrawn", now_ms, agent_id)


def extended(auction: Auction, now_ms: int) -> Event:
    """It lasts longer."""
    return _note(auction, "extended", now_ms, None, closes_ms=auction.closes_ms)


def sold(auction: Auction, result: AuctionResult, now_ms: int) -> list[Event]:
    """The award, and one declined bid for each who lost, the best first."""
    assert result.winner is not None
    won = auction.bids[result.winner]
    losers = [bid for bid in auction.ranked() if bid is not won]
    award = {
        "input": {},
        "winning_bid": {"agent": won.agent, "amount": float(won.amount), "cost": result.price},
        "auction": {
            "auction_id": auction.id,
            "status": "sold",
            "price": result.price,
            "runner_up": result.runner_up,
            "bids": [{"agent": each.agent, "amount": float(each.amount)} for each in (won, *losers)],
        },
    }
    events = [next_event(auction, "auction.sold", now_ms, won.agent, award, follows=won.event_id)]
    for bid in losers:
        met = auction.terms.reaches(bid.amount, auction.terms.reserve)
        reason = "outbid" if met or not auction.sealed else "below_reserve"
        events.append(
            next_event(auction, "auction.lost", now_ms, bid.agent, {"reason": reason}, follows=bid.event_id)
        )
    return events


def unsold(auction: Auction, now_ms: int) -> Event:
    """Nobody gets it."""
    assert auction.result is not None
    body = {"reason": f"unsold:{auction.result.reason}"}
    return next_event(auction, "auction.unsold", now_ms, None, body)


def cancelled(auction: Auction, reason: str, now_ms: int) -> Event:
    """It was called off."""
    body = {"reason": "cancelled", **({"detail": reason} if reason else {})}
    return next_event(auction, "auction.cancelled", now_ms, None, body)
