"""What may happen in an auction: pure functions of its record. They change the record they are given."""

from __future__ import annotations

import hashlib
from decimal import ROUND_CEILING, Decimal
from typing import Any

from msgspec import Struct

from cosmo_sdk.coordination import _auction_told as told
from cosmo_sdk.coordination._auction_records import (
    Auction,
    AuctionResult,
    AuctionType,
    PlacedBid,
)
from cosmo_sdk.coordination._managing import Outcome


class BidCheck(Struct):
    """Whether a bid would be accepted.

    Attributes:
        ok: it would.
        reason: why not: `closed`, `not_eligible`; English `already_leading`, `below_start`, `below_increment`; Dutch
            `below_clock`; sealed `already_bid`, `not_improved`. In a reverse auction "below" is "not good enough".
        min_next: what is asked for, in an open auction.
    """

    ok: bool
    reason: str = ""
    min_next: float | None = None


def closes_ms(auction: Auction) -> int | None:
    """When bids are refused from, for an auction that opens now. A Dutch one offers its last price for a whole tick."""
    terms = auction.terms
    ends = [] if terms.lasts_ms is None else [terms.lasts_ms]
    if auction.type == AuctionType.DUTCH:
        assert terms.start is not None
        assert terms.limit is not None
        assert terms.step is not None
        assert terms.step_ms is not None
        ticks = (abs(terms.start - terms.limit) / terms.step).to_integral_value(ROUND_CEILING)
        ends.append((int(ticks) + 1) * terms.step_ms)
    return auction.opened_ms + min(ends) if ends else None


def is_over(auction: Auction, now_ms: int) -> bool:
    """Whether bids are refused because time is up. At the closing time they are."""
    return auction.closes_ms is not None and now_ms >= auction.closes_ms


