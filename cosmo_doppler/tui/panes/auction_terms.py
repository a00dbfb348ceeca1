"""What an auction by exact rules stands at: its terms, its clock, the next bid it takes, the price it came to."""

from __future__ import annotations

from typing import NamedTuple

from cosmo_doppler.model.auctions import Auction
from cosmo_doppler.model.coordination.notice import PREFIX
from cosmo_doppler.model.coordination.terms import (
    DUTCH,
    ENGLISH,
    SECOND_PRICE,
    Terms,
    clock_price,
    last_price,
    least_next,
    to_next_tick,
)
from cosmo_doppler.tui import bars, words
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell

CLOCK = 16
"""Cells of the bar that shows how soon a Dutch clock moves."""


class Standing(NamedTuple):
    """An auction at a moment."""

    auction: Auction
    terms: Terms
    now: float


def standing(auction: Auction, now: float) -> Standing | None:
    """An auction by exact rules; None for any other."""
    return None if auction.terms is None else Standing(auction, auction.terms, now)


def bidder(name: str) -> str:
    """A bidder without what a mirror puts before its name; not yet safe for a terminal."""
    return name.removeprefix(PREFIX)


def amount(value: float) -> str:
    """An amount in the digits it has."""
    return f"{value:,.10g}" if abs(value) < 1e10 else f"{value:.4g}"


def terms_cell(at: Standing, ink: Ink) -> Cell:
    """Which kind of auction it is, and by which figures."""
    terms = at.terms
    cell: Cell = [
        ("mirrored  " if not terms.live else "on this bus  ", ink.dim),
        (safe(terms.called, 60), ink.market),
        ("  lowest wins" if terms.reverse else "  highest wins", ink.dim),
    ]
    if terms.kind == ENGLISH:
        if terms.start is not None:
            cell += [("   from ", ink.dim), (amount(terms.start), ink.plain)]
        if terms.increment:
            cell += [("   steps of ", ink.dim), (amount(terms.increment), ink.plain)]
    elif terms.kind == DUTCH and terms.start is not None and terms.step is not None:
        every = words.joined(words.duration((terms.step_ms or 0) / 1000))
        stops = last_price(terms)
        cell += [
            ("   from ", ink.dim),
            (amount(terms.start), ink.plain),
            (f" {'up' if terms.reverse else 'down'} ", ink.dim),
            (amount(terms.step), ink.plain),
            (f" every {every}", ink.dim),
        ]
        if stops is not None:
            cell += [(" to ", ink.dim), (amount(stops), ink.plain)]
    return cell


def standing_cell(at: Standing, ink: Ink) -> Cell:
    """How it stands: the clock, what leads and what it takes to lead; or the price."""
    auction, terms = at.auction, at.terms
    if auction.state == "awarded":
        return _price(at, ink)
    if auction.state != "open":
        return []
    if terms.kind == DUTCH:
        return _clock(at, ink)
    if terms.sealed:
        bidders = len({seen.bid.neuron for seen in auction.bids})
        how = "sealed until the award" if not terms.live else "shown here, not to the bidders"
        return [(f"{words.many(bidders, 'bidder')}", ink.plain), (f", {how}", ink.dim)]
    return _ladder(at, ink)


def _price(at: Standing, ink: Ink) -> Cell:
    auction, terms = at.auction, at.terms
    won = auction.winning_bid
    paid = "is paid" if terms.reverse else "pays"
    cell: Cell = [(safe(bidder(auction.winner), 60) or "the winner", ink.bold)]
    if auction.price is not None:
        cell += [(f" {paid} ", ink.dim), (amount(auction.price), ink.bold)]
    if won is not None and won.cost is not None and won.cost != auction.price:
        cell += [("   bid ", ink.dim), (amount(won.cost), ink.plain)]
        if terms.kind == SECOND_PRICE and auction.runner_up:
            cell += [(f", the price is that of {safe(auction.runner_up, 60)}", ink.dim)]
    return cell


def _clock(at: Standing, ink: Ink) -> Cell:
    price, left = clock_price(at.terms, at.now), to_next_tick(at.terms, at.now)
    if price is None:
        return [("the clock is not told", ink.dim)]
    cell: Cell = [("the clock asks ", ink.dim), (amount(price), ink.market + ink.bold)]
    if left is None:
        return [*cell, ("  and moves no more", ink.dim)]
    step_s = (at.terms.step_ms or 1000) / 1000
    bar = bars.countdown(left / step_s, CLOCK)
    return [
        *cell,
        ("  ", ink.dim),
        (bar, ink.market),
        ("╌" * (CLOCK - len(bar)), ink.faint),
        (f"  {words.joined(words.duration(left))} to the next", ink.dim),
    ]


def _ladder(at: Standing, ink: Ink) -> Cell:
    leader = at.auction.leading
    leading = leader.bid.cost if leader is not None else at.terms.leading
    least = least_next(at.terms, leading)
    cell: Cell = []
    if leader is not None and leading is not None:
        cell = [(amount(leading), ink.bold), (f" by {safe(bidder(leader.bid.neuron), 60)} leads   ", ink.dim)]
    elif leading is not None:
        cell = [(amount(leading), ink.bold), (" leads   ", ink.dim)]
    if least is None:
        return [*cell, ("any bid leads", ink.dim)]
    strictly = not at.terms.increment and leading is not None
    beat = "below" if at.terms.reverse else "above"
    reach = "at most" if at.terms.reverse else "at least"
    return [
        *cell,
        (f"the next bid must be {beat if strictly else reach} ", ink.dim),
        (amount(least), ink.market),
    ]


def ticks(auction: Auction, now: float) -> object:
    """A new value whenever a clock looks different: eighths of a cell of the bar."""
    at = standing(auction, now)
    if at is None or auction.state != "open" or at.terms.kind != DUTCH or not at.terms.step_ms:
        return None
    left = to_next_tick(at.terms, now)
    return None if left is None else int(left * 1000 / at.terms.step_ms * CLOCK * 8)
