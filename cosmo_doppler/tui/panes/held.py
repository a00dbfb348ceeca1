"""What is held at the gates of the bus, oldest first: one row for each signal a person is asked about."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from rich.segment import Segment

from cosmo_doppler.model.changes import Changes
from cosmo_doppler.model.interventions import Intervention
from cosmo_doppler.stepping.book import Held
from cosmo_doppler.tui import words
from cosmo_doppler.tui.held_then import HeldThen
from cosmo_doppler.tui.holding import (
    book_of,
    held_elsewhere,
    held_now,
    key_elsewhere,
    offset_of,
    why_not,
    window_of,
)
from cosmo_doppler.tui.panes.traces import quantity
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.scene import Scene, says
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, Column, Columns
from cosmo_doppler.tui.widgets.source import Source, find_near

_COLUMNS = Columns(
    Column("held", "held", 6, right=True),
    Column("type", "type", 13),
    Column("who", "who", 12, middle=True),
    Column("offset", "after", 7, right=True, needs=72),
    Column("behind", "behind", 6, right=True, needs=62),
    Column("opens", "opens", 5, right=True),
    Column("trace", "trace", 8, needs=104),
    Column("rule", "held by", 18, needs=118),
    Column("window", "window", 30, needs=150),
    Column("says", "says", 0),
)


class HeldRows(Source):
    """One row for each held signal."""

    hints: ClassVar[tuple[str, ...]] = (
        "let_go",
        "change_held",
        "drop_held",
        "delay_held",
        "step_held",
        "release_all",
        "break_on",
        "help",
    )

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._then = HeldThen(scene.session.store)
        self._rows: list[Held | Intervention] = []
        self._ids: list[str] = []

    def title(self, ink: Ink) -> Cell:
        """The pane's name."""
        return [("Held", ink.bold)]

    def note(self, ink: Ink) -> Cell:
        """How many, and what waits behind them."""
        book = book_of(self._scene)
        countdown = book.countdown() if book is not None else None
        if countdown is None:
            others = len(held_elsewhere(self._scene))
            return [(f"{words.count(others)} held", ink.stop)] if others else []
        note: Cell = [(f"{words.count(countdown.meant)} held", ink.stop)]
        if countdown.waiting:
            note.append((f"  {words.count(countdown.waiting)} wait behind", ink.dim))
        return note

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """Column titles."""
        return [_COLUMNS.header(width, ink)] if self._rows else []

    def empty(self, ink: Ink) -> list[Cell]:
        """What would be here, or why it cannot be."""
        reason = why_not(self._scene)
        if reason:
            then = "was held at this moment" if self._scene.session.kind == "replay" else "can be held here"
            return [[(f"Nothing {then}", ink.dim)], [(reason, ink.dim)]]
        book = book_of(self._scene)
        standing = sum(by.on for by in book.breaks.values()) if book is not None else 0
        if standing:
            return [
                [(f"Nothing is held; {words.many(standing, 'break')} on", ink.dim)],
                [("signals that match wait here for you", ink.dim)],
            ]
        return [
            [("Nothing is held", ink.dim)],
            [("B", ink.bold), (" sets a break: signals that match wait here for you", ink.dim)],
        ]

    def count(self) -> int:
        """Signals held."""
        own, others = held_now(self._scene), held_elsewhere(self._scene)
        self._rows = [*own, *others]
        self._ids = [*(held.hold_id for held in own), *map(key_elsewhere, others)]
        return len(self._rows)

    def key(self, index: int) -> str:
        """Its hold id."""
        return self._ids[index]

    def index(self, key: Hashable, near: int) -> int | None:
        """Where it stands now."""
        return find_near(self._ids, key, near)

    def touched(self, changes: Changes) -> bool:
        """The stamp tells."""
        return changes.reset

    def stamp(self) -> Hashable:
        """The book's revision, and time while something is held."""
        book = book_of(self._scene)
        others = len(self._scene.board.by_hand.held)
        if book is None:
            return why_not(self._scene), others, int(self._scene.now) if others else 0
        return others, book.revision, int(self._scene.session.wall() * 4) if len(book) else 0

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One held signal."""
        held = self._rows[index]
        if isinstance(held, Intervention):
            return self._elsewhere(held, width, ink)
        scene, header = self._scene, held.header
        book = book_of(scene)
        now = scene.session.wall()
        offset = offset_of(scene, header, held.since)
        behind, left = "", 0.0
        if book is not None and book.get(held.hold_id) is held:
            waiting = book.behind(held)
            behind = "waits" if book.first(held) is not held else f"+{waiting}" if waiting else ""
            left = book.opens_at(held) - now
        window = window_of(scene, held)
        window_style = ink.dim if window is None or window.frozen else ink.stop
        said: Cell = [(says(header), ink.plain)]
        if held.due is not None:
            said = [(f"goes in {max(0.0, held.due - now):.1f} s  ", ink.bold), *said]
        if held.edited:
            said = [("being edited  ", ink.bold), *said]
        return _COLUMNS.row(
            width,
            {
                "held": quantity(words.age(now - held.since), ink),
                "type": [(safe(header.type, 20), ink.family(header.type))],
                "who": [(safe(header.who, 80), ink.plain)],
                "offset": quantity(words.duration(offset), ink, ink.dim) if offset is not None else [],
                "behind": [(behind, ink.dim)],
                "opens": quantity((f"{max(0.0, left):.0f}", "s"), ink, ink.stop if left < 5 else ink.dim),
                "trace": [(short_id(header.trace_id), ink.dim)],
                "rule": [(safe(held.by.text, 80), ink.dim)],
                "window": [(window.words if window is not None else "", window_style)],
                "says": said,
            },
        )

    def _elsewhere(self, held: Intervention, width: int, ink: Ink) -> list[Segment]:
        """What somebody else's gate holds, or held then: the bus says little of it, a recording has it later on."""
        scene = self._scene
        header = self._then.header(held) if scene.session.kind == "replay" else None
        offset = offset_of(scene, header, held.at) if header is not None else None
        said: Cell = [(says(header), ink.plain)] if header is not None else []
        if not said or held.by != "doppler":
            said.append((f"{'  ' if said else ''}by {safe(held.by, 60)}: {safe(held.rule, 120)}", ink.dim))
        return _COLUMNS.row(
            width,
            {
                "held": quantity(words.age(scene.now - held.at), ink),
                "type": [(safe(held.type, 20), ink.family(held.type))],
                "who": [(safe(header.who, 80) if header is not None else "", ink.plain)],
                "offset": quantity(words.duration(offset), ink, ink.dim) if offset is not None else [],
                "trace": [(short_id(held.trace_id), ink.dim)],
                "rule": [(safe(held.rule, 80), ink.dim)],
                "says": said,
            },
        )