def clock_price(auction: Auction, now_ms: int) -> Decimal:
    """What a Dutch auction asks for at a time."""
    terms = auction.terms
    assert terms.start is not None
    assert terms.limit is not None
    assert terms.step is not None
    assert terms.step_ms is not None
    moved = terms.step * (max(0, now_ms - auction.opened_ms) // terms.step_ms)
    price = terms.start + moved if terms.reverse else terms.start - moved
    return price if terms.reaches(price, terms.limit) else terms.limit


def leader(auction: Auction) -> PlacedBid | None:
    """The best bid so far: by the rules of the tie break where it is sealed."""
    if not auction.sealed:
        return next(iter(auction.ranked()), None)
    return best(auction, [bid for bid in auction.ranked() if valid(auction, bid)])


def valid(auction: Auction, bid: PlacedBid) -> bool:
    """Whether a bid meets the reserve."""
    return auction.terms.reaches(bid.amount, auction.terms.reserve)


def best(auction: Auction, ranked: list[PlacedBid]) -> PlacedBid | None:
    """The winner of some sealed bids, the best first."""
    tied = [bid for bid in ranked if bid.amount == ranked[0].amount]
    if len(tied) < 2 or auction.terms.tie_break == "earliest":
        return tied[0] if tied else None
    tied.sort(key=lambda bid: bid.agent)
    if auction.terms.tie_break == "agent_id":
        return tied[0]
    lot = hashlib.sha256(f"{auction.terms.seed}:{auction.id}".encode()).digest()
    return tied[int.from_bytes(lot[:8], "big") % len(tied)]


def min_next(auction: Auction, now_ms: int) -> Decimal | None:
    """What the next bid must be at least as good as; None where that is kept back or nothing is asked for."""
    if auction.sealed:
        return None
    if auction.type == AuctionType.DUTCH:
        return clock_price(auction, now_ms)
    terms, leading = auction.terms, leader(auction)
    if leading is None:
        return terms.start if terms.start is not None or terms.reverse else Decimal(0)
    return leading.amount - terms.increment if terms.reverse else leading.amount + terms.increment


def check(auction: Auction, agent_id: str, amount: Decimal, now_ms: int) -> BidCheck:
    """Whether a bid would be accepted now."""
    least = min_next(auction, now_ms)
    reason = _refusal(auction, agent_id, amount, now_ms, least)
    return BidCheck(not reason, reason, None if least is None else float(least))


def _refusal(auction: Auction, agent_id: str, amount: Decimal, now_ms: int, least: Decimal | None) -> str:
    terms = auction.terms
    if auction.result is not None or is_over(auction, now_ms):
        return "closed"
    if terms.eligible is not None and agent_id not in terms.eligible:
        return "not_eligible"
    if auction.type == AuctionType.DUTCH:
        return "" if terms.reaches(amount, least) else "below_clock"
    if auction.type == AuctionType.ENGLISH:
        leading = leader(auction)
        if leading is None:
            return "" if terms.reaches(amount, least) else "below_start"
        if leading.agent == agent_id:
            return "already_leading"
        if not terms.reaches(amount, terms.start):
            return "below_start"
        enough = terms.reaches(amount, least) and terms.better(amount, leading.amount)
        return "" if enough else "below_increment"
    mine = auction.bids.get(agent_id)
    if mine is None or terms.rebid == "replace":
        return ""
    if terms.rebid == "once":
        return "already_bid"
    return "" if terms.better(amount, mine.amount) else "not_improved"


def bid(auction: Auction, agent_id: str, amount: Decimal, content: Any, now_ms: int) -> Outcome[str]:
    """An agent bids. Returns why not; empty when the bid stands."""
    reason = check(auction, agent_id, amount, now_ms).reason
    if reason:
        event = told.refused(auction, agent_id, reason, now_ms)
        return Outcome(reason, events=[event], reports=[("bid", False, reason)])
    auction.rounds += 1
    before = auction.bids.get(agent_id)
    # The same again keeps its place among equals.
    place = auction.rounds if before is None or before.amount != amount else before.place
    placed = auction.bids[agent_id] = PlacedBid(agent_id, amount, place, content)
    event = told.placed(auction, placed, now_ms)
    placed.event_id = event.id
    events = [event]
    if auction.type == AuctionType.DUTCH:
        # The first who accepts has it, for what the clock says.
        auction.price = clock_price(auction, now_ms)
        ended = resolved(auction, now_ms)
        return Outcome("", auction, [*events, *ended.events], reports=[("bid", True, ""), *ended.reports])
    if auction.type == AuctionType.ENGLISH and auction.closes_ms is not None:
        later = now_ms + auction.terms.soft_close_ms
        if later > auction.closes_ms:
            auction.closes_ms = later
            events.append(told.extended(auction, now_ms))
    return Outcome("", auction, events, reports=[("bid", True, "")])


def withdrawn(auction: Auction, agent_id: str, now_ms: int) -> Outcome[bool]:
    """An agent takes a sealed bid back. Others bind."""
    if auction.result is not None or not auction.sealed or agent_id not in auction.bids:
        return Outcome(False)
    if is_over(auction, now_ms):
        return Outcome(False)
    del auction.bids[agent_id]
    return Outcome(True, auction, [told.withdrawn(auction, agent_id, now_ms)])


def cancelled(auction: Auction, reason: str, now_ms: int) -> Outcome[bool]:
    """It is called off."""
    if auction.result is not None:
        return Outcome(False)
    auction.result = AuctionResult(
        status="cancelled", reason="cancelled", bids=_listed(auction), rounds=auction.rounds
    )
    event = told.cancelled(auction, reason, now_ms)
    return Outcome(True, auction, [event], reports=[("auction_resolved", "cancelled")])


def resolved(auction: Auction, now_ms: int) -> Outcome[str | None]:
    """It is decided. Once it was, this changes nothing."""
    if auction.result is not None:
        return Outcome(auction.result.winner)
    result = auction.result = _result(auction)
    events = told.sold(auction, result, now_ms) if result.status == "sold" else [told.unsold(auction, now_ms)]
    return Outcome(result.winner, auction, events, reports=[("auction_resolved", result.status)])


def _listed(auction: Auction) -> list[tuple[str, float]]:
    return [(each.agent, float(each.amount)) for each in auction.ranked()]


def _result(auction: Auction) -> AuctionResult:
    ranked = auction.ranked()
    standing = [each for each in ranked if valid(auction, each)]
    result = AuctionResult(status="unsold", reason="sold", bids=_listed(auction), rounds=auction.rounds)
    if not ranked:
        result.reason = "no_bids"
    elif not standing:
        result.reason = "below_reserve"
    elif (
        auction.type != AuctionType.DUTCH
        and len(_counted(auction, ranked, standing)) < auction.terms.min_bidders
    ):
        result.reason = "too_few_bidders"
    else:
        _award(auction, result, standing, ranked)
    return result


def _counted(auction: Auction, ranked: list[PlacedBid], standing: list[PlacedBid]) -> list[PlacedBid]:
    """What `min_bidders` counts: in the open everybody who bid."""
    return ranked if auction.type == AuctionType.ENGLISH else standing


def _award(
    auction: Auction, result: AuctionResult, standing: list[PlacedBid], ranked: list[PlacedBid]
) -> None:
    winner = best(auction, standing) if auction.sealed else standing[0]
    assert winner is not None
    others = [each for each in (standing if auction.sealed else ranked) if each.agent != winner.agent]
    price = winner.amount
    if auction.price is not None:
        price = auction.price
    elif auction.type == AuctionType.SECOND_PRICE_SEALED_BID:
        price, result.degenerate = _second_price(auction, winner, others)
    result.status = "sold"
    result.winner, result.price = winner.agent, float(price)
    result.runner_up = others[0].agent if others else None


def _second_price(auction: Auction, winner: PlacedBid, others: list[PlacedBid]) -> tuple[Decimal, bool]:
    """What the winner pays, and whether nothing but its own bid could tell."""
    terms = auction.terms
    if others:
        return others[0].amount, False
    if terms.reserve is not None:
        return terms.reserve, False
    if terms.reverse:
        return winner.amount, True
    # Never more than it said it would pay.
    return min(terms.start or Decimal(0), winner.amount), False
