"""Why somebody won: which strategies may have chosen the winner of an auction (PROTOCOL 6.12).

The strategy never crosses the wire, and the producer may have received bids in another order than we did. So a strategy
is ruled out only by what holds in every order that the producer can have seen: never wrong, at worst unsure.
Two kinds of producers are allowed for: ours, where the latest valid bid of a neuron stands, and released ones, where
every bid stands, also those with a negative cost or without a name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, NamedTuple

from cosmo_doppler.model.market.rivals import ORDER_S, Fields, beaten_in_any_order
from cosmo_sdk.bidding import SELECTS, Select, choose_winner

if TYPE_CHECKING:
    from cosmo_doppler.model.auctions import Auction, FirstAward, SeenBid

DELAY_S = 0.05
"""How long an offer may have been on its way to us, seconds."""

CLOCK_S = 0.002
"""How exact a sender's timestamps are taken to be, seconds."""

STALL_S = 0.1
"""`first_bid` awards at once; a producer that let a bid lie for this long, and half the window, did not use it."""

_PATIENT = 0.9
"""A part of the window before which no award of a strategy that waits is seen, where timestamps agree."""

_IF_REORDERED = f"only if bids within {ORDER_S * 1000:.0f} ms of each other or of the end reached the producer in another order"

Fit = Literal["yes", "maybe", "no"]
"""yes: the winner is its choice in the order we saw; maybe: it is in another order, or too little was seen to tell."""


class Finding(NamedTuple):
    """What an auction says about one strategy."""

    select: Select
    fits: Fit
    why: str
    """One clause; may hold names from the bus, not yet safe for a terminal."""


def explain(auction: Auction) -> list[Finding]:
    """One finding for each strategy, in the order of `SELECTS`.

    Returns:
        Nothing before an award, and for auctions that follow exact rules of their own.
    """
    first = auction.first_award
    if first is None or auction.terms is not None:
        return []
    winners = _winning(auction, first)
    if not winners:
        return [_unseen(auction, first, select) for select in SELECTS]
    fields = Fields(auction, first)
    return [_judge(auction, first, select, winners, fields) for select in SELECTS]


def consistent(auction: Auction) -> list[Select]:
    """The strategies that `explain` does not rule out, in less time than it takes to say why."""
    first = auction.first_award
    if first is None or auction.terms is not None:
        return []
    named = auction.bid_of(first.bid_id) if first.bid_id and auction.each_once else None
    winners = _winning(auction, first) if named is None else [named]
    found = _allowed_by_time(auction, first)
    if not winners or not found:
        return found
    fields = Fields(auction, first)
    if auction.each_once:
        return [
            select
            for select in found
            if not all(beaten_in_any_order(won, select, fields.weighed(select)) for won in winners)
        ]
    return [
        select for select in found if any(not fields.of(select).beaten_by(won, select) for won in winners)
    ]


def _winning(auction: Auction, first: FirstAward) -> list[SeenBid]:
    """The bids that may be the one that won."""
    if first.bid_id:
        return [seen for seen in auction.bids if seen.bid.id == first.bid_id]
    return [seen for seen in auction.bids if first.winner and seen.bid.neuron == first.winner]


def _unseen(auction: Auction, first: FirstAward, select: Select) -> Finding:
    timing = _contradicting_time(auction, first, select)
    return Finding(select, "no" if timing else "maybe", timing or "the winning bid was not seen")


def _judge(
    auction: Auction, first: FirstAward, select: Select, winners: list[SeenBid], fields: Fields
) -> Finding:
    timing = _contradicting_time(auction, first, select)
    if timing:
        return Finding(select, "no", timing)
    beaten = ""
    for won in winners:
        beaten = fields.of(select).beaten_by(won, select)
        if not beaten:
            break
    if beaten:
        return Finding(select, "no", beaten)
    if any(_is_choice(auction, won, select) for won in winners):
        return Finding(select, "yes", _praise(auction, select))
    return Finding(select, "maybe", _IF_REORDERED)


def _is_choice(auction: Auction, won: SeenBid, select: Select) -> bool:
    """Whether the winner is the strategy's choice in the order of arrival here."""
    weighed = auction.contenders()
    everything = [seen.bid for seen in auction.bids if seen.state not in ("late", "invalid")]
    return any(
        best is not None and best.id == won.bid.id
        for best in (choose_winner(weighed, select), choose_winner(everything, select))
    )


def _praise(auction: Auction, select: Select) -> str:
    if sum(seen.state != "invalid" for seen in auction.bids) == 1:
        return "it was the only bid"
    return {
        "first_bid": "it came first",
        "lowest_cost": "nobody asked less",
        "highest_confidence": "nobody was surer",
    }[select]


# -- what the moment of the award says


def _contradicting_time(auction: Auction, first: FirstAward, select: Select) -> str:
    """Why the moment of the award rules a strategy out; empty when it does not."""
    if not auction.deadline_ms or auction.meddled:
        return ""
    window = auction.deadline_ms / 1000
    if select != "first_bid":
        return "the award did not wait for the window" if _came_early(auction, first, window) else ""
    by_clock = _sent_after(auction, first)
    if by_clock is not None and by_clock < window - CLOCK_S:
        return ""
    lay_since = min((seen.at for seen in auction.bids if not seen.bid.problem), default=first.at)
    waited = first.at - lay_since >= max(window / 2, STALL_S)
    if waited and first.at - auction.opened_at >= 0.75 * window:
        return "the award waited for the window"
    return ""


def _allowed_by_time(auction: Auction, first: FirstAward) -> list[Select]:
    """The strategies that the moment of the award does not rule out."""
    early = bool(_contradicting_time(auction, first, "lowest_cost"))
    return [
        select
        for select in SELECTS
        if not (_contradicting_time(auction, first, select) if select == "first_bid" else early)
    ]


def _came_early(auction: Auction, first: FirstAward, window: float) -> bool:
    """Whether the award was surely made before the window was over."""
    seen, by_clock = first.at - auction.opened_at, _sent_after(auction, first)
    if by_clock is not None:
        return seen < _PATIENT * window and by_clock < window - CLOCK_S
    return seen < window - max(window / 4, DELAY_S)


def _sent_after(auction: Auction, first: FirstAward) -> float | None:
    """Seconds from offer to award by the producer's own clock, which no delay on the way to us changes."""
    if auction.sent_at is None or first.sent_at is None or first.sent_at <= auction.sent_at:
        return None
    return first.sent_at - auction.sent_at


def verdict(findings: Iterable[Finding]) -> str:
    """What the findings come to, in a few words: a strategy, `ambiguous: a or b`, `no known strategy`, or nothing."""
    found = list(findings)
    fitting = [finding.select for finding in found if finding.fits != "no"]
    if not found:
        return ""
    if not fitting:
        return "no known strategy"
    return fitting[0] if len(fitting) == 1 else f"ambiguous: {' or '.join(fitting)}"
