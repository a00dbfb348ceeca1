"""What a person changed about the panes of a view: how the room is shared, and which are hidden. Pure.

Shares count in ten-thousandths of the room, so that an edge put on a cell stays on it at this size and keeps its
proportion at another. A hidden pane leaves its room to those in its row; a row without panes leaves it to the others.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from cosmo_doppler.tui.layout import Cell, Grid, Pane

WHOLE = 10_000
"""All the room of a view, along one side."""

LEAST_COLUMNS = 18
LEAST_ROWS = 4
"""No pane is made smaller than this by hand, in cells: a title and a few rows."""

Way = Literal["wider", "narrower", "taller", "shorter"]
Side = Literal["columns", "rows"]


class Arrangement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A view as a person likes it. Empty shares mean the usual ones."""

    columns: tuple[int, ...] = ()
    rows: tuple[int, ...] = ()
    hidden: tuple[str, ...] = ()
    """Names of panes."""


USUAL = Arrangement()


def arranged(grid: Grid, arrangement: Arrangement) -> Grid:
    """The grid of a view as a person likes it. What was meant for other panes than there are now means nothing."""
    columns = _shares(grid.columns, arrangement.columns)
    rows = list(_shares(grid.rows, arrangement.rows))
    cells: list[Cell] = []
    for row in range(len(rows)):
        left = [cell for cell in grid.cells if cell.row == row and cell.pane not in arrangement.hidden]
        if not left:
            rows[row] = 0
        starts = [0, *(cell.column for cell in left[1:]), len(columns)]
        cells += [
            cell._replace(column=start, columns=end - start)
            for cell, start, end in zip(left, starts, starts[1:], strict=False)
        ]
    return Grid(columns, tuple(rows), tuple(cells)) if cells else grid


def move_edge(
    grid: Grid, arrangement: Arrangement, side: Side, edge: int, cell: int, length: int
) -> Arrangement:
    """The arrangement with an edge of the arranged grid put elsewhere.

    Args:
        grid: the usual one.
        arrangement: as it is.
        side: whether the edge parts columns or rows.
        edge: which one; 1 is the first inside.
        cell: where it is to be, as near as the panes on both sides allow.
        length: cells of the view along that side.
    """
    visible = getattr(arranged(grid, arrangement), side)
    least = LEAST_COLUMNS if side == "columns" else LEAST_ROWS
    before = max((each for each in range(edge) if visible[each]), default=None)
    after = min((each for each in range(edge, len(visible)) if visible[each]), default=None)
    if before is None or after is None or length <= 0:
        return arrangement
    total = sum(visible)
    low = sum(visible[:before])
    high = sum(visible[: after + 1])
    margin = -(-least * total // length)
    if high - low < 2 * margin:
        return arrangement
    place = min(max(round(cell * total / length), low + margin), high - margin)
    shares = list(_shares(getattr(grid, side), getattr(arrangement, side)))
    shares[before], shares[after] = place - low, high - place
    return msgspec.structs.replace(arrangement, **{side: tuple(shares)})


def edge_beside(grid: Grid, pane: Pane, side: Side) -> tuple[int, int] | None:
    """The edge that makes a pane of an arranged grid larger, and the direction it has to go for that: 1 or -1."""
    found = next((each for each in grid.cells if each.pane == pane), None)
    if found is None:
        return None
    first, end = (
        (found.column, found.column + found.columns) if side == "columns" else (found.row, found.row + 1)
    )
    shares = getattr(grid, side)
    if any(shares[end:]):
        return end, 1
    return (first, -1) if any(shares[:first]) else None


def _shares(usual: tuple[int, ...], wished: tuple[int, ...]) -> tuple[int, ...]:
    fits = len(wished) == len(usual) and all(share > 0 for share in wished)
    of = wished if fits else usual
    total = sum(of)
    return tuple(share * WHOLE // total for share in of)
