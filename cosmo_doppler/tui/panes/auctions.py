"""The list of auctions, newest first."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from cosmo_doppler.model.auctions import Auction
from cosmo_doppler.model.changes import Changes
from cosmo_doppler.model.coordination.notice import PREFIX
from cosmo_doppler.model.coordination.terms import Terms
from cosmo_doppler.tui import words
from cosmo_doppler.tui.against import AUCTION_CELLS
from cosmo_doppler.tui.panes.order import NewestFirst
from cosmo_doppler.tui.panes.traces import REST_S, quantity
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, Column, Columns
from cosmo_doppler.tui.widgets.source import Source
from cosmo_sdk.bidding import Select

_NEED = 44
"""Cells of a pane from which on it says what is needed."""

_WINNER = 14
"""Cells of the winner's name."""

_MIRRORED = "  mirrored"
"""Stands behind a name that leaves it the room; the bids say it in any case."""

_MOST_KEPT = 256
"""Auctions whose figures are kept between paints."""

_COLUMNS = Columns(
    Column("age", "age", 6, right=True),
    Column("state", "state", 10),
    Column("bids", "bids", 4, right=True),
    Column("window", "window", 7, right=True, needs=58),
    Column("winner", "winner", _WINNER, middle=True),
    Column("margin", "margin", 6, right=True, needs=66),
    Column("why", "fits", 18, needs=92),
    Column("id", "offer", 8, needs=76),
    Column("need", "needs", 0, needs=_NEED),
)
_AGAINST = Columns(
    Column("age", "age", 6, right=True, needs=56),
    Column("state", "state", 10),
    Column("bids", "bids", 4, right=True, needs=50),
    Column("window", "window", 7, right=True, needs=92),
    Column("winner", "winner", _WINNER, middle=True),
    Column("against", "baseline", AUCTION_CELLS),
    Column("margin", "margin", 6, right=True, needs=100),
    Column("why", "fits", 18, needs=124),
    Column("id", "offer", 8, needs=84),
    Column("need", "needs", 0, needs=64),
)
"""While there is a baseline."""


def state_style(auction: Auction, ink: Ink) -> Style:
    """How an auction's state is written."""
    if auction.state == "awarded":
        return ink.well
    if auction.state == "no bid":
        return ink.failure
    if auction.state == "stopped":
        return ink.stop
    return ink.bold if auction.state == "open" else ink.dim


