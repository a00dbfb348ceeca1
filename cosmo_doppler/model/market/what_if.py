"""What if: who would have won an auction under another rule, with another window, or against a bid that never was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from cosmo_doppler.model.market.rules import RULE_NAMES, Rule, Timed, ranked, rule, standing
from cosmo_doppler.model.market.score import Score
from cosmo_sdk.bidding import Bid

if TYPE_CHECKING:
    from cosmo_doppler.model.auctions import Auction

GHOST = "(ghost)"
"""What a bid that never was is called."""

_NEVER = frozenset({"invalid", "withdrawn"})


class Ghost(NamedTuple):
    """A bid that never was."""

    cost: float | None = None
    eta_ms: int | None = None
    confidence: float | None = None
    after_ms: float | None = None
    """When it comes, from the offer; None: in time, and after all others, so that it wins no tie."""

    def timed(self, last_s: float) -> Timed:
        """As a bid among others, of which the last comes at `last_s`."""
        bid = Bid(id=GHOST, neuron=GHOST, cost=self.cost, eta_ms=self.eta_ms, confidence=self.confidence)
        return Timed(bid, last_s if self.after_ms is None else self.after_ms / 1000)


class Outcome(NamedTuple):
    """Who wins under one rule."""

    rule: str
    winner: Bid | None
    after_ms: float | None
    """When the winning bid came, from the offer."""
    value: float | None
    """The figure that decided."""
    price: float | None
    """What the winner is paid: its own cost, under `second_price` the runner-up's; None when nobody named a price."""
    runner_up: Bid | None
    margin: float | None
    """By how much the winner's figure is better than the runner-up's, never negative; None without one."""
    tie: bool
    """Only the order of arrival decided."""
    same: bool
    """It is who really won."""


def arrivals(
    auction: Auction, *, window_ms: float | None = None, ghosts: Sequence[Ghost] = ()
) -> list[Timed]:
    """The bids that would have come in time, by arrival.

    Args:
        auction: the auction.
        window_ms: another window; bids that came too late for the real one count if they fit in. None: the one that
            the offer names.
        ghosts: bids that never were.
    """
    if window_ms is None:
        counted = {id(seen) for seen in auction.in_time}
        # A bid that came too late only because the first one had won would have been in time for who waits.
        field = [
            Timed(seen.bid, auction.after_s(seen))
            for seen in auction.bids
            if id(seen) in counted or (seen.state == "late" and _fits(auction, seen.at))
        ]
    else:
        limit = window_ms / 1000
        field = [
            Timed(seen.bid, auction.after_s(seen))
            for seen in auction.bids
            if seen.state not in _NEVER and auction.after_s(seen) <= limit
        ]
    last_s = field[-1].after_s if field else 0.0
    field += [ghost.timed(last_s) for ghost in ghosts]
    if window_ms is not None:
        field = [timed for timed in field if timed.after_s <= window_ms / 1000]
    field.sort(key=lambda timed: timed.after_s)
    return field


def _fits(auction: Auction, at: float) -> bool:
    """Whether something came within the window that the offer names."""
    return auction.deadline_ms > 0 and at <= auction.closes_at


def what_if(
    auction: Auction,
    *,
    window_ms: float | None = None,
    score: Score | None = None,
    ghosts: Sequence[Ghost] = (),
    honesty: Callable[[str], float | None] | None = None,
) -> list[Outcome]:
    """The winner under every rule; under `score` only when there is one.

    Args:
        auction: the auction, decided or not.
        window_ms: another window for bids; None: the one that the offer names.
        score: an expression; the highest wins.
        ghosts: bids that never were.
        honesty: how honest a bidder is by its name, 0 to 1, for the score.
    """
    came = arrivals(auction, window_ms=window_ms, ghosts=ghosts)
    names = [name for name in RULE_NAMES if name != "score" or score is not None]
    return [outcome(auction, came, rule(name, score, honesty)) for name in names]


def outcome(auction: Auction, came: Sequence[Timed], by: Rule) -> Outcome:
    """The winner among some bids, by arrival, under one rule."""
    # The first bid ends the round, so nobody replaces it.
    order = ranked(came if by.name == "first_bid" else standing(came), by)
    if not order:
        return Outcome(by.name, None, None, None, None, None, None, tie=False, same=not auction.winner)
    key, best = order[0]
    second_key, second = order[1] if len(order) > 1 else (0.0, None)
    margin = None
    if second is not None:
        ours, theirs = by.value(best), by.value(second)
        margin = abs(theirs - ours) if ours is not None and theirs is not None else None
    price = best.bid.cost
    if by.name == "second_price" and second is not None and second.bid.cost is not None:
        price = second.bid.cost
    return Outcome(
        by.name,
        best.bid,
        best.after_s * 1000,
        by.value(best),
        price,
        second.bid if second is not None else None,
        margin,
        tie=second is not None and second_key == key and by.name != "first_bid",
        same=best.bid.id == auction.winning_bid_id
        if auction.winning_bid_id
        else best.bid.neuron == auction.winner,
    )


def instead(auction: Auction, outcome: Outcome) -> bool:
    """Whether a rule gives it to somebody else than who won. Not before somebody has, nor where its own rules decide."""
    won = auction.first_award is not None and auction.mirror is None
    return won and outcome.winner is not None and not outcome.same
