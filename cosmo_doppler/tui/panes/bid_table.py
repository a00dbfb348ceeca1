"""The bids of one auction as a table: when each came, what it said, what became of it, and its place by every rule."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style

from cosmo_doppler.model.auctions import Auction, SeenBid
from cosmo_doppler.model.coordination.notice import PREFIX
from cosmo_doppler.model.coordination.terms import ENGLISH
from cosmo_doppler.model.interventions import Interventions
from cosmo_doppler.model.market.report import ranks
from cosmo_doppler.tui import words
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, Column, Columns
from cosmo_sdk.bidding import SELECTS

COLUMNS = Columns(
    Column("number", "#", 2, right=True, needs=88),
    Column("bidder", "bidder", 0, middle=True, most=24),
    Column("at", "after", 8, right=True),
    Column("cost", "cost", 7, right=True),
    Column("eta", "eta", 7, right=True, needs=74),
    Column("confidence", "conf", 4, right=True, needs=48),
    Column("state", "state", 9),
    # The place each strategy would have given the bid.
    Column("first_bid", "first", 5, right=True, needs=72),
    Column("lowest_cost", "cheap", 5, right=True, needs=72),
    Column("highest_confidence", "sure", 4, right=True, needs=72),
)

LADDER = Columns(
    Column("number", "#", 2, right=True, needs=60),
    Column("bidder", "bidder", 0, middle=True, most=24),
    Column("at", "after", 8, right=True),
    Column("cost", "bid", 10, right=True),
    # How far it is from the bid before it.
    Column("step", "step", 8, right=True, needs=56),
    Column("state", "state", 9),
)
"""For auctions that exact rules decide: no strategy ranks their bids."""

MOST_LOOKED_AT = 500
"""Bids that decide how many digits a column has."""

MANY = 400
"""Bids beyond which ranks and remarks follow what comes a little later."""

RARELY = 20
"""Paints after which they do."""

_MOST_DECIMALS = 6

_WORDS = {"bid": "open", "won": "WON", "sealed": "sealed", "replaced": "replaced"}


class Digits(NamedTuple):
    """How the figures of an auction are written, so that their points stand below each other."""

    cost: int
    """Decimals of prices."""
    after: int
    """Decimals of milliseconds; -1 for seconds with two of them."""


class Pace:
    """How often what looks at all bids of an auction is made again: with every change, or, where there are many bids
    and they keep coming, once in `RARELY` paints."""

    def __init__(self) -> None:
        self.behind = 0
        """Paints since what is shown was left as it was; 0 when it is up to date."""
        self._of: Hashable = None
        self._auction = ""

    def due(self, auction: Auction, more: Hashable = None) -> bool:
        """Whether to make it again now.

        Args:
            auction: as it is now.
            more: anything else it depends on.
        """
        now = (auction.offer_id, auction.revision, more)
        if now == self._of:
            self.behind = 0
            return False
        if len(auction.bids) > MANY and auction.offer_id == self._auction and self.behind < RARELY:
            self.behind += 1
            return False
        self._of, self._auction, self.behind = now, auction.offer_id, 0
        return True


class Sheet:
    """What the table of an auction needs to know of all its bids at once."""

    def __init__(self) -> None:
        self.pace = Pace()
        self._ranks: dict[str, dict[str, int]] = {}
        self._digits = Digits(4, 1)
        self._edited: set[str] = set()

    def take(self, auction: Auction, by_hand: Interventions) -> None:
        """Be about this auction as it is now."""
        if self.pace.due(auction):
            self._ranks, self._digits = ranks(auction), digits_of(auction)
            self._edited = edited_bids(auction, by_hand)

    def row(self, auction: Auction, index: int, width: int, ink: Ink) -> list[Segment]:
        """One bid."""
        if auction.terms is not None:
            return self._rung(auction, index, width, ink)
        seen = auction.all_bids[index]
        bid = seen.bid
        weight = weight_of(seen, ink)
        missing: Cell = [("–", ink.faint)]
        cells: dict[str, Cell] = {
            "number": [(f"{index + 1}", ink.dim)],
            "bidder": [
                (safe(bid.neuron, 80) or "nobody named", weight),
                (" auto" if bid.auto else "", ink.market),
                ("*" if bid.id in self._edited else "", ink.bold),
            ],
            "at": self._after(seen, auction, weight, ink),
            "cost": self._cost(seen, weight, ink) or missing,
            "eta": missing if bid.eta_ms is None else [(f"{bid.eta_ms}", weight), (" ms", ink.dim)],
            "confidence": missing if bid.confidence is None else [(f"{bid.confidence:.2f}", weight)],
            "state": [(_WORDS.get(seen.state, seen.state), state_style(seen, ink))],
        }
        for select in SELECTS:
            standing = self._ranks.get(select, {}).get(bid.id)
            if standing is None:
                cells[select] = missing
            else:
                best = ink.market + Style(bold=True)
                cells[select] = [(f"{standing}", best if standing == 1 else ink.dim)]
        return COLUMNS.row(width, cells)

    def _rung(self, auction: Auction, index: int, width: int, ink: Ink) -> list[Segment]:
        """One bid of an auction by exact rules."""
        seen = auction.all_bids[index]
        weight, word = weight_of(seen, ink), word_of(seen, auction)
        cost = seen.bid.cost
        before = auction.all_bids[index - 1].bid.cost if index else None
        step: Cell = []
        if cost is not None and before is not None and not (auction.terms and auction.terms.sealed):
            step = [(f"{cost - before:+.6g}", ink.dim)]
        return LADDER.row(
            width,
            {
                "number": [(f"{index + 1}", ink.dim)],
                "bidder": [
                    (safe(seen.bid.neuron.removeprefix(PREFIX), 80) or "nobody named", weight),
                    (" auto" if seen.bid.auto else "", ink.market),
                ],
                "at": self._after(seen, auction, weight, ink),
                "cost": [("▒▒▒▒▒▒", ink.faint)]
                if cost is None
                else [(price(cost, self._digits.cost), weight)],
                "step": step,
                "state": [(word, ink.bold if word == "leads" else state_style(seen, ink))],
            },
        )

    def _after(self, seen: SeenBid, auction: Auction, weight: Style, ink: Ink) -> Cell:
        after = seen.at - auction.opened_at
        if self._digits.after < 0:
            return [(f"{after:,.2f}", weight), (" s ", ink.dim)]
        return [(f"{after * 1000:,.{self._digits.after}f}", weight), (" ms", ink.dim)]

    def _cost(self, seen: SeenBid, weight: Style, ink: Ink) -> Cell:
        if seen.bid.cost is None:
            return [("sealed", ink.dim)] if seen.state == "sealed" else []
        return [(price(seen.bid.cost, self._digits.cost), weight)]


def edited_bids(auction: Auction, by_hand: Interventions) -> set[str]:
    """Ids of the bids that somebody changed on their way."""
    if not by_hand.counts["edited"]:
        return set()
    done = ((seen.bid.id, by_hand.of(seen.bid.id)) for seen in auction.bids)
    return {id for id, each in done if each is not None and each.kind == "edited"}


def word_of(seen: SeenBid, auction: Auction) -> str:
    """What became of a bid of an auction by exact rules, in one word."""
    terms = auction.terms
    if terms is not None and terms.kind == ENGLISH and auction.state == "open":
        if seen is auction.leading:
            return "leads"
        if seen.state in ("bid", "replaced"):
            return "outbid"
    return {**_WORDS, "declined": "lost"}.get(seen.state, seen.state)


def columns_of(auction: Auction) -> Columns:
    """The columns of an auction's table."""
    return COLUMNS if auction.terms is None else LADDER


