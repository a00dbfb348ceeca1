"""One auction: its window, its bids, who would have won under which strategy, and what looks wrong."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style

from cosmo_doppler.model.auctions import Auction, SeenBid
from cosmo_doppler.model.changes import Changes
from cosmo_doppler.tui import bars, words
from cosmo_doppler.tui.panes.auctions import state_style
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, Column, Columns, place
from cosmo_doppler.tui.widgets.source import Source
from cosmo_sdk.bidding import SELECTS, rank

_COLUMNS = Columns(
    Column("number", "#", 2, right=True, needs=84),
    Column("bidder", "bidder", 0, middle=True, most=24),
    Column("at", "after", 9, right=True),
    Column("cost", "cost", 7, right=True),
    Column("eta", "eta", 7, right=True, needs=62),
    Column("confidence", "conf", 5, right=True),
    Column("state", "state", 8),
    # The place each strategy would have given the bid.
    Column("first_bid", "first", 5, right=True, needs=72),
    Column("lowest_cost", "cheap", 5, right=True, needs=72),
    Column("highest_confidence", "sure", 4, right=True, needs=72),
)
_COUNTDOWN_CELLS = 32


def ranks(auction: Auction) -> dict[str, dict[str, int]]:
    """For each strategy the place of each bid, by bid id, counting from 1. Late, replaced and invalid bids have none."""
    standing = auction.contenders()
    return {
        select: {bid.id: place_ for place_, bid in enumerate(rank(standing, select), 1)} for select in SELECTS
    }


class BidRows(Source):
    """One row for each bid of the selected auction, then what an observer can tell about the award."""

    hints: ClassVar[tuple[str, ...]] = (
        "jump_trace",
        "round(-1)",
        "round(1)",
        "pause",
        "copy",
        "zoom",
        "offer",
        "help",
    )

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._ranks: dict[str, dict[str, int]] = {}
        self._remarks: list[Remark] = []

    def title(self, ink: Ink) -> Cell:
        """The offer, and what it asks."""
        auction = self._scene.auction
        title: Cell = [("Bids", ink.bold)]
        if auction is not None:
            title += [
                (f"  {short_id(auction.offer_id)}", ink.dim),
                (f"  {safe(auction.title, 300)}", ink.plain),
            ]
        return title

    def note(self, ink: Ink) -> Cell:
        """How it stands."""
        auction = self._scene.auction
        return [(auction.state, state_style(auction, ink))] if auction is not None else []

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """What is needed, the window running out, and the column titles."""
        auction = self._scene.auction
        if auction is None:
            return []
        self._ranks = ranks(auction)
        needs = safe(", ".join(auction.capabilities), 200) or "anything"
        facts: Cell = [("needs ", ink.dim), (needs, ink.plain), ("   window ", ink.dim)]
        facts += (
            [(f"{auction.deadline_ms}", ink.plain), (" ms", ink.dim)]
            if auction.deadline_ms
            else [("none", ink.plain)]
        )
        lines = [place(facts, width), place(self._window(auction, ink), width), []]
        return [*lines, _COLUMNS.header(width, ink)] if auction.bids else lines

    def _window(self, auction: Auction, ink: Ink) -> Cell:
        """The countdown while it is open, the outcome afterwards."""
        if auction.state == "open":
            left = auction.left_ms(self._scene.now)
            if not auction.deadline_ms:
                return [("open until the producer decides", ink.dim)]
            if left <= 0:
                return [("the window is over; waiting for the award", ink.dim)]
            bar = bars.countdown(left / auction.deadline_ms, _COUNTDOWN_CELLS)
            return [
                (bar, ink.market),
                ("╌" * (_COUNTDOWN_CELLS - len(bar)), ink.faint),
                (f"  {left:.0f}", ink.bold),
                (" ms left", ink.dim),
            ]
        if auction.awarded_at is not None:
            after = words.joined(words.duration(auction.awarded_at - auction.opened_at))
            return [
                ("awarded to ", ink.dim),
                (safe(auction.winner, 80) or "nobody named", ink.bold),
                (f" after {after}", ink.dim),
                *([(f", award {auction.awards}", ink.dim)] if auction.awards > 1 else []),
            ]
        reason = {
            "no bid": "nobody bid before the window closed",
            "unresolved": (
                "the award was revoked and nobody followed"
                if auction.awards
                else "the window closed and no award was seen"
            ),
            "stopped": "stopped before an award",
        }
        return [(reason.get(auction.state, auction.state), state_style(auction, ink))]

    def empty(self, ink: Ink) -> list[Cell]:
        """Why there is no bid."""
        auction = self._scene.auction
        if auction is None:
            return [[("No auction here", ink.dim)]]
        if auction.state == "open":
            return [[("No bid yet", ink.dim)]]
        return [
            [("Nobody bid", ink.dim)],
            [
                ("a bidder must announce ", ink.dim),
                (safe(", ".join(auction.capabilities), 80) or "a capability", ink.plain),
            ],
        ]

    def scope(self) -> Hashable:
        """The auction."""
        return self._scene.offer_id

    def count(self) -> int:
        """Bids, a blank line and the remarks; nothing without a bid."""
        auction = self._scene.auction
        if auction is None or not auction.bids:
            return 0
        self._remarks = remarks(auction)
        return len(auction.bids) + 1 + len(self._remarks)

    def key(self, index: int) -> int:
        """Bids only ever join at the end: the index itself for a bid; remarks count from below."""
        bids = self._bids()
        return index if index < len(bids) else len(bids) - index - 1

    def index(self, key: Hashable, near: int) -> int | None:
        """The same, backwards."""
        if not isinstance(key, int):
            return None
        return key if key >= 0 else len(self._bids()) - key - 1

    def _bids(self) -> list[SeenBid]:
        auction = self._scene.auction
        return auction.bids if auction is not None else []

    def touched(self, changes: Changes) -> bool:
        """Whether the selected auction changed."""
        return changes.reset or self._scene.offer_id in changes.auctions

    def stamp(self) -> Hashable:
        """The countdown moves by eighths of a cell."""
        auction = self._scene.auction
        if auction is None or auction.state != "open" or not auction.deadline_ms:
            return self._scene.offer_id
        left = auction.left_ms(self._scene.now) / auction.deadline_ms
        return self._scene.offer_id, int(left * _COUNTDOWN_CELLS * 8)

    def marked(self, key: Hashable) -> bool:
        """While other panes show it."""
        return self.sequence(key) == self._scene.seq

    def sequence(self, key: Hashable) -> int | None:
        """The BID itself."""
        bids = self._bids()
        return bids[key].seq if isinstance(key, int) and 0 <= key < len(bids) else None

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One bid, or one remark."""
        auction = self._scene.auction
        if auction is None:
            return []
        if index >= len(auction.bids):
            remark = index - len(auction.bids) - 1
            return _remark_line(self._remarks[remark], width, ink) if remark >= 0 else []
        seen = auction.bids[index]
        bid = seen.bid
        won = seen.state == "won"
        weight = ink.bold if won else ink.plain if seen.state in {"bid", "declined"} else ink.dim
        missing: Cell = [("–", ink.dim)]
        cells: dict[str, Cell] = {
            "number": [(f"{index + 1}", ink.dim)],
            "bidder": [(safe(bid.neuron, 80) or "nobody named", weight)]
            + ([(" auto", ink.dim)] if bid.auto else []),
            "at": [(_after(seen, auction), weight), (" ms", ink.dim)],
            "cost": missing if bid.cost is None else [(f"{bid.cost:.4f}", weight)],
            "eta": missing if bid.eta_ms is None else [(f"{bid.eta_ms}", weight), (" ms", ink.dim)],
            "confidence": missing if bid.confidence is None else [(f"{bid.confidence:.2f}", weight)],
            "state": [(seen.state, _bid_style(seen, ink))],
        }
        for select in SELECTS:
            standing = self._ranks.get(select, {}).get(bid.id)
            cells[select] = (
                missing
                if standing is None
                else [(f"{standing}", ink.market + Style(bold=True) if standing == 1 else ink.dim)]
            )
        return _COLUMNS.row(width, cells)


