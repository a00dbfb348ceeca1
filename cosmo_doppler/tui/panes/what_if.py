"""What if: the selected auction under every rule, its window curve, and what each rule comes to over the session."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import groupby
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from cosmo_doppler.model.auctions import Auction
from cosmo_doppler.model.board import Board
from cosmo_doppler.model.market.curve import Step, shortest_window, window_curve, winner_at
from cosmo_doppler.model.market.report import Tally
from cosmo_doppler.model.market.rules import RuleName, rule
from cosmo_doppler.model.market.suppose import Supposition
from cosmo_doppler.model.market.what_if import Outcome, instead, what_if
from cosmo_doppler.tui.panes.bid_table import Pace, digits_of, price
from cosmo_doppler.tui.safe import fit, safe
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, Column, Columns, place

_COLUMNS = Columns(
    Column("rule", "rule", 18),
    Column("winner", "winner", 0, middle=True, most=20),
    Column("differs", "", 7),
    Column("by", "by", 9, right=True, needs=56),
    Column("paid", "paid", 8, right=True),
    Column("margin", "ahead by", 9, right=True, needs=86),
    Column("second", "runner-up", 14, middle=True, needs=104),
    Column("session", "same in", 9, right=True, needs=62),
)

AT_ONCE = 60
"""Auctions looked at between two paints."""

_LABEL = 18
_NAME = 10
"""Cells for the winner at the end of a curve."""

_CURVES: tuple[RuleName, ...] = ("lowest_cost", "highest_confidence", "score")


class Totals:
    """What the rules come to over all decided auctions of a session, worked out a few at a time."""

    def __init__(self) -> None:
        self.tally = Tally()
        self._about: Hashable = None
        self._next = 0

    @property
    def looked_at(self) -> int:
        """Auctions counted so far."""
        return self._next

    def advance(self, board: Board, supposed: Supposition) -> None:
        """Look at some more auctions; start over when something else is supposed, or the past changed."""
        about = (id(board), board.evicted_traces, supposed)
        if about != self._about:
            self._about, self.tally, self._next = about, Tally(), 0
        order = board.auction_order
        for offer_id in order[self._next : self._next + AT_ONCE]:
            auction = board.auctions[offer_id]
            if auction.state == "open" and board.now < auction.given_up_at:
                return
            self.tally.count(auction, outcomes_of(auction, board, supposed))
            self._next += 1


class _Line(NamedTuple):
    """A line below the table."""

    label: str
    parts: list[tuple[str, bool]]
    """Texts, and whether each is a figure; the rest is dim."""


def outcomes_of(auction: Auction, board: Board, supposed: Supposition) -> list[Outcome]:
    """Who would have won, under every rule, with what is supposed."""
    return what_if(
        auction,
        window_ms=supposed.window_ms,
        score=supposed.score,
        ghosts=supposed.ghosts,
        honesty=board.market.honesty.of,
    )


class WhatIf:
    """Rows for the selected auction; made again when it, or what is supposed, changes.

    Args:
        scene: what is selected.
    """

    def __init__(self, scene: Scene) -> None:
        self.supposed = Supposition()
        """What is tried."""
        self._scene = scene
        self._totals = Totals()
        self._pace = Pace()
        self._of: Supposition | None = None
        """What the outcomes are for."""
        self._outcomes: list[Outcome] = []
        self._curves: list[tuple[RuleName, list[Step]]] = []
        self._decimals = 4

    def advance(self) -> Hashable:
        """Count on over the session; the result changes when something new shows."""
        self._totals.advance(self._scene.board, self.supposed)
        return self._totals.looked_at, self.supposed, self._pace.behind

    def take(self, auction: Auction) -> int:
        """Be about this auction as it is now; returns how many rows there are."""
        if self._pace.due(auction) or self._of != self.supposed:
            self._of = self.supposed
            self._outcomes = outcomes_of(auction, self._scene.board, self.supposed)
            self._decimals = digits_of(auction).cost
            curves = [name for name in _CURVES if name != "score" or self.supposed.score is not None]
            honesty = self._scene.board.market.honesty.of
            self._curves = [
                (name, window_curve(auction, rule(name, self.supposed.score, honesty))) for name in curves
            ]
        return len(self._outcomes) + 1 + len(self._below())

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """What is supposed, and the titles of the columns."""
        supposed = self.supposed
        window = f"{supposed.window_ms:g} ms" if supposed.window_ms is not None else "as it was"
        facts: Cell = [("window ", ink.dim), (window, ink.plain if supposed.window_ms else ink.dim)]
        facts += [("   ghost ", ink.dim), (_ghosts(supposed), ink.plain if supposed.ghosts else ink.dim)]
        facts += [
            ("   score ", ink.dim),
            (supposed.score.text if supposed.score else "none", ink.plain if supposed.score else ink.dim),
            ("   W", ink.bold),
            (" changes it", ink.dim),
        ]
        return [place(facts, width), [], _COLUMNS.header(width, ink)]

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One rule, or one line below."""
        if index < len(self._outcomes):
            outcome, auction = self._outcomes[index], self._scene.auction
            return _COLUMNS.row(
                width,
                self._cells(outcome, ink, differs=auction is not None and instead(auction, outcome)),
            )
        below = self._below()
        at = index - len(self._outcomes) - 1
        if not 0 <= at < len(below):
            return []
        auction = self._scene.auction
        if at < len(self._curves) and auction is not None:
            name, steps = self._curves[at]
            return _curve_line(name, steps, auction, width, ink)
        label, parts = below[at]
        cells: Cell = [(text, ink.plain if figure else ink.dim) for text, figure in parts]
        return place([(label.ljust(_LABEL), ink.dim), ("  ", ink.dim), *cells], width)

    def _cells(self, outcome: Outcome, ink: Ink, *, differs: bool) -> dict[str, Cell]:
        missing: Cell = [("–", ink.faint)]
        totals = self._totals.tally.of(outcome.rule)
        session: Cell = [(f"{totals.same}/{totals.awarded}", ink.dim)] if totals.awarded else missing
        if outcome.winner is None:
            return {"rule": [(outcome.rule, ink.plain)], "winner": [("nobody", ink.dim)], "session": session}
        weight = ink.bold if differs else ink.plain
        second: Cell = (
            [(safe(outcome.runner_up.neuron, 60), ink.dim)] if outcome.runner_up is not None else missing
        )
        return {
            "rule": [(outcome.rule, ink.plain)],
            "winner": [(safe(outcome.winner.neuron, 80) or "nobody named", weight)],
            "differs": [("instead", ink.market)] if differs else [],
            "by": missing if outcome.value is None else self._figure(outcome, outcome.value, ink),
            "paid": missing if outcome.price is None else [(price(outcome.price, self._decimals), ink.plain)],
            "margin": [("tie", ink.market)]
            if outcome.tie
            else missing
            if outcome.margin is None
            else self._figure(outcome, outcome.margin, ink),
            "second": second,
            "session": session,
        }

    def _figure(self, outcome: Outcome, value: float, ink: Ink) -> Cell:
        if outcome.rule == "first_bid":
            return [(f"{value:.1f}", ink.plain), (" ms", ink.dim)]
        if outcome.rule == "highest_confidence":
            return [(f"{value:.2f}", ink.plain)]
        if outcome.rule == "score":
            return [(f"{value:.4g}", ink.plain)]
        return [(price(value, self._decimals), ink.plain)]

    def _below(self) -> list[_Line]:
        """The lines under the table: curves, then the shortest windows, then the session."""
        lines = [_Line(name, []) for name, _ in self._curves]
        auction = self._scene.auction
        if auction is None:
            return lines
        if auction.mirror is not None:
            lines.append(_Line("mirrored", [("its own rules decide it: this only compares its bids", False)]))
        window = self.supposed.window_ms or auction.deadline_ms
        for name, steps in self._curves:
            enough = shortest_window(steps, window) if window else None
            if enough is not None:
                lines.append(
                    _Line("shortest window", [(f"{enough:.1f}", True), (f" of {window:g} ms, {name}", False)])
                )
        tally = self._totals.tally
        if tally.awarded:
            known = len(self._scene.board.auction_order)
            looked = f"{self._totals.looked_at} of {known} auctions, {tally.awarded} awarded"
            lines.append(_Line("session", [(looked, False)]))
            paid: list[tuple[str, bool]] = [(price(tally.paid, 4), True)]
            for rule_name in ("lowest_cost", "second_price"):
                paid += [(f"   {rule_name} ", False), (price(tally.of(rule_name).paid, 4), True)]
            lines.append(_Line("paid in all", paid))
            if self.supposed.ghosts:
                wins = [(name, tally.of(name).ghost) for name in ("lowest_cost", "highest_confidence")]
                lines.append(
                    _Line(
                        "the ghost wins",
                        [
                            part
                            for name, count in wins
                            for part in ((f"{count}", True), (f" by {name}   ", False))
                        ],
                    )
                )
        return lines


