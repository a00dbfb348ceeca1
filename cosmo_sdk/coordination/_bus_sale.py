"""One auction on a bus while it lasts: its bids, and how they go into the auction."""

from __future__ import annotations

import asyncio
from typing import Any

from cosmo_sdk.bidding import Bid, latest_per_neuron
from cosmo_sdk.coordination.bidding import AuctionResult, AuctionRules, AuctionType, BiddingProtocol

OUTBID = "outbid"


class Sale:
    """An auction whose bids come from a bus, round by round.

    Bids are kept until the end of their round, because what a worker bids by itself counts only when nobody else bids.

    Args:
        auction: what decides.
        rules: of the auction.
        enough: bidders after which a round ends; None for no such end.

    Attributes:
        offers: ids of the TASK_OFFERs, one for each round.
        accepted: the bid of each neuron that stands.
        over: done when the round is to end early.
    """

    def __init__(self, auction: BiddingProtocol, *, rules: AuctionRules, enough: int | None) -> None:
        self.auction = auction
        self.offers: list[str] = []
        self.accepted: dict[str, Bid] = {}
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._enough = enough
        self._ignore_auto = rules.ignore_auto_bids
        self._reserve = None if rules.reserve is None else float(rules.reserve)
        self._round: list[Bid] = []
        self._latest: dict[str, Bid] = {}
        self._reasons: dict[str, str] = {}
        self._honest = False
        self._ended = False

    @property
    def _english(self) -> bool:
        return self.auction.auction_type == AuctionType.ENGLISH

    def begin_round(self) -> None:
        """Take bids."""
        self._round = []
        self.over = asyncio.get_running_loop().create_future()
        if self._ended:
            self.over.set_result(None)

    def end_round(self) -> None:
        """Nobody waits for the auction any more."""
        self._ended = True
        self._close()

    def _close(self) -> None:
        if not self.over.done():
            self.over.set_result(None)

    def take(self, bid: Bid) -> None:
        """A bid arrived."""
        self._round.append(bid)
        self._latest[bid.neuron or bid.id] = bid
        if self._enough is not None and len({each.neuron for each in self._round}) >= self._enough:
            self._close()

    def settle_round(self) -> bool:
        """Put the bids of the round into the auction. Whether another round makes sense: one stands, and it can be beaten."""
        bids = [bid for bid in latest_per_neuron(self._round) if self._fit(bid)]
        honest = [bid for bid in bids if not bid.auto]
        self._honest = self._honest or bool(honest)
        if self._ignore_auto and self._honest:
            bids = honest
        if self._english:
            # In the order in which they came the best one might be too small a step from one that came before it.
            bids.sort(key=lambda bid: bid.cost or 0.0)
        moved = False
        for bid in bids:
            assert bid.cost is not None
            if self.auction.submit_bid(bid.neuron, bid.cost):
                self.accepted[bid.neuron] = bid
                self._reasons.pop(bid.neuron, None)
                moved = True
            elif bid.neuron not in self.accepted:
                rejection = self.auction.last_rejection
                self._reasons[bid.neuron] = rejection if rejection == "not_eligible" else OUTBID
        least = self.auction.min_next_bid
        return moved and (least is None or least > 0)

    def _fit(self, bid: Bid) -> bool:
        """Whether a bid can be weighed at all."""
        problem = bid.problem or ("" if bid.cost is not None else "no cost")
        if problem and bid.neuron not in self.accepted:
            self._reasons[bid.neuron] = f"invalid: {problem}"
        return not problem

    def bidders(self) -> list[Bid]:
        """The bid of everybody that is answered: the one that stands, else the latest. In the order of arrival."""
        return [self.accepted.get(name, bid) for name, bid in self._latest.items() if bid.neuron]

    def reason(self, bid: Bid, result: AuctionResult) -> str:
        """What a bidder is told who did not win."""
        told = self._reasons.get(bid.neuron)
        if told is not None:
            return told
        if result.winner is None:
            return result.reason
        missed = self._reserve is not None and bid.cost is not None and bid.cost > self._reserve
        return "below_reserve" if missed else OUTBID

    def standing_price(self) -> dict[str, float]:
        """English, from the second round on: the cost that leads, and the one to reach (with increment 0: to beat)."""
        leading, least = self.auction.current_price, self.auction.min_next_bid
        if not self._english or leading is None or least is None:
            return {}
        return {"leading": leading, "min_next": least}

    def meta(self, kind: str, **facts: Any) -> dict[str, Any]:
        """The annotation of a Signal of this auction."""
        return {
            "coord": {
                "v": 1,
                "kind": kind,
                "subject": self.auction.auction_id,
                "auction_type": self.auction.auction_type,
                "mode": "live",
                **facts,
            }
        }
