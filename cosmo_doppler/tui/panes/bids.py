"""One auction: its window, its bids, who would have won under which strategy, and what looks wrong."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar, Literal, get_args

from rich.segment import Segment

from cosmo_doppler.model.auctions import Auction, SeenBid
from cosmo_doppler.model.changes import Changes
from cosmo_doppler.model.coordination.terms import ENGLISH
from cosmo_doppler.tui import bars, words
from cosmo_doppler.tui.panes.auction_terms import bidder, standing, standing_cell, terms_cell, ticks
from cosmo_doppler.tui.panes.auctions import state_style
from cosmo_doppler.tui.panes.bid_table import Pace, Sheet, columns_of
from cosmo_doppler.tui.panes.promises import Promises
from cosmo_doppler.tui.panes.remarks import Remark, line, remarks
from cosmo_doppler.tui.panes.what_if import WhatIf
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, place
from cosmo_doppler.tui.widgets.source import Glance, Source

_COUNTDOWN_CELLS = 32


BidsFace = Literal["bids", "what if", "promises"]
FACES: tuple[BidsFace, ...] = get_args(BidsFace)

_TITLES: dict[BidsFace, str] = {"bids": "Bids", "what if": "What if", "promises": "Promises"}


class BidRows(Source):
    """The selected auction: its bids and what an observer can tell about the award, or who would have won otherwise,
    or, over the whole session, who keeps promises."""

    hints: ClassVar[tuple[str, ...]] = (
        "look('next')",
        "suppose",
        "jump_trace",
        "round(-1)",
        "round(1)",
        "copy",
        "offer_again",
        "offer",
        "help",
    )

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.what_if = WhatIf(scene)
        """Who would have won otherwise."""
        self.face: BidsFace = "bids"
        """What is shown."""
        self._promises = Promises()
        self._sheet = Sheet()
        self._remarks: list[Remark] = []
        self._pace = Pace()

    def title(self, ink: Ink) -> Cell:
        """The offer, and what it asks."""
        auction = self._scene.auction
        title: Cell = [(_TITLES[self.face], ink.bold)]
        if auction is not None and self.face != "promises":
            title += [
                (f"  {short_id(auction.offer_id)}", ink.dim),
                (f"  {safe(auction.title, 300)}", ink.plain),
            ]
        return title

    def note(self, ink: Ink) -> Cell:
        """How it stands."""
        auction = self._scene.auction
        if auction is None or self.face == "promises":
            return []
        return [(auction.state, state_style(auction, ink))]

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """What is needed, the window running out, and the column titles."""
        auction = self._scene.auction
        if self.face == "promises":
            return self._promises.head(width, ink)
        if auction is None:
            return []
        if self.face == "what if":
            return self.what_if.head(width, ink)
        self._sheet.take(auction, self._scene.board.by_hand)
        needs = safe(", ".join(auction.capabilities), 200) or "anything"
        facts: Cell = [("needs ", ink.dim), (needs, ink.plain), ("   window ", ink.dim)]
        facts += (
            [(f"{auction.deadline_ms}", ink.plain), (" ms", ink.dim)]
            if auction.deadline_ms
            else [("none", ink.plain)]
        )
        at = standing(auction, self._scene.now)
        first = facts if at is None or at.terms.live else terms_cell(at, ink)
        told = [first, self._window(auction, ink)]
        if at is not None and at.terms.live:
            told.insert(1, terms_cell(at, ink))
        if at is not None and (stands := standing_cell(at, ink)):
            told.append(stands)
        lines = [*(place(cell, width) for cell in told), []]
        return [*lines, columns_of(auction).header(width, ink)] if auction.all_bids else lines

    def _invitation(self, auction: Auction, ink: Ink) -> Cell:
        """The key that bids, where somebody at the screen may."""
        session = self._scene.session
        if session.kind == "replay" or session.read_only_reason or auction.mirror is not None:
            return []
        return [("   M", ink.bold), (" bids by hand", ink.dim)]

    def _window(self, auction: Auction, ink: Ink) -> Cell:
        """The countdown while it is open, the outcome afterwards."""
        if auction.state == "open":
            left = auction.left_ms(self._scene.now)
            decides = "the producer decides" if auction.mirror is None else "somebody resolves it"
            if not auction.deadline_ms:
                return [(f"open until {decides}", ink.dim)]
            if left <= 0:
                awaited = "the award" if auction.mirror is None else "somebody to resolve it"
                return [(f"the window is over; waiting for {awaited}", ink.dim)]
            bar = bars.countdown(min(1.0, left / auction.deadline_ms), _COUNTDOWN_CELLS)
            # Auctions among people and programs last for minutes.
            number, unit = (f"{left:.0f}", "ms") if left < 10_000 else words.duration(left / 1000)
            return [
                (bar, ink.market),
                ("╌" * (_COUNTDOWN_CELLS - len(bar)), ink.faint),
                (f"  {number}", ink.bold),
                (f" {unit} left", ink.dim),
                *([(", standing still", ink.stop)] if auction.held_since is not None else []),
                *self._invitation(auction, ink),
            ]
        if auction.awarded_at is not None:
            after = words.joined(words.duration(auction.awarded_at - auction.opened_at))
            return [
                ("awarded to ", ink.dim),
                (safe(bidder(auction.winner), 80) or "nobody named", ink.bold),
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
            "unsold": "whoever held it sold to nobody",
        }
        if auction.terms is not None and auction.terms.live and not auction.awards:
            # Nobody says on a bus that nobody won; of an English one each offer is a round, and one has the award.
            english = auction.terms.kind == ENGLISH
            reason["unresolved"] = "this round is over" if english else "whoever held it sold to nobody"
        return [(reason.get(auction.state, auction.state), state_style(auction, ink))]

    def empty(self, ink: Ink) -> list[Cell]:
        """Why there is no bid."""
        if self.face == "promises":
            return [
                [("Nobody delivered yet", ink.dim)],
                [("an answer to an award is held against the winning bid", ink.dim)],
            ]
        auction = self._scene.auction
        if auction is None:
            if self._scene.trace is None:
                return [[("The bids of the selected auction stand here", ink.dim)]]
            return [
                [("This trace holds no auction", ink.dim)],
                [("nobody was asked to bid in it; a TASK_OFFER asks", ink.dim)],
            ]
        if auction.state == "open":
            held: Cell = [("something of it is held at a gate; its window stands still", ink.dim)]
            return [[("No bid yet", ink.dim)], *([held] if auction.held_since is not None else [])]
        return [
            [("Nobody bid", ink.dim)],
            [
                ("a bidder must announce ", ink.dim),
                (safe(", ".join(auction.capabilities), 80) or "a capability", ink.plain),
            ],
        ]

    def scope(self) -> Hashable:
        """The auction, and which of the two is shown of it."""
        return self._scene.offer_id if self.face != "promises" else None, self.face

    def look(self, how: Glance, key: Hashable = None, cell: int | None = None) -> bool:
        """Change between the bids, what would have been, and who keeps promises."""
        for face in FACES:
            if how == face:
                self.face = face
                return True
        if how != "next" or self._scene.auction is None:
            return False
        self.face = FACES[(FACES.index(self.face) + 1) % len(FACES)]
        return True

    def count(self) -> int:
        """Bids, a blank line and the remarks; nothing without a bid."""
        auction = self._scene.auction
        if self.face == "promises":
            return self._promises.take(self._scene.board.market.honesty)
        if auction is not None and self.face == "what if":
            return self.what_if.take(auction)
        if auction is None or not auction.all_bids:
            return 0
        verdict = self._scene.board.market.ledger.verdict(auction)
        trace = self._scene.board.traces.get(auction.trace_id)
        rounds = (
            verdict.rounds if verdict is not None else 0,
            len(trace.auctions) if trace is not None else 0,
        )
        if self._pace.due(auction, rounds):
            self._remarks = remarks(auction, self._scene.board)
        return len(auction.all_bids) + 1 + len(self._remarks)

    def key(self, index: int) -> int:
        """Bids only ever join at the end: the index itself for a bid; remarks count from below."""
        if self.face != "bids":
            return index
        bids = self._bids()
        return index if index < len(bids) else len(bids) - index - 1

    def index(self, key: Hashable, near: int) -> int | None:
        """The same, backwards."""
        if not isinstance(key, int):
            return None
        if self.face != "bids":
            return key
        return key if key >= 0 else len(self._bids()) - key - 1

    def _bids(self) -> list[SeenBid]:
        auction = self._scene.auction
        return auction.all_bids if auction is not None else []

    def touched(self, changes: Changes) -> bool:
        """Whether the selected auction changed."""
        return changes.reset or self._scene.offer_id in changes.auctions

    def stamp(self) -> Hashable:
        """The countdown moves by eighths of a cell."""
        if self.face == "promises":
            return self._scene.board.market.honesty.revision
        if self.face == "what if":
            return self._scene.offer_id, self.what_if.advance()
        auction = self._scene.auction
        behind = self._pace.behind + self._sheet.pace.behind
        tick = ticks(auction, self._scene.now) if auction is not None else None
        if auction is None or auction.state != "open" or not auction.deadline_ms:
            return self._scene.offer_id, behind, tick
        left = auction.left_ms(self._scene.now) / auction.deadline_ms
        return self._scene.offer_id, behind, tick, int(left * _COUNTDOWN_CELLS * 8)

    def marked(self, key: Hashable) -> bool:
        """While other panes show it."""
        return self.sequence(key) == self._scene.seq

    def sequence(self, key: Hashable) -> int | None:
        """The BID itself."""
        bids = self._bids()
        if self.face != "bids":
            return None
        return bids[key].seq if isinstance(key, int) and 0 <= key < len(bids) else None

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One bid, or one remark."""
        auction = self._scene.auction
        if self.face == "promises":
            return self._promises.row(index, width, ink)
        if auction is None:
            return []
        if self.face == "what if":
            return self.what_if.row(index, width, ink)
        if index < len(auction.all_bids):
            return self._sheet.row(auction, index, width, ink)
        remark = index - len(auction.all_bids) - 1
        return line(self._remarks[remark], width, ink) if remark >= 0 else []
