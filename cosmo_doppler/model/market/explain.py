"""Why somebody won: which strategies may have chosen the winner of an auction (PROTOCOL 6.12).

The strategy never crosses the wire, and the producer may have received bids in another order than we did. So a strategy
is ruled out only by what holds in every order that the producer can have seen: never wrong, at worst unsure.
Two kinds of producers are allowed for: ours, where the latest valid bid of a neuron stands, and released ones, where
every bid stands, also those with a negative cost or without a name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Literal, NamedTuple

from cosmo_sdk.bidding import SELECTS, Select, choose_winner

if TYPE_CHECKING:
    from cosmo_doppler.model.auctions import Auction, FirstAward, SeenBid

ORDER_S = 0.1
"""Bids this close together may have reached the producer the other way round, and one this close to the end of the
window too late, seconds."""

DELAY_S = 0.05
"""How long an offer may have been on its way to us, seconds."""

CLOCK_S = 0.002
"""How exact a sender's timestamps are taken to be, seconds."""

STALL_S = 0.1
"""`first_bid` awards at once; a producer that let a bid lie for this long, and half the window, did not use it."""

_PATIENT = 0.9
"""A part of the window before which no award of a strategy that waits is seen, where timestamps agree."""

_RELEASED_LETS = ("", "cost is negative", "anonymous: no directed.id")
"""Problems of bids that released producers do not see."""

