"""Who keeps promises: every winner's price, time and confidence against what it delivered, least honest first."""

from __future__ import annotations

from rich.segment import Segment

from cosmo_doppler.model.market.honesty import Honesty
from cosmo_doppler.model.market.record import Calibration, Record
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, Column, Columns, place

_COLUMNS = Columns(
    Column("bidder", "bidder", 0, middle=True, most=24),
    Column("kept", "kept", 5, right=True),
    Column("bar", "", 10, needs=70),
    Column("wins", "wins", 5, right=True),
    Column("failed", "failed", 6, right=True, needs=58),
    Column("late", "late", 8, right=True),
    Column("time", "time", 6, right=True, needs=48),
    Column("cost", "cost", 6, right=True, needs=64),
    Column("said", "said", 5, right=True, needs=80),
    Column("right", "right", 5, right=True, needs=80),
)

MOST = 200
"""Bidders listed."""

_BAR = 10
_SCALE = 24


class Promises:
    """Rows of the ranking, then how far confidence can be trusted; made again when somebody delivered."""

    def __init__(self) -> None:
        self._of: tuple[int, int] | None = None
        self._ranked: list[tuple[str, Record]] = []
        self._tenths: list[Calibration] = []

    def take(self, honesty: Honesty) -> int:
        """Be about these as they are now; returns how many rows there are."""
        now = (id(honesty), honesty.revision)
        if now != self._of:
            self._of = now
            self._ranked, self._tenths = honesty.ranked()[:MOST], honesty.calibration()
        if not self._ranked:
            return 0
        return len(self._ranked) + (2 + len(self._tenths) if self._tenths else 0)

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """What the figures mean, and the titles of the columns."""
        words = "least kept first; time and cost as a multiple of what was promised"
        return [place([(words, ink.dim)], width), [], _COLUMNS.header(width, ink)]

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One bidder, or one tenth of the scale of confidence."""
        if index < len(self._ranked):
            return _COLUMNS.row(width, _cells(*self._ranked[index], ink))
        at = index - len(self._ranked) - 1
        if at == 0:
            return place([("confidence said, and how often it came true", ink.dim)], width)
        return _tenth(self._tenths[at - 1], width, ink) if 0 < at <= len(self._tenths) else []


def _cells(name: str, record: Record, ink: Ink) -> dict[str, Cell]:
    missing: Cell = [("–", ink.faint)]
    kept = record.honesty or 0.0
    slow, dear = record.slack, record.over_cost
    said, right = record.confidence, record.success
    return {
        "bidder": [(safe(name, 80), ink.plain)],
        "kept": [(f"{kept:.0%}", ink.bold)],
        "bar": _bar(kept, _BAR, ink),
        "wins": [(f"{record.wins}", ink.plain)],
        "failed": [(f"{record.failed}", ink.failure if record.failed else ink.dim)],
        "late": [(f"{record.late}/{record.timed}", ink.plain if record.late else ink.dim)]
        if record.timed
        else missing,
        "time": _times(slow.quantile(0.5), ink) if slow.count else missing,
        "cost": _times(dear.quantile(0.5), ink) if dear.count else missing,
        "said": missing if said is None else [(f"{said:.0%}", ink.plain)],
        "right": missing if right is None else [(f"{right:.0%}", ink.plain)],
    }


def _times(value: float, ink: Ink) -> Cell:
    return [(f"{value:.2f}" if value < 100 else f"{value:.0f}", ink.plain), ("×", ink.dim)]


def _bar(share: float, cells: int, ink: Ink) -> Cell:
    full = min(cells, max(int(share > 0), round(share * cells)))
    return [("━" * full, ink.market), ("─" * (cells - full), ink.faint)]


def _tenth(tenth: Calibration, width: int, ink: Ink) -> list[Segment]:
    share = tenth.kept / tenth.promises
    return place(
        [
            (f"{tenth.least:.1f} to {tenth.most:.1f}  ", ink.plain),
            *_bar(share, _SCALE, ink),
            (f"  {share:4.0%}", ink.plain),
            (f"  of {tenth.promises}", ink.dim),
        ],
        width,
    )
