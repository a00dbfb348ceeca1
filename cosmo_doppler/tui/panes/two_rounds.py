"""Two auctions side by side, as rows: who won, who came, who left, and whose bid moved."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar, NamedTuple

from rich.segment import Segment

from cosmo_doppler.model.auctions import Auction
from cosmo_doppler.model.market.compare import compare
from cosmo_doppler.tui.panes.bid_table import digits_of, price
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, Column, Columns
from cosmo_doppler.tui.widgets.source import Source
from cosmo_sdk.bidding import Bid

_COLUMNS = Columns(
    Column("what", "", 6),
    Column("bidder", "bidder", 0, middle=True, most=40),
    Column("won", "won", 6),
    Column("cost", "cost", 19),
    Column("eta", "eta ms", 15, needs=76),
    Column("confidence", "conf", 11, needs=92),
)


class _Line(NamedTuple):
    """One bidder in both rounds; None where it was not."""

    what: str
    first: Bid | None
    second: Bid | None


class RoundRows(Source):
    """One row for each bidder, those that stayed first.

    Args:
        first: the earlier taken auction, read now and not again.
        second: what it is compared with.
    """

    hints: ClassVar[tuple[str, ...]] = ("open", "help")
    fixed_rows = True

    def __init__(self, first: Auction, second: Auction) -> None:
        found = compare(first, second)
        self._found = found
        self._names = [
            (short_id(each.offer_id), ", ".join(each.capabilities) or each.title) for each in (first, second)
        ]
        self._decimals = max(digits_of(first).cost, digits_of(second).cost)
        self._seqs = {seen.bid.id: seen.seq for each in (first, second) for seen in each.bids}
        self._won = (first.winning_bid_id, second.winning_bid_id)
        self._lines = [
            *(_Line(_moved(move.before, move.after), move.before, move.after) for move in found.stayed),
            *(_Line("came", None, bid) for bid in found.appeared),
            *(_Line("left", bid, None) for bid in found.left),
        ]

    def title(self, ink: Ink) -> Cell:
        """Which auctions."""
        (left, left_need), (right, right_need) = self._names
        return [
            ("Compare", ink.bold),
            (f"  {left} ", ink.plain),
            (safe(left_need, 28), ink.dim),
            (f"   with {right} ", ink.plain),
            (safe(right_need, 28), ink.dim),
        ]

    def note(self, ink: Ink) -> Cell:
        """Whether prices can be held against each other."""
        return [] if self._found.same_need else [("different needs", ink.stop)]

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """Who won and for how much, then column titles."""
        found = self._found
        first, second = (safe(name, 40) or "nobody" for name in found.winners)
        who = f"{first} → {second}" if found.winner_changed else f"{second} again"
        won: dict[str, Cell] = {
            "what": [("winner", ink.dim)],
            "bidder": [(who, ink.bold)],
            "cost": self._change(*found.prices, ink),
        }
        return [_COLUMNS.row(width, won), _COLUMNS.header(width, ink)]

    def empty(self, ink: Ink) -> list[Cell]:
        """Nobody bid."""
        return [[("Nobody's bid was weighed in either auction", ink.dim)]]

    def count(self) -> int:
        """Bidders."""
        return len(self._lines)

    def key(self, index: int) -> int:
        """Its place."""
        return index

    def index(self, key: Hashable, near: int) -> int | None:
        """The place itself."""
        return key if isinstance(key, int) and key < self.count() else None

    def sequence(self, key: Hashable) -> int | None:
        """Its bid in the second auction, or in the first where it bid only there."""
        if not isinstance(key, int) or key >= len(self._lines):
            return None
        bid = self._lines[key].second or self._lines[key].first
        return self._seqs.get(bid.id) if bid is not None else None

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One bidder."""
        what, first, second = self._lines[index]
        bid = second or first
        if bid is None:
            return []
        weight = ink.dim if what == "same" else ink.bold
        wins = (
            first is not None and first.id == self._won[0],
            second is not None and second.id == self._won[1],
        )
        return _COLUMNS.row(
            width,
            {
                "what": [(what, weight)],
                "bidder": [(safe(bid.neuron, 80) or "nobody named", weight)],
                "won": [(_WON[wins], ink.plain)],
                "cost": self._change(first.cost if first else None, second.cost if second else None, ink),
                "eta": _both(_eta(first), _eta(second), ink),
                "confidence": _both(_confidence(first), _confidence(second), ink),
            },
        )

    def _change(self, first: float | None, second: float | None, ink: Ink) -> Cell:
        told = ["–" if each is None else price(each, self._decimals) for each in (first, second)]
        return _both(told[0], told[1], ink)


_WON = {(False, False): "", (True, False): "first", (False, True): "second", (True, True): "both"}


def _moved(before: Bid, after: Bid) -> str:
    same = (before.cost, before.eta_ms, before.confidence) == (after.cost, after.eta_ms, after.confidence)
    return "same" if same else "moved"


def _both(first: str, second: str, ink: Ink) -> Cell:
    if first == second:
        return [(first, ink.dim)]
    return [(first, ink.dim), (" → ", ink.dim), (second, ink.plain)]


def _eta(bid: Bid | None) -> str:
    return "–" if bid is None or bid.eta_ms is None else f"{bid.eta_ms:.0f}"


def _confidence(bid: Bid | None) -> str:
    return "–" if bid is None or bid.confidence is None else f"{bid.confidence:.2f}"
