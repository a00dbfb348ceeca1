"""Which panes a view shows at a size, and where. Pure geometry.

Wide is not bigger: at 160 columns and more a view gains panes, below 100 it keeps two, and a terminal that is
smaller than 60x16 shows one. All panes of a view stand on one grid, so edges run through the whole screen.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from textual.geometry import Region

View = Literal[
    "traces",
    "auctions",
    "registry",
    "inbox",
    "signals",
    "faults",
    "metrics",
    "topology",
    "coordination",
    "held",
    "hands",
]
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
    "coordination",
    "object",
    "held",
    "hold",
    "breaks",
    "hands",
]

VIEWS: tuple[View, ...] = tuple(view for view in get_args(View) if view not in ("held", "hands"))
"""Those that have a tab. What is held, and what was done by hand, is wanted now and then."""

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
    "coordination": "object",
    "object": "inspector",
    "held": "hold",
    "breaks": "held",
    "hands": "inspector",
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


class Cell(NamedTuple):
    """A pane on the grid: first column and row, and how many of each."""

    pane: Pane
    column: int
    row: int
    columns: int = 1


class Grid(NamedTuple):
    """The panes of a view on columns and rows."""

    columns: tuple[int, ...]
    """Shares of the width, percent."""
    rows: tuple[int, ...]
    """Shares of the height, percent."""
    cells: tuple[Cell, ...]


def _stack(first: Pane, second: Pane, share: int) -> Grid:
    return Grid((100,), (share, 100 - share), (Cell(first, 0, 0), Cell(second, 0, 1)))


def _whole(pane: Pane) -> Grid:
    return Grid((100,), (100,), (Cell(pane, 0, 0),))


_NARROW: dict[View, Grid] = {
    "traces": _stack("traces", "pathway", 38),
    "auctions": _stack("auctions", "bids", 38),
    "registry": _stack("registry", "inspector", 55),
    "inbox": _stack("inbox", "inspector", 45),
    "signals": _stack("signals", "inspector", 58),
    "faults": _stack("faults", "fault", 52),
    "metrics": _whole("metrics"),
    "topology": _stack("topology", "inspector", 62),
    "coordination": _stack("coordination", "object", 50),
    "held": Grid((58, 42), (45, 55), (Cell("held", 0, 0, 2), Cell("hold", 0, 1), Cell("breaks", 1, 1))),
    "hands": _stack("hands", "inspector", 55),
}
_MIDDLE: dict[View, Grid] = {
    "traces": Grid(
        (36, 64),
        (60, 40),
        (Cell("traces", 0, 0), Cell("pathway", 1, 0), Cell("registry", 0, 1), Cell("inspector", 1, 1)),
    ),
    "auctions": Grid(
        (36, 64),
        (60, 40),
        (Cell("auctions", 0, 0), Cell("bids", 1, 0), Cell("registry", 0, 1), Cell("inspector", 1, 1)),
    ),
    "registry": Grid(
        (50, 50),
        (55, 45),
        (Cell("registry", 0, 0, 2), Cell("signals", 0, 1), Cell("inspector", 1, 1)),
    ),
    "inbox": Grid(
        (50, 50),
        (40, 60),
        (Cell("inbox", 0, 0, 2), Cell("pathway", 0, 1), Cell("inspector", 1, 1)),
    ),
    "signals": Grid((62, 38), (100,), (Cell("signals", 0, 0), Cell("inspector", 1, 0))),
    "faults": Grid(
        (62, 38),
        (55, 45),
        (Cell("faults", 0, 0, 2), Cell("pathway", 0, 1), Cell("fault", 1, 1)),
    ),
    "metrics": _whole("metrics"),
    "topology": Grid((62, 38), (100,), (Cell("topology", 0, 0), Cell("inspector", 1, 0))),
    "coordination": Grid(
        (50, 50),
        (72, 28),
        (
            Cell("coordination", 0, 0),
            Cell("object", 1, 0),
            Cell("registry", 0, 1),
            Cell("inspector", 1, 1),
        ),
    ),
    "held": Grid((62, 38), (45, 55), (Cell("held", 0, 0, 2), Cell("hold", 0, 1), Cell("breaks", 1, 1))),
    "hands": Grid((62, 38), (100,), (Cell("hands", 0, 0), Cell("inspector", 1, 0))),
}
_THIRDS = (27, 46, 27)
_WIDE: dict[View, Grid] = {
    "traces": Grid(
        _THIRDS,
        (62, 38),
        (
            Cell("traces", 0, 0),
            Cell("pathway", 1, 0),
            Cell("inspector", 2, 0),
            Cell("inbox", 0, 1),
            Cell("bids", 1, 1),
            Cell("registry", 2, 1),
        ),
    ),
    "auctions": Grid(
        _THIRDS,
        (55, 45),
        (
            Cell("auctions", 0, 0),
            Cell("bids", 1, 0),
            Cell("inspector", 2, 0),
            Cell("inbox", 0, 1),
            Cell("pathway", 1, 1),
            Cell("registry", 2, 1),
        ),
    ),
    "registry": Grid(
        _THIRDS,
        (50, 50),
        (
            Cell("registry", 0, 0, 2),
            Cell("inspector", 2, 0),
            Cell("signals", 0, 1, 2),
            Cell("inbox", 2, 1),
        ),
    ),
    "inbox": Grid(
        _THIRDS,
        (40, 60),
        (
            Cell("inbox", 0, 0, 2),
            Cell("inspector", 2, 0),
            Cell("pathway", 0, 1, 2),
            Cell("registry", 2, 1),
        ),
    ),
    "signals": Grid(
        _THIRDS,
        (62, 38),
        (
            Cell("signals", 0, 0, 2),
            Cell("inspector", 2, 0),
            Cell("pathway", 0, 1, 2),
            Cell("registry", 2, 1),
        ),
    ),
    "faults": Grid(
        _THIRDS,
        (50, 50),
        (
            Cell("faults", 0, 0, 2),
            Cell("fault", 2, 0),
            Cell("pathway", 0, 1, 2),
            Cell("inspector", 2, 1),
        ),
    ),
    "metrics": Grid(
        _THIRDS,
        (70, 30),
        (Cell("metrics", 0, 0, 3), Cell("signals", 0, 1, 2), Cell("registry", 2, 1)),
    ),
    "topology": Grid(
        _THIRDS,
        (62, 38),
        (
            Cell("topology", 0, 0, 2),
            Cell("inspector", 2, 0),
            Cell("signals", 0, 1, 2),
            Cell("registry", 2, 1),
        ),
    ),
    "coordination": Grid(
        (33, 40, 27),
        (70, 30),
        (
            Cell("coordination", 0, 0),
            Cell("object", 1, 0),
            Cell("inspector", 2, 0),
            Cell("faults", 0, 1),
            Cell("pathway", 1, 1),
            Cell("registry", 2, 1),
        ),
    ),
    "held": Grid(
        _THIRDS,
        (50, 50),
        (
            Cell("held", 0, 0, 2),
            Cell("hold", 2, 0),
            Cell("pathway", 0, 1, 2),
            Cell("breaks", 2, 1),
        ),
    ),
    "hands": Grid(
        _THIRDS,
        (62, 38),
        (
            Cell("hands", 0, 0, 2),
            Cell("inspector", 2, 0),
            Cell("pathway", 0, 1, 2),
            Cell("bids", 2, 1),
        ),
    ),
}


SizeClass = Literal["narrow", "middle", "wide"]


def size_class(width: int) -> SizeClass:
    """How many panes stand side by side at a width."""
    return "narrow" if width < TWO_COLUMNS else "middle" if width < THREE_COLUMNS else "wide"


_GRIDS: dict[SizeClass, dict[View, Grid]] = {"narrow": _NARROW, "middle": _MIDDLE, "wide": _WIDE}


def grid_of(view: View, width: int) -> Grid:
    """The panes of a view at a width, as Doppler shares the room among them."""
    return _GRIDS[size_class(width)][view]


def is_single(width: int, height: int) -> bool:
    """Whether there is room for one pane only."""
    return width < SMALLEST_WIDTH or height < SMALLEST_HEIGHT


def plan(
    view: View, width: int, height: int, alone: Pane | None = None, grid: Grid | None = None
) -> list[Slot]:
    """The panes of a view in an area of that many cells, in reading order.

    Args:
        view: which view.
        width: cells.
        height: cells.
        alone: a pane that gets all the room.
        grid: how the panes share it; None for the usual way.
    """
    if alone is not None or is_single(width, height):
        return [Slot(alone or view, Region(0, 0, width, height))]
    grid = grid or grid_of(view, width)
    lefts = edges(grid.columns, width)
    tops = edges(grid.rows, height)
    slots = []
    for cell in grid.cells:
        left, right = lefts[cell.column], lefts[cell.column + cell.columns]
        top, bottom = tops[cell.row], tops[cell.row + 1]
        # One empty row parts a pane from the one below it.
        slots.append(Slot(cell.pane, Region(left, top, right - left, bottom - top - (bottom < height))))
    return slots


def edges(shares: tuple[int, ...], length: int) -> list[int]:
    """Where each share begins, in cells, and where the last one ends."""
    total, passed, places = sum(shares), 0, [0]
    for share in shares:
        passed += share
        places.append(round(passed * length / total))
    return places