def _after(seen: SeenBid, auction: Auction) -> str:
    """Milliseconds between offer and bid; tenths matter below a second."""
    after = (seen.at - auction.opened_at) * 1000
    return f"+{after:.1f}" if after < 999.95 else f"+{after:,.0f}"


def _bid_style(seen: SeenBid, ink: Ink) -> Style:
    if seen.state == "won":
        return ink.well + Style(bold=True)
    if seen.state in {"invalid", "revoked"}:
        return ink.failure
    return ink.plain if seen.state in {"bid", "late"} else ink.dim


class Remark(NamedTuple):
    """Something an observer can tell about an auction. Texts are safe."""

    label: str
    who: str
    text: str


def remarks(auction: Auction) -> list[Remark]:
    """What the bids and the award say between the lines, most telling first."""
    found: list[Remark] = []
    if auction.awards:
        fitting = ", ".join(auction.explained_by())
        found.append(Remark("fits", fitting, "" if fitting else "no known strategy, or bids nobody here saw"))
    if any(seen.state == "won" and seen.bid.auto for seen in auction.bids):
        found.append(Remark("auto", "", "the default bidder won: it always says cost 0 and confidence 1"))
    for seen in auction.bids:
        name = safe(seen.bid.neuron, 60) or "somebody"
        if seen.state == "late":
            found.append(Remark("late", name, _lateness(seen, auction)))
        elif seen.state == "invalid":
            found.append(Remark("invalid", name, safe(seen.bid.problem, 120)))
        elif seen.state == "revoked" or seen.declined_reason:
            found.append(
                Remark(
                    "revoked" if seen.state == "revoked" else "declined",
                    name,
                    safe(seen.declined_reason, 120),
                )
            )
    return found


def _lateness(seen: SeenBid, auction: Auction) -> str:
    closed = auction.awarded_at
    if closed is None:
        closed = auction.opened_at + auction.deadline_ms / 1000
    return f"bid {words.joined(words.duration(seen.at - closed))} after the decision"


def _remark_line(remark: Remark, width: int, ink: Ink) -> list[Segment]:
    who: Cell = [(f"{remark.who}  ", ink.bold)] if remark.who else []
    return place([(f"{remark.label:<10}", ink.dim), *who, (remark.text, ink.plain)], width)
