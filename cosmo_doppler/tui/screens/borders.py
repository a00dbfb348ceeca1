"""How the panes share the room, changed by keys and by dragging what parts them."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from textual import events
from textual.containers import Container

from cosmo_doppler.tui.arrangement import (
    USUAL,
    Arrangement,
    Side,
    Way,
    arranged,
    edge_beside,
    move_edge,
)
from cosmo_doppler.tui.layout import Grid, Pane, Slot, View, edges, grid_of, is_single, plan, size_class
from cosmo_doppler.tui.look import remembered_of
from cosmo_doppler.tui.widgets.painted import Ground

COLUMNS_A_KEY = 4
ROWS_A_KEY = 2
"""Cells an edge moves at each key press."""


class _Held(NamedTuple):
    """An edge under the mouse button."""

    side: Side
    edge: int


class Borders(Container, Ground):
    """Panes on a grid whose edges can be moved, and of which some can be hidden."""

    view: View
    alone: Pane | None = None
    """The pane that has all the room."""
    _held: _Held | None = None

    def lay_out(self) -> None:
        """Put every pane where the view wants it."""
        raise NotImplementedError

    @property
    def arrangement(self) -> Arrangement:
        """What the person changed about this view at this size."""
        return remembered_of(self.app).of(self.view, size_class(self.size.width))

    @property
    def grid(self) -> Grid:
        """The panes of this view as the person likes them."""
        return arranged(grid_of(self.view, self.size.width), self.arrangement)

    @property
    def slots(self) -> list[Slot]:
        """The panes on the screen and their places, in reading order."""
        return plan(self.view, *self.size, self.alone, self.grid)

    def _arrange(self, arrangement: Arrangement) -> None:
        remembered_of(self.app).put(self.view, size_class(self.size.width), arrangement)
        self.lay_out()

    def _whole(self) -> str:
        """Why there is nothing to share, if so."""
        if self.alone is not None:
            return "One pane has all the room; z or esc gives it back"
        return "There is room for one pane only" if is_single(*self.size) else ""

    def grow(self, pane: Pane, way: Way) -> str:
        """Make a pane larger or smaller; a sentence when that cannot be."""
        if reason := self._whole():
            return reason
        side: Side = "columns" if way in ("wider", "narrower") else "rows"
        grid = self.grid
        beside = edge_beside(grid, pane, side)
        if beside is None:
            return f"Nothing stands {'beside' if side == 'columns' else 'above or below'} this pane"
        edge, direction = beside
        length, step = (
            (self.size.width, COLUMNS_A_KEY) if side == "columns" else (self.size.height, ROWS_A_KEY)
        )
        if way in ("narrower", "shorter"):
            direction = -direction
        before = self.arrangement
        cell = edges(getattr(grid, side), length)[edge] + direction * step
        self._move(_Held(side, edge), cell)
        return "" if self.arrangement != before else "There is no more room to take or give"

    def _move(self, held: _Held, cell: int) -> None:
        length = self.size.width if held.side == "columns" else self.size.height
        before = self.arrangement
        grid = grid_of(self.view, self.size.width)
        after = move_edge(grid, before, held.side, held.edge, cell, length)
        if after != before:
            self._arrange(after)

    @property
    def arranged_by_hand(self) -> bool:
        """Whether a person changed how the panes of this view stand at this size."""
        return self.arrangement != USUAL

    @property
    def optional(self) -> list[Pane]:
        """Panes of this view that may be hidden at this size: all but its own."""
        grid = grid_of(self.view, self.size.width)
        return [cell.pane for cell in grid.cells if cell.pane != self.view]

    def hidden(self, pane: Pane) -> bool:
        """Whether a person hid a pane of this view."""
        return pane in self.arrangement.hidden

    def toggle(self, pane: Pane) -> str:
        """Hide a pane of this view, or show it again; a sentence when that cannot be."""
        if reason := self._whole():
            return reason
        if pane == self.view:
            return "This pane is what the view is about; it cannot be hidden"
        if pane not in self.optional:
            return f"This view has no pane {pane!r}; there are {', '.join(self.optional) or 'no others'}"
        hidden = [each for each in self.arrangement.hidden if each != pane]
        if not self.hidden(pane):
            hidden.append(pane)
        self._arrange(msgspec.structs.replace(self.arrangement, hidden=tuple(sorted(hidden))))
        return ""

    def reset(self) -> bool:
        """Share the room as usual. False when it is shared so already."""
        changed = self.arranged_by_hand
        if changed:
            self._arrange(USUAL)
        return changed

    # Mouse

    def _edge_at(self, x: int, y: int) -> _Held | None:
        """The edge under a cell: the two cells where columns meet, or the empty row between panes and the title below it."""
        if self._whole():
            return None
        grid = self.grid
        for index, place in enumerate(edges(grid.columns, self.size.width)):
            parted = any(
                slot.region.x == place and slot.region.y <= y < slot.region.bottom for slot in self.slots
            )
            if 0 < place < self.size.width and x in (place - 1, place) and parted:
                return _Held("columns", index)
        for index, place in enumerate(edges(grid.rows, self.size.height)):
            if 0 < place < self.size.height and y in (place - 1, place):
                return _Held("rows", index)
        return None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of an edge."""
        place = event.screen_offset - self.region.offset
        self._held = self._edge_at(place.x, place.y) if event.button == 1 else None
        if self._held is not None:
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """The edge follows the mouse."""
        if self._held is None:
            return
        place = event.screen_offset - self.region.offset
        self._move(self._held, place.x if self._held.side == "columns" else place.y)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let it go."""
        if self._held is not None:
            self._held = None
            self.release_mouse()