class AuctionRows(Source):
    """One row for each offer."""

    hints: ClassVar[tuple[str, ...]] = (
        "open",
        "look('next')",
        "pause",
        "round(-1)",
        "round(1)",
        "jump_trace",
        "offer_again",
        "offer",
        "help",
    )
    follows = True

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._order = NewestFirst()
        self._facts: dict[str, tuple[int, list[Select], float | None]] = {}

    def title(self, ink: Ink) -> Cell:
        """The pane's name, and what its rows are held against."""
        return [("Auctions", ink.bold), *self._scene.against.title(ink)]

    def note(self, ink: Ink) -> Cell:
        """How many."""
        return [(words.count(self.count()), ink.dim)]

    @property
    def _columns(self) -> Columns:
        return _COLUMNS if self._scene.against.baseline is None else _AGAINST

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """Column titles."""
        return [self._columns.header(width, ink)] if self.count() else []

    def empty(self, ink: Ink) -> list[Cell]:
        """What makes an auction appear."""
        if self._scene.session.kind == "replay":
            return [[("No auction yet", ink.dim)], [("a TASK_OFFER opens one", ink.dim)]]
        return [
            [("No auction yet", ink.dim)],
            [("a TASK_OFFER opens one; ", ink.dim), ("O", ink.bold), (" sends an offer", ink.dim)],
        ]

    def count(self) -> int:
        """Offers seen."""
        return len(self._scene.board.auction_order)

    def key(self, index: int) -> str:
        """Its offer id."""
        return self._order.key(self._scene.board.auction_order, index)

    def index(self, key: Hashable, near: int) -> int | None:
        """Where an auction stands."""
        return self._order.row(self._scene.board.auction_order, key)

    def rest(self, current: Hashable | None) -> Hashable | None:
        """Stay while an auction is open and a moment longer, then go to the newest."""
        auction = self._scene.board.auctions.get(current) if isinstance(current, str) else None
        if auction is not None:
            settled = auction.awarded_at or auction.opened_at + auction.deadline_ms / 1000
            if self._scene.now - settled < REST_S:
                return current
        return super().rest(current)

    def touched(self, changes: Changes) -> bool:
        """Only auctions show here."""
        return bool(changes.auctions) or changes.reset

    def stamp(self) -> Hashable:
        """Ages count in seconds."""
        return int(self._scene.now), self._scene.against.version

    def marked(self, key: Hashable) -> bool:
        """While other panes show it."""
        return key == self._scene.offer_id

    def sequence(self, key: Hashable) -> int | None:
        """Its offer."""
        auction = self._scene.board.auctions.get(key) if isinstance(key, str) else None
        return auction.seq if auction is not None else None

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One auction."""
        scene = self._scene
        auction = scene.board.auctions[self.key(index)]
        strategies = self._explained(auction)
        margin = self._margin(auction)
        window = _window(auction.deadline_ms, ink)
        winner = safe(auction.winner.removeprefix(PREFIX), 80)
        fits_too = cell_len(winner or "–") + len(_MIRRORED) <= _WINNER
        return self._columns.row(
            width,
            {
                "age": quantity(words.age(scene.now - auction.opened_at), ink, ink.dim),
                "against": scene.against.auction(auction, ink),
                "state": [(auction.state, state_style(auction, ink))],
                "bids": [(f"{len(auction.bids)}", ink.plain if auction.bids else ink.dim)],
                "window": window,
                "winner": [
                    (winner or "–", ink.bold if winner else ink.dim),
                    # Where there is room it stands with what is needed.
                    (_MIRRORED if auction.mirror is not None and width < _NEED and fits_too else "", ink.dim),
                ],
                "margin": [(f"{margin:+.0%}" if abs(margin) < 9.995 else f"{margin:+.0f}x", ink.plain)]
                if margin is not None
                else [("–", ink.faint)],
                "why": [(fits(strategies) if auction.terms is None else _held(auction.terms), ink.dim)],
                "id": [(short_id(auction.offer_id), ink.dim)],
                "need": [
                    ("mirrored  ", ink.dim) if auction.mirror is not None else ("", ink.dim),
                    (_need(auction), ink.plain),
                ],
            },
        )

    def _explained(self, auction: Auction) -> list[Select]:
        return self._facts_of(auction)[1]

    def _margin(self, auction: Auction) -> float | None:
        return self._facts_of(auction)[2]

    def _facts_of(self, auction: Auction) -> tuple[int, list[Select], float | None]:
        """What costs a look at every bid, kept until the auction changes."""
        facts = self._facts.get(auction.offer_id)
        if facts is None or facts[0] != auction.revision:
            from cosmo_doppler.model.market.report import margin

            if len(self._facts) >= _MOST_KEPT:
                self._facts.clear()
            facts = self._facts[auction.offer_id] = (
                auction.revision,
                auction.explained_by(),
                margin(auction),
            )
        return facts


def _need(auction: Auction) -> str:
    """What is needed; of an auction held elsewhere, what it is about."""
    if auction.terms is not None and auction.mirror is not None:
        return safe(auction.title, 200) or safe(auction.terms.called, 60)
    return safe(", ".join(auction.capabilities), 200) or safe(auction.title, 200)


def _held(terms: Terms) -> str:
    return safe(terms.called, 40)


def fits(strategies: Sequence[str]) -> str:
    """Strategy names in a few words."""
    if not strategies:
        return ""
    return "any strategy" if len(strategies) == 3 else " or ".join(_SHORT[name] for name in strategies)


_SHORT = {"first_bid": "first", "lowest_cost": "cost", "highest_confidence": "confidence"}


def _window(deadline_ms: int, ink: Ink) -> Cell:
    """How long bids are taken; from 10 s on not in milliseconds, which would be cut off."""
    if not deadline_ms:
        return [("–", ink.dim)]
    return quantity(
        (f"{deadline_ms}", "ms") if deadline_ms < 10_000 else words.duration(deadline_ms / 1000), ink
    )
