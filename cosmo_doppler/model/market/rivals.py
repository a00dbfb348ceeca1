"""The bids that a winner had to beat, as far as it is sure that the producer weighed them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from cosmo_sdk.bidding import Select

if TYPE_CHECKING:
    from cosmo_doppler.model.auctions import Auction, FirstAward, SeenBid

ORDER_S = 0.1
"""Bids this close together may have reached the producer the other way round, and one this close to the end of the
window too late, seconds."""

_RELEASED_LETS = ("", "cost is negative", "anonymous: no directed.id")
"""Problems of bids that released producers do not see."""

Key = Callable[["SeenBid"], float]
"""What a strategy goes by: the least is the best."""


class Fields:
    """The bids a winner had to beat: all that came before it, or all that lay there when the window was over."""

    def __init__(self, auction: Auction, first: FirstAward) -> None:
        self._auction = auction
        self._first = first
        self._made: dict[bool, Field] = {}
        self._waited: list[SeenBid] | None = None

    def of(self, select: Select) -> Field:
        """Those that count under a strategy."""
        waits = select != "first_bid"
        field = self._made.get(waits)
        if field is None:
            field = self._made[waits] = Field(self._auction, self.weighed(select))
        return field

    def weighed(self, select: Select) -> list[SeenBid]:
        """The bids that lay before the producer when it chose, whatever happened on the way to us."""
        if select == "first_bid":
            return self._auction.bids
        if self._waited is None:
            self._waited = _lay_at_the_end(self._auction, self._first)
        return self._waited


def beaten_in_any_order(won: SeenBid, select: Select, rivals: list[SeenBid]) -> bool:
    """Whether one of these bids rules the winner out, where each is valid and of another neuron.

    That is so in nearly every auction, and then it comes to the same for producers of both kinds. See `Field.beaten_by`.
    """
    place = won.at
    if select == "first_bid":
        return any(seen.at + ORDER_S < place and seen is not won for seen in rivals)
    key = _KEYS[select]
    mine = key(won)
    for seen in rivals:
        found = key(seen)
        if (found < mine or (found == mine and seen.at + ORDER_S < place)) and seen is not won:
            return True
    return False


class Field:
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


def _lay_at_the_end(auction: Auction, first: FirstAward) -> list[SeenBid]:
    """The bids that lay there when the window was over."""
    # Who waits for the window declines all losers: where any was, one that was not had not arrived.
    declined = [seen for seen in auction.bids if seen.declined_reason and _lost_in_time(seen)]
    if declined:
        return declined
    if auction.meddled:
        # What was held arrived when somebody said so, the award perhaps as well.
        return []
    end = min(auction.closes_at, first.at) - ORDER_S
    return [seen for seen in auction.bids if seen.at <= end and seen.state not in ("late", "withdrawn")]


def _lost_in_time(seen: SeenBid) -> bool:
    reason = seen.declined_reason
    return seen.state != "revoked" and reason != "late" and not reason.startswith("withdrawn")


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