def price(value: float, decimals: int) -> str:
    """A price with so many decimals; one that is too small for them says so, one too large is written short."""
    if 0 < value < 0.5 * 10**-decimals:
        return f"<{10**-decimals:.{decimals}f}"
    return f"{value:.{decimals}f}" if abs(value) < 10_000 else f"{value:.3g}"


def digits_of(auction: Auction) -> Digits:
    """The fewest digits that tell the bids of an auction apart, between two and six decimals."""
    looked_at = auction.bids[:MOST_LOOKED_AT]
    needed = [
        len(f"{seen.bid.cost:.{_MOST_DECIMALS}f}".rstrip("0").partition(".")[2])
        for seen in looked_at
        if seen.bid.cost is not None and abs(seen.bid.cost) < 100
    ]
    longest = max((seen.at - auction.opened_at for seen in looked_at), default=0.0)
    after = 1 if longest < 0.99995 else 0 if longest < 9.9995 else -1
    return Digits(max(2, min(_MOST_DECIMALS, max(needed, default=2))), after)


def weight_of(seen: SeenBid, ink: Ink) -> Style:
    """How the figures of a bid are written: what won is bold, what does not count is dim."""
    if seen.state == "won":
        return ink.bold
    return ink.plain if seen.state in {"bid", "sealed", "declined"} else ink.dim


def state_style(seen: SeenBid, ink: Ink) -> Style:
    """How a bid's state is written."""
    if seen.state == "won":
        return ink.well + Style(bold=True)
    if seen.state in {"invalid", "revoked", "dropped"}:
        return ink.failure
    return ink.plain if seen.state in {"bid", "sealed", "late"} else ink.dim


def lateness(seen: SeenBid, auction: Auction) -> str:
    """By how much a bid came too late."""
    closed = auction.awarded_at if auction.awarded_at is not None else auction.closes_at
    return words.joined(words.duration(seen.at - min(closed, auction.closes_at)))