Key = Callable[["SeenBid"], float]
"""What a strategy goes by: the least is the best."""

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
        Nothing before an award, and for mirrored auctions, which follow rules of their own.
    """
    first = auction.first_award
    if first is None or auction.mirror is not None:
        return []
    winners = _winning(auction, first)
    if not winners:
        return [_unseen(auction, first, select) for select in SELECTS]
    fields = _Fields(auction, first)
    return [_judge(auction, first, select, winners, fields) for select in SELECTS]


def consistent(auction: Auction) -> list[Select]:
    """The strategies that `explain` does not rule out, in less time than it takes to say why."""
    first = auction.first_award
    if first is None or auction.mirror is not None:
        return []
    winners, fields = _winning(auction, first), _Fields(auction, first)
    return [
        select
        for select in SELECTS
        if not _contradicting_time(auction, first, select)
        and (not winners or any(not fields.of(select).beaten_by(won, select) for won in winners))
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
    auction: Auction, first: FirstAward, select: Select, winners: list[SeenBid], fields: _Fields
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
    return Finding(select, "maybe", "if bids reached the producer in another order than they were seen here")


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
    if not auction.deadline_ms:
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


# -- what the bids say


class _Fields:
    """The bids a winner had to beat: all that came before it, or all that lay there when the window was over."""

    def __init__(self, auction: Auction, first: FirstAward) -> None:
        self._auction = auction
        self._first = first
        self._made: dict[bool, _Field] = {}

    def of(self, select: Select) -> _Field:
        """Those that count under a strategy."""
        waits = select != "first_bid"
        field = self._made.get(waits)
        if field is None:
            field = self._made[waits] = _Field(
                self._auction, _surely_weighed(self._auction, self._first, select)
            )
        return field


class _Field:
    """The bids a winner had to beat, as far as it is sure that the producer weighed them."""

    def __init__(self, auction: Auction, rivals: list[SeenBid]) -> None:
        self._released = [seen for seen in rivals if seen.bid.problem in _RELEASED_LETS]
        self._ours: dict[str, list[SeenBid]] = {}
        for seen in auction.bids:
            if not seen.bid.problem:
                self._ours.setdefault(seen.bid.neuron, []).append(seen)
        self._sure = {id(seen) for seen in rivals}

    def beaten_by(self, won: SeenBid, select: Select) -> str:
        """What rules the winner out, for producers of both kinds; empty when nothing does."""
        key = _KEYS[select]
        ours = self._beaten_at_ours(won, select, key)
        return ours and self._beaten_at_released(won, select, key)

    def _beaten_at_released(self, won: SeenBid, select: Select, key: Key) -> str:
        mine = key(won)
        better = [
            seen
            for seen in self._released
            if seen is not won and (key(seen) < mine or (key(seen) == mine and seen.at + ORDER_S < won.at))
        ]
        return _reason(min(better, key=key), select) if better else ""

    def _beaten_at_ours(self, won: SeenBid, select: Select, key: Key) -> str:
        if won.bid.problem:
            return won.bid.problem
        own = self._ours[won.bid.neuron]
        if not self._may_stand(won, own, select):
            return f"{won.bid.neuron} bid again"
        mine, place = key(won), min(seen.at for seen in own)
        better = []
        for neuron, bids in self._ours.items():
            if neuron == won.bid.neuron:
                continue
            # Nearly every neuron bids once: then there is nothing to weigh against each other.
            sure = bids if len(bids) == 1 else [seen for seen in bids if id(seen) in self._sure]
            if not sure or id(sure[0]) not in self._sure:
                continue
            least = sure[0] if len(bids) == 1 else self._least(bids, select, key)
            found = key(least)
            if found < mine or (found == mine and min(each.at for each in sure) + ORDER_S < place):
                better.append(least)
        return _reason(min(better, key=key), select) if better else ""

    def _least(self, bids: list[SeenBid], select: Select, key: Key) -> SeenBid:
        """The worst of the bids of a neuron that may be the one that counts."""
        return max((seen for seen in bids if self._may_stand(seen, bids, select)), key=key)

    def _may_stand(self, seen: SeenBid, bids: list[SeenBid], select: Select) -> bool:
        """Whether a bid may have been the one of its neuron that counts; the first one ends the wait for more."""
        if select == "first_bid" or len(bids) == 1 or len({bool(each.bid.instance) for each in bids}) == 2:
            return True
        last = max((each.at for each in bids if id(each) in self._sure), default=-math.inf)
        return seen.at + ORDER_S >= last


def _reason(seen: SeenBid, select: Select) -> str:
    name, bid = seen.bid.neuron or "somebody", seen.bid
    if select == "lowest_cost" and bid.cost is not None:
        return f"{name} asked {bid.cost:g}"
    if select == "highest_confidence" and bid.confidence is not None:
        return f"{name} said {bid.confidence:g}"
    return f"{name} bid earlier"


def _surely_weighed(auction: Auction, first: FirstAward, select: Select) -> list[SeenBid]:
    """The bids that lay before the producer when it chose, whatever happened on the way to us."""
    if select == "first_bid":
        return auction.bids
    # Who waits for the window declines all losers: where any was, one that was not had not arrived.
    declined = [seen for seen in auction.bids if _lost_in_time(seen)]
    if declined:
        return declined
    end = min(auction.closes_at, first.at) - ORDER_S
    return [seen for seen in auction.bids if seen.at <= end and seen.state not in ("late", "withdrawn")]


def _lost_in_time(seen: SeenBid) -> bool:
    reason = seen.declined_reason
    return (
        bool(reason) and seen.state != "revoked" and reason != "late" and not reason.startswith("withdrawn")
    )


def _by_place(_: SeenBid) -> float:
    return 0.0


def _by_cost(seen: SeenBid) -> float:
    return math.inf if seen.bid.cost is None else seen.bid.cost


def _by_confidence(seen: SeenBid) -> float:
    return math.inf if seen.bid.confidence is None else -seen.bid.confidence


_KEYS: dict[Select, Key] = {
    "first_bid": _by_place,
    "lowest_cost": _by_cost,
    "highest_confidence": _by_confidence,
}


def verdict(findings: Iterable[Finding]) -> str:
    """What the findings come to, in a few words: a strategy, `ambiguous: a or b`, `no known strategy`, or nothing."""
    found = list(findings)
    fitting = [finding.select for finding in found if finding.fits != "no"]
    if not found:
        return ""
    if not fitting:
        return "no known strategy"
    return fitting[0] if len(fitting) == 1 else f"ambiguous: {' or '.join(fitting)}"
