"""The strip over every view while something is held: how much, by which rule, for how long, and the way out. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment

from cosmo_doppler.tui.holding import clock
from cosmo_doppler.tui.safe import fit, safe
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell

if TYPE_CHECKING:
    from cosmo_doppler.stepping.book import Countdown


def held_line(
    countdown: Countdown, now: float, all_go: str, look: str, width: int, ink: Ink, where: str = ""
) -> list[Segment]:
    """The strip.

    Args:
        countdown: what is held.
        now: epoch seconds.
        all_go: the key that lets everything go.
        look: the key that shows what is held.
        width: cells.
        ink: of the theme.
        where: another bus than the one on the screen.
    """
    rules = safe(", ".join(countdown.rules), 200) + (f" on {safe(where, 60)}" if where else "")
    left = max(0.0, countdown.opens_at - now)
    end: Cell = [
        (" · ", ink.dim),
        (clock(now - countdown.oldest), ink.bold),
        (" · ", ink.dim),
        (f"opens in {left:.0f} s", ink.plain),
        (" · ", ink.dim),
        (all_go, ink.bold),
        (" lets all go", ink.plain),
    ]
    more: Cell = [] if where else [("  ", ink.dim), (look, ink.bold), (" shows them", ink.plain)]
    begin: Cell = [
        (" HELD ", ink.stop),
        (str(countdown.meant or countdown.waiting), ink.bold),
        (" by ", ink.dim),
    ]
    if _cells(begin) + _cells(end) + 12 > width:
        # The way out outlives everything else.
        end = [*end[:3], *end[5:]]
        more = []
    if _cells(begin) + _cells(end) + _cells(more) + 12 > width:
        more = []
    room = max(0, width - _cells(begin) - _cells(end) - _cells(more) - 1)
    rule: Cell = [(fit(rules, room) if cell_len(rules) > room else rules, ink.plain)]
    return [Segment(text, style) for text, style in (*begin, *rule, *end, *more)]


def _cells(cell: Cell) -> int:
    return sum(cell_len(text) for text, _ in cell)
