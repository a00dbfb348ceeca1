"""An auction: its terms, how it stands, and its bids, the best first."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from rich.cells import cell_len

from cosmo_doppler.model.auctions import Auction, SeenBid
from cosmo_doppler.model.coordination.sales import SeenSale
from cosmo_doppler.tui import words
from cosmo_doppler.tui.panes.auction_terms import (
    Standing,
    amount,
    bidder,
    standing,
    standing_cell,
    terms_cell,
)
from cosmo_doppler.tui.panes.bid_table import state_style, word_of
from cosmo_doppler.tui.panes.objects.paper import Line, Paper
from cosmo_doppler.tui.safe import fit_middle, safe

_MOST = 50
"""Bids that are shown, the latest."""

_WHO, _AMOUNT = 18, 12


def lines(sale: SeenSale, paper: Paper) -> Iterator[Line]:
    """Everything about an auction."""
    ink = paper.ink
    yield from paper.text(sale.lot)
    auction = auction_of(sale, paper)
    at = standing(auction, paper.now) if auction is not None else None
    if auction is None or at is None:
        yield from paper.facts(("kind", sale.type.replace("_", " ")))
        yield Line([("its offer was never seen", ink.dim)])
        yield from paper.history(sale)
        return
    yield Line(terms_cell(at, ink), auction.seq)
    stands = standing_cell(at, ink)
    if stands:
        yield Line(stands)
    elif sale.state == "sold" and sale.price is not None:
        # The award is with an earlier round.
        paid = " is paid " if at.terms.reverse else " pays "
        yield Line(
            [(safe(bidder(sale.winner), 60), ink.bold), (paid, ink.dim), (amount(sale.price), ink.bold)]
        )
    yield from _end(sale, at, paper)
    if auction.refused:
        yield Line([(f"{words.many(auction.refused, 'bid')} did not stand", ink.dim)])
    yield Line([])
    for offer in reversed(sale.offers):
        each = paper.scene.board.auctions.get(offer)
        if each is not None:
            yield from _bids(each, len(sale.offers) > 1, paper)
    yield from paper.history(sale)


def auction_of(sale: SeenSale, paper: Paper) -> Auction | None:
    """The latest of its offers."""
    return paper.scene.board.auctions.get(sale.offers[-1]) if sale.offers else None


def _end(sale: SeenSale, at: Standing, paper: Paper) -> Iterator[Line]:
    ink = paper.ink
    if sale.state == "open":
        terms = at.terms
        if terms.closes_ms is not None:
            whole = None if terms.opened_ms is None else (terms.closes_ms - terms.opened_ms) / 1000
            yield paper.left(
                "closes", terms.closes_ms / 1000, whole, "its time is up, and nobody resolved it"
            )
        elif at.auction.deadline_ms:
            yield paper.left(
                "round ends",
                at.auction.closes_at,
                at.auction.deadline_ms / 1000,
                "over; the award is under way",
            )
    elif sale.state != "sold":
        reason = f": {safe(sale.reason.replace('_', ' '), 80)}" if sale.reason not in ("", sale.state) else ""
        yield Line([(f"{sale.state}{reason}", ink.failure)])


def _bids(auction: Auction, rounds: bool, paper: Paper) -> Iterator[Line]:
    ink = paper.ink
    if rounds:
        yield Line([(f"round {auction.round}", ink.dim)], auction.seq)
    for seen in islice(reversed(auction.bids), _MOST):
        yield _bid(seen, auction, paper)
    if not auction.bids:
        yield Line([("no bid", ink.dim)])
    elif len(auction.bids) > _MOST:
        yield Line([(f"and {words.count(len(auction.bids) - _MOST)} before", ink.dim)])


def _bid(seen: SeenBid, auction: Auction, paper: Paper) -> Line:
    ink = paper.ink
    who = fit_middle(safe(bidder(seen.bid.neuron), 80), _WHO)
    if seen.bid.cost is None:
        told, style = "sealed", ink.dim
    else:
        told, style = amount(seen.bid.cost), ink.bold if seen.state == "won" else ink.plain
    after = words.joined(words.duration(max(0.0, seen.at - auction.opened_at)))
    word = word_of(seen, auction)
    return Line(
        [
            (f"{who}{' ' * (_WHO - cell_len(who))}  ", ink.plain),
            (f"{told:>{_AMOUNT}}  ", style),
            (f"{word:<9}  ", ink.bold if word == "leads" else state_style(seen, ink)),
            (f"after {after}", ink.dim),
        ],
        seen.seq,
    )