def _ghosts(supposed: Supposition) -> str:
    if not supposed.ghosts:
        return "none"
    terms = supposed.ghosts[0]._asdict()
    names = {"cost": "cost", "eta_ms": "eta", "confidence": "conf", "after_ms": "after"}
    return " ".join(f"{names[key]} {value:g}" for key, value in terms.items() if value is not None)


def _curve_line(name: str, steps: list[Step], auction: Auction, width: int, ink: Ink) -> list[Segment]:
    """Who wins in which window, from 0 to the end of the window or the last bid that changes anything."""
    cells = max(0, width - _LABEL - _NAME - 4)
    window = float(auction.deadline_ms)
    last = max([window, *(step.from_ms for step in steps)])
    length = last if last <= window else last * 1.1
    deadline = min(cells - 1, int(window / length * cells)) if window and length else cells
    decided = winner_at(steps, window or last)
    drawn: list[tuple[str, Style]] = [("·", ink.faint)] * cells
    edges = [*(min(cells, int(step.from_ms / (length or 1) * cells)) for step in steps), cells]
    for step, first, end in zip(steps, edges, edges[1:], strict=False):
        wins = step is decided
        who = safe(step.winner.neuron, 60) if step.winner is not None else "nobody"
        # One cell for each letter: a name with wide letters has no place in a scale.
        shown = fit(who, end - first - 2) if end - first > 4 and cell_len(who) == len(who) else ""
        text = f"├{shown}".ljust(end - first, "─")[: end - first]
        for at, glyph in enumerate(text):
            name_style = ink.bold if wins else ink.plain
            drawn[first + at] = (
                glyph,
                name_style if 0 < at <= len(shown) else ink.market if wins else ink.faint,
            )
    if deadline < cells:
        drawn[deadline] = ("┃", ink.plain)
    line = [*place([(name, ink.plain)], _LABEL), Segment("  ")]
    for style, run in groupby(drawn, key=lambda cell: cell[1]):
        line.append(Segment("".join(glyph for glyph, _ in run), style))
    winner = decided.winner if decided is not None else None
    name_cell: Cell = [(safe(winner.neuron, 60), ink.bold)] if winner is not None else [("nobody", ink.dim)]
    return [*line, Segment("  "), *place(name_cell, min(_NAME, max(0, width - _LABEL - 4)), middle=True)]
