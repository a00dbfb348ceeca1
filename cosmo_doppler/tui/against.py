"""What is seen here against a baseline, as cells: longer or shorter, dearer, somebody else, new."""

from __future__ import annotations

import time

from rich.cells import cell_len

from cosmo_doppler.model.auctions import Auction
from cosmo_doppler.model.baseline import Baseline
from cosmo_doppler.model.board import Board
from cosmo_doppler.model.traces import Trace
from cosmo_doppler.model.twins import AuctionChange, Pairing, TraceChange
from cosmo_doppler.session.baseline import Reference
from cosmo_doppler.tui import words
from cosmo_doppler.tui.safe import fit_middle, safe, short_id
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell

_TURN_S = 0.003
"""How long each turn looks at what came."""

_NOISE = 0.05
"""A change of time smaller than this part of what it was is written quietly."""

_NAME_CELLS = 20

AUCTION_CELLS = 15
"""Room for what is said about an auction."""


class Against:
    """A session's board held against what the person chose. The session's lock is held by whoever calls.

    Args:
        reference: the baseline, shared by all sessions that are watched.
    """

    def __init__(self, reference: Reference | None = None) -> None:
        self.reference = reference or Reference()
        self.version = 0
        """Grows whenever rows may look different without having been touched."""
        self._pairing: Pairing | None = None
        self._behind = False
        self._told = -1

    @property
    def baseline(self) -> Baseline | None:
        """What is held against; None for nothing."""
        return self.reference.baseline

    @property
    def busy(self) -> bool:
        """Whether the next turn has something to go on with."""
        return self._behind or self.reference.done is not None

    def turn(self, board: Board, *, hurry: bool = True) -> None:
        """Look at what came since.

        Args:
            board: what is known now.
            hurry: stop after a few milliseconds.
        """
        stop_at = time.perf_counter() + _TURN_S

        def out_of_time() -> bool:
            return hurry and time.perf_counter() >= stop_at

        changed = self.reference.turn(out_of_time)
        done = self.reference.done
        told, self._told = self._told, -1 if done is None else int(100 * done)
        changed |= told != self._told
        baseline, pairing = self.baseline, self._pairing
        if baseline is None:
            changed |= pairing is not None
            self._pairing = None
        else:
            if pairing is None or pairing.board is not board or pairing.baseline is not baseline:
                changed, pairing = True, Pairing(baseline, board)
                self._pairing = pairing
            was_behind, self._behind = self._behind, not pairing.turn(out_of_time)
            changed |= was_behind
        self.version += changed

    def title(self, ink: Ink) -> Cell:
        """What rows are held against, for the title of a pane; how much of it is read while it is on its way."""
        name = fit_middle(safe(self._name, 200), _NAME_CELLS)
        if self.reference.done is not None:
            return [(f"  reading {self.reference.done:.0%} of {name}", ink.dim)]
        return [(f"  against {name}", ink.dim)] if self.baseline is not None else []

    @property
    def _name(self) -> str:
        baseline = self.baseline
        if self.reference.done is None and baseline is not None and baseline.single:
            return short_id(baseline.name)
        return self.reference.name

    def trace(self, trace: Trace, now: float, ink: Ink) -> Cell:
        """A trace against its twin, in a few words."""
        if self.baseline is not None and self.baseline.name == trace.id:
            return [("baseline", ink.bold)]
        change = self._pairing.trace(trace, now) if self._pairing is not None else None
        return trace_cell(change, trace, ink) if change is not None else []

    def auction(self, auction: Auction, ink: Ink) -> Cell:
        """An auction against its twin, in a few words."""
        if self.baseline is not None and self.baseline.name == auction.offer_id:
            return [("baseline", ink.bold)]
        change = self._pairing.auction(auction) if self._pairing is not None else None
        return auction_cell(change, ink) if change is not None else []


def trace_cell(change: TraceChange, trace: Trace, ink: Ink) -> Cell:
    """`new`, `was done`, `+180 ms`; what is within the noise is quiet."""
    if change.twin is None:
        return [("new", ink.dim)]
    if change.was is not None:
        return [(f"was {change.was}", ink.failure if trace.status == "failed" else ink.bold)]
    if change.later_s is None:
        return []
    quiet = abs(change.later_s) < max(0.001, _NOISE * change.twin.took_s)
    number, unit = words.signed(change.later_s)
    return [(number, ink.dim if quiet else ink.plain), (f" {unit}", ink.dim)]


def auction_cell(change: AuctionChange, ink: Ink) -> Cell:
    """`new`, `was s-a`, `+0.001`, `1 new bidder`: what matters most first, as much as there is room for."""
    if change.twin is None:
        return [("new", ink.dim)]
    parts: list[Cell] = []
    if change.was:
        parts.append([("was ", ink.dim), (safe(change.was, 40), ink.bold)])
    if change.dearer:
        parts.append([(f"{change.dearer:+.3g}", ink.plain)])
    if change.came:
        parts.append([(f"{len(change.came)} new", ink.plain)])
    if change.left:
        parts.append([(f"{len(change.left)} gone", ink.plain)])
    cell: Cell = []
    for part in parts:
        more = [(", ", ink.dim), *part] if cell else part
        # A number that is cut would be another one.
        if not cell or sum(cell_len(text) for text, _ in (*cell, *more)) <= AUCTION_CELLS:
            cell += more
    return cell or [("same", ink.dim)]
