"""Breaks as the screen shows them, those that hold signals and those that pause the view. Pure; the lock is held."""

from __future__ import annotations

from typing import Literal, NamedTuple

from cosmo_doppler.model.observed import Observed
from cosmo_doppler.query.ast import Compare, write
from cosmo_doppler.tui.holding import book_of
from cosmo_doppler.tui.scene import Scene

BreakKind = Literal["hold", "pause"]

_OF_AN_AUCTION = "(type:BID or type:TASK_AWARDED or type:TASK_DECLINED)"


class BreakRow(NamedTuple):
    """One break."""

    kind: BreakKind
    number: int
    text: str
    on: bool
    held: int
    """Signals it held, or times it paused."""
    passed: int
    """Signals held for a moment in vain."""
    most: str
    """How long it may hold."""
    ended: str

    @property
    def key(self) -> tuple[BreakKind, int]:
        """What its row is known by."""
        return self.kind, self.number

    @property
    def state(self) -> str:
        """On, off, or what it does instead of holding."""
        return ("pause" if self.kind == "pause" else "on") if self.on else "off"


def breaks_of(scene: Scene) -> list[BreakRow]:
    """Every break of a session, in the order in which they were set."""
    book = book_of(scene)
    holding = list(book.breaks.values()) if book is not None else []
    rows = [
        BreakRow("hold", by.number, by.text, by.on, by.held, by.passed, f"{by.limit_s:.0f} s", by.ended)
        for by in holding
    ]
    pausing = scene.session.timeline.breaks
    rows += [BreakRow("pause", each.number, each.text, each.on, each.hits, 0, "", "") for each in pausing]
    return rows


def suggestions(scene: Scene) -> dict[str, str]:
    """Expressions for what a person looks at, by what they are about; the likeliest comes first."""
    found: dict[str, str] = {}
    wanted = scene.filtering.wanted
    if wanted is not None:
        # The bus and who replays this know no saved filters.
        found["filter"] = wanted.written if "$" in wanted.text else wanted.text
    seen: Observed | None = scene.observed(scene.seq)
    if seen is not None and seen.header.type:
        found["type"] = write(Compare("type", ":", seen.header.type))
    if scene.trace_id:
        found["trace"] = f"trace:{scene.trace_id}"
    auction = scene.auction
    if auction is not None and auction.trace_id:
        found["auction"] = f"trace:{auction.trace_id} {_OF_AN_AUCTION}"
    return found or {"type": "type:BID"}
