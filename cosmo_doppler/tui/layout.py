"""Which panes a view shows at a size, and where. Pure geometry.

Wide is not bigger: at 160 columns and more a view gains panes, below 100 it keeps two, and a terminal that is
smaller than 60x16 shows one. All panes of a view stand on one grid, so edges run through the whole screen.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from textual.geometry import Region

View = Literal["traces", "auctions", "registry", "inbox", "signals", "faults", "metrics", "topology"]
Pane = Literal[
    "traces",
    "pathway",
    "inspector",
    "auctions",
    "bids",
    "registry",
    "inbox",
    "signals",
    "faults",
    "fault",
    "metrics",
    "topology",
]

VIEWS: tuple[View, ...] = get_args(View)
PANES: tuple[Pane, ...] = get_args(Pane)

DEEPER: dict[Pane, Pane] = {
    "traces": "pathway",
    "pathway": "inspector",
    "auctions": "bids",
    "bids": "inspector",
    "registry": "inspector",
    "inbox": "inspector",
    "signals": "inspector",
    "faults": "fault",
    "fault": "inspector",
    "metrics": "inspector",
    "topology": "inspector",
}
"""Where enter leads from each pane."""

TWO_COLUMNS = 100
THREE_COLUMNS = 160
SMALLEST_WIDTH = 60
SMALLEST_HEIGHT = 12
"""Rows for panes below which only one is shown: a terminal of 16 less status, tabs and footer."""


class Slot(NamedTuple):
    """One pane's place."""

    pane: Pane
    region: Region


class _Cell(NamedTuple):
    """A pane on the grid: first column and row, and how many of each."""

    pane: Pane
    column: int
    row: int
    columns: int = 1


class _Grid(NamedTuple):
    columns: tuple[int, ...]
    """Shares of the width, percent."""
    rows: tuple[int, ...]
    """Shares of the height, percent."""
    cells: tuple[_Cell, ...]


def _stack(first: Pane, second: Pane, share: int) -> _Grid:
    return _Grid((100,), (share, 100 - share), (_Cell(first, 0, 0), _Cell(second, 0, 1)))


def _whole(pane: Pane) -> _Grid:
    return _Grid((100,), (100,), (_Cell(pane, 0, 0),))


_NARROW: dict[View, _Grid] = {
    "traces": _stack("traces", "pathway", 38),
    "auctions": _stack("auctions", "bids", 38),
    "registry": _stack("registry", "inspector", 55),
    "inbox": _stack("inbox", "inspector", 45),
    "signals": _stack("signals", "inspector", 58),
    "faults": _stack("faults", "fault", 52),
    "metrics": _whole("metrics"),
    "topology": _stack("topology", "inspector", 62),
}
_MIDDLE: dict[View, _Grid] = {
    "traces": _Grid(
        (36, 64),
        (60, 40),
        (_Cell("traces", 0, 0), _Cell("pathway", 1, 0), _Cell("registry", 0, 1), _Cell("inspector", 1, 1)),
    ),
    "auctions": _Grid(
        (36, 64),
        (60, 40),
        (_Cell("auctions", 0, 0), _Cell("bids", 1, 0), _Cell("registry", 0, 1), _Cell("inspector", 1, 1)),
    ),
    "registry": _Grid(
        (50, 50),
        (55, 45),
        (_Cell("registry", 0, 0, 2), _Cell("signals", 0, 1), _Cell("inspector", 1, 1)),
    ),
    "inbox": _Grid(
        (50, 50),
        (40, 60),
        (_Cell("inbox", 0, 0, 2), _Cell("pathway", 0, 1), _Cell("inspector", 1, 1)),
    ),
    "signals": _Grid((62, 38), (100,), (_Cell("signals", 0, 0), _Cell("inspector", 1, 0))),
    "faults": _Grid(
        (62, 38),
        (55, 45),
        (_Cell("faults", 0, 0, 2), _Cell("pathway", 0, 1), _Cell("fault", 1, 1)),
    ),
    "metrics": _whole("metrics"),
    "topology": _Grid((62, 38), (100,), (_Cell("topology", 0, 0), _Cell("inspector", 1, 0))),
}
_THIRDS = (27, 46, 27)
_WIDE: dict[View, _Grid] = {
    "traces": _Grid(
        _THIRDS,
        (62, 38),
        (
            _Cell("traces", 0, 0),
            _Cell("pathway", 1, 0),
            _Cell("inspector", 2, 0),
            _Cell("inbox", 0, 1),
            _Cell("bids", 1, 1),
            _Cell("registry", 2, 1),
        ),
    ),
    "auctions": _Grid(
        _THIRDS,
        (55, 45),
        (
            _Cell("auctions", 0, 0),
            _Cell("bids", 1, 0),
            _Cell("inspector", 2, 0),
            _Cell("inbox", 0, 1),
            _Cell("pathway", 1, 1),
            _Cell("registry", 2, 1),
        ),
    ),
    "registry": _Grid(
        _THIRDS,
        (50, 50),
        (
            _Cell("registry", 0, 0, 2),
            _Cell("inspector", 2, 0),
            _Cell("signals", 0, 1, 2),
            _Cell("inbox", 2, 1),
        ),
    ),
    "inbox": _Grid(
        _THIRDS,
        (40, 60),
        (
            _Cell("inbox", 0, 0, 2),
            _Cell("inspector", 2, 0),
            _Cell("pathway", 0, 1, 2),
            _Cell("registry", 2, 1),
        ),
    ),
    "signals": _Grid(
        _THIRDS,
        (62, 38),
        (
            _Cell("signals", 0, 0, 2),
            _Cell("inspector", 2, 0),
            _Cell("pathway", 0, 1, 2),
            _Cell("registry", 2, 1),
        ),
    ),
    "faults": _Grid(
        _THIRDS,
        (50, 50),
        (
            _Cell("faults", 0, 0, 2),
            _Cell("fault", 2, 0),
            _Cell("pathway", 0, 1, 2),
            _Cell("inspector", 2, 1),
        ),
    ),
    "metrics": _whole("metrics"),
    "topology": _Grid(
        _THIRDS,
        (62, 38),
        (
            _Cell("topology", 0, 0, 2),
            _Cell("inspector", 2, 0),
            _Cell("signals", 0, 1, 2),
            _Cell("registry", 2, 1),
        ),
    ),
}


def plan(view: View, width: int, height: int, alone: Pane | None = None) -> list[Slot]:
    """The panes of a view in an area of that many cells, in reading order; `alone` gives one pane all of it."""
    if alone is not None:
        return [Slot(alone, Region(0, 0, width, height))]
    if width < SMALLEST_WIDTH or height < SMALLEST_HEIGHT:
        return [Slot(view, Region(0, 0, width, height))]
    grids = _NARROW if width < TWO_COLUMNS else _MIDDLE if width < THREE_COLUMNS else _WIDE
    grid = grids[view]
    lefts = _edges(grid.columns, width)
    tops = _edges(grid.rows, height)
    slots = []
    for cell in grid.cells:
        left, right = lefts[cell.column], lefts[cell.column + cell.columns]
        top, bottom = tops[cell.row], tops[cell.row + 1]
        is_last_row = cell.row == len(grid.rows) - 1
        # One empty row parts a pane from the one below it.
        slots.append(Slot(cell.pane, Region(left, top, right - left, bottom - top - (not is_last_row))))
    return slots


def _edges(shares: tuple[int, ...], length: int) -> list[int]:
    edges = [0]
    for share in shares:
        edges.append(edges[-1] + share)
    return [round(edge * length / 100) for edge in edges]
