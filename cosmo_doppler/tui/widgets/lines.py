"""A pane of lines with a viewport of fixed size: it draws the rows it shows and nothing else.

`ScrollView` would lay the whole screen out again each time a row arrives; this widget never changes its size. The
cursor and the top row are pinned by key, so what one reads stays put while rows come and go elsewhere.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from contextlib import AbstractContextManager
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.cache import LRUCache
from textual.message import Message

from cosmo_doppler.tui.actions import bindings_of
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, place
from cosmo_doppler.tui.widgets.painted import Drawn, Painted
from cosmo_doppler.tui.widgets.sliding import Sliding
from cosmo_doppler.tui.widgets.source import Glance, Source

_CURSOR_MARK = "▎"
_THUMB = "▐"
_WHEEL_ROWS = 3
_GUTTER = Segment(" ")


class Lines(Painted, can_focus=True):
    """Shows a `Source`."""

    BINDINGS = bindings_of("pane")
    DEFAULT_CSS = "Lines { position: absolute; background: $background; }"
    GUTTER: ClassVar[int] = 1
    """Cells left of every row, for the cursor's mark; as many right of it, for the scroll mark."""

    class Moved(Message):
        """The cursor rests on another row."""

        def __init__(self, lines: Lines) -> None:
            super().__init__()
            self.lines = lines

        @property
        def control(self) -> Lines:
            """The pane."""
            return self.lines

    class Opened(Message):
        """A row was opened: enter, or a double click."""

        def __init__(self, lines: Lines) -> None:
            super().__init__()
            self.lines = lines

        @property
        def control(self) -> Lines:
            """The pane."""
            return self.lines

    def __init__(self, source: Source, lock: AbstractContextManager[object], *, id: str) -> None:
        super().__init__(id=id)
        self.source = source
        self._sliding = Sliding(source)
        self.follow = source.follows
        """Whether the pane keeps up with what arrives."""
        self.cursor: Hashable | None = None
        """Key of the row the cursor is on."""
        self.rendered_rows = 0
        """Rows drawn since the start; a cost counter for tests."""
        self._lock = lock
        self._cursor_index = 0
        self._reveal = False
        """The cursor is to be scrolled into view once there is a viewport."""
        self._top_key: Hashable | None = None
        self._top = 0
        self._count = 0
        self._scope: Hashable = None
        self._drag: int | None = None
        """Where on the time axis the mouse was pressed."""
        self._stamp: Hashable = None
        self._head: list[list[Segment]] = []
        self._rows: LRUCache[tuple[Hashable, ...], Sequence[Segment]] = LRUCache(2048)
        """Rows as they were drawn."""

    # What changed

    def touch(self) -> None:
        """Something shown here changed: draw again. The caller holds the session's lock."""
        if not self.source.fixed_rows:
            self._rows.clear()
        self._stamp = self.source.stamp()
        self._settle()
        self.refresh()

    def aged(self) -> bool:
        """Whether time alone changed what is shown. The caller holds the session's lock."""
        return self.source.stamp() != self._stamp

    def forget(self) -> None:
        """Drop every drawn row: the theme or the past itself changed."""
        self._rows.clear()
        self.refresh()

    def select(self, key: Hashable) -> bool:
        """Put the cursor on a row and show it; False when there is no such row."""
        with self._lock:
            self.source.seek(key)
            self._settle()
            index = self.source.index(key, self._cursor_index)
            if index is None:
                return False
            self.follow = False
            self._place_cursor(index)
        return True

    # Where cursor and viewport are

    @property
    def page(self) -> int:
        """Rows that fit."""
        return max(0, self.size.height - 1 - len(self._head))

    def _settle(self) -> None:
        """Find cursor and top row again after rows came and went."""
        source = self.source
        self._count = count = source.count()
        if (scope := source.scope()) != self._scope:
            self._scope = scope
            self._sliding.back()
            self._cursor_index = self._top = 0
            self._top_key = None
            self.cursor = None
        if count == 0:
            self._cursor_index = self._top = 0
            self._set_cursor(None)
            return
        if self.follow and (rest := source.rest(self.cursor)) is not None:
            self._cursor_index = source.index(rest, self._cursor_index) or 0
        elif self.cursor is not None:
            found = source.index(self.cursor, self._cursor_index)
            self._cursor_index = min(self._cursor_index, count - 1) if found is None else found
        self._set_cursor(source.key(self._cursor_index))
        self._settle_top()

    def _settle_top(self) -> None:
        last_top = max(0, self._count - max(1, self.page))
        if self.follow:
            self._top = last_top if self.source.newest_last else 0
        elif self._top_key is not None:
            found = self.source.index(self._top_key, self._top)
            self._top = min(self._top if found is None else found, last_top)
        if self._reveal and self.page:
            self._reveal = False
            self._top = min(max(self._top, self._cursor_index - self.page + 1), self._cursor_index)
        self._top = min(max(0, self._top), last_top)
        self._top_key = self.source.key(self._top) if self._top else None

    def _set_cursor(self, key: Hashable | None) -> None:
        if key != self.cursor:
            self.cursor = key
            self.post_message(self.Moved(self))

    def _place_cursor(self, index: int) -> None:
        """Put the cursor on a row and scroll it into view."""
        if self._count == 0:
            return
        self._cursor_index = index = min(max(0, index), self._count - 1)
        self._reveal = not self.page
        if index < self._top:
            self._scroll(index)
        elif self.page and index >= self._top + self.page:
            self._scroll(index - self.page + 1)
        self._set_cursor(self.source.key(index))
        self.refresh()

    def _scroll(self, top: int) -> None:
        self._top = min(max(0, top), max(0, self._count - self.page))
        # Row 0 is not pinned: what arrives above it may show.
        self._top_key = self.source.key(self._top) if self._top and self._count else None
        self.refresh()

    def _move(self, rows: int) -> None:
        with self._lock:
            self._settle()
            self.follow = False
            self._pin_top()
            self._place_cursor(self._cursor_index + rows)

    def _pin_top(self) -> None:
        """Leaving follow mode freezes the view where it is."""
        if self._count and self._top_key is None:
            self._top_key = self.source.key(self._top)

    def top(self) -> None:
        """Rest on the first row."""
        with self._lock:
            self._settle()
            self._top_key, self._top = None, 0
            self._place_cursor(0)

    # Keys

    def action_cursor_down(self) -> None:
        """One row down."""
        self._move(1)

    def action_cursor_up(self) -> None:
        """One row up."""
        self._move(-1)

    def action_half_page_down(self) -> None:
        """Half a page down."""
        self._move(max(1, self.page // 2))

    def action_half_page_up(self) -> None:
        """Half a page up."""
        self._move(-max(1, self.page // 2))

    def action_page_down(self) -> None:
        """A page down."""
        self._move(max(1, self.page - 1))

    def action_page_up(self) -> None:
        """A page up."""
        self._move(-max(1, self.page - 1))

    def action_top(self) -> None:
        """The first row."""
        self._move(-self._count)

    def action_bottom(self) -> None:
        """The last row."""
        self._move(self._count)

    def action_follow(self) -> None:
        """Keep up with what arrives, or stop doing so."""
        with self._lock:
            self.follow = not self.follow
            if not self.follow:
                self._pin_top()
            self._settle()
        self.refresh()

    def action_open(self) -> None:
        """Go deeper into the row under the cursor."""
        if self.cursor is not None:
            self.post_message(self.Opened(self))

    async def action_fold(self) -> None:
        """Go back along long rows; else fold the branch the cursor is in; else one step back."""
        if self._sliding.left(self._inner_width):
            self.refresh()
            return
        with self._lock:
            self._settle()
            left = self.source.fold(self.cursor)
            if left is not None:
                self.follow = False
                self.forget()
                self._settle()
                index = self.source.index(left, self._cursor_index)
                self._place_cursor(self._cursor_index if index is None else index)
        if left is None:
            await self.run_action("screen.back")

    def action_unfold(self) -> None:
        """Unfold the branch under the cursor; else move along rows that are cut; else go deeper."""
        with self._lock:
            self._settle()
            unfolded = self.source.unfold(self.cursor)
            if unfolded:
                self.forget()
                self._settle()
        if not unfolded and not self._slide():
            self.action_open()

    def _slide(self) -> bool:
        """Show more of the right of long rows. False when nothing is cut there."""
        with self._lock:
            self._settle()
            moved = self._sliding.right(self._visible, self._inner_width)
        self.refresh()
        return moved

    @property
    def _visible(self) -> range:
        return range(self._top, min(self._top + max(1, self.page), self._count))

    def look(self, how: Glance, cell: int | None = None) -> bool:
        """Show the same in another way. False when this pane has no other."""
        with self._lock:
            changed = self.source.look(how, self.cursor, cell)
            if changed:
                self.forget()
                self.touch()
        return changed

    # Mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A drag along the time axis begins."""
        inside = 1 <= event.y <= len(self._head) and self.GUTTER <= event.x < self.size.width - self.GUTTER
        self._drag = event.x - self.GUTTER if inside else None

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """A drag along the time axis ends: look at that stretch."""
        begin, self._drag = self._drag, None
        if begin is None:
            return
        with self._lock:
            if self.source.look_at(begin, event.x - self.GUTTER):
                self.forget()
                self.touch()

    def _zoomed_by(self, event: events.MouseEvent, how: Glance) -> bool:
        """Whether the wheel turned above the time axis."""
        return 1 <= event.y <= len(self._head) and self.look(how, event.x - self.GUTTER)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """A wheel that turns sideways goes along the time axis, or along long rows."""
        if not self.look("earlier") and self._sliding.left(self._inner_width):
            self.refresh()

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """A wheel that turns sideways goes along the time axis, or along long rows."""
        if not self.look("later"):
            self._slide()

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor on a row, a second one opens it."""
        row = event.y - 1 - len(self._head)
        if row < 0:
            return
        with self._lock:
            self._settle()
            index = self._top + row
            if index >= self._count:
                return
            self.follow = False
            self._pin_top()
            self._place_cursor(index)
        if event.chain == 2:
            self.action_open()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves the view and leaves cursor and focus alone."""
        event.stop()
        if not self._zoomed_by(event, "out"):
            self._wheel(_WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves the view and leaves cursor and focus alone."""
        event.stop()
        if not self._zoomed_by(event, "in"):
            self._wheel(-_WHEEL_ROWS)

    def _wheel(self, rows: int) -> None:
        with self._lock:
            self._settle()
            self.follow = False
            self._scroll(self._top + rows)
            self._pin_top()

    def on_resize(self) -> None:
        """What one looked at stays in view, from its beginning."""
        self._sliding.back()
        self._reveal = not self.follow
        self.refresh()

    def on_focus(self) -> None:
        """Show where the focus is."""
        self.refresh()

    def on_blur(self) -> None:
        """Show where the focus is not."""
        self.refresh()

    # Drawing

    def redraw(self) -> None:
        """Draw again if anything may have changed, with the session held still meanwhile."""
        with self._lock:
            super().redraw()

    def draw(self, width: int, height: int, ink: Ink) -> list[Drawn]:
        """Title, head, rows or why there are none."""
        inner = max(0, width - 2 * self.GUTTER)
        self._head = self.source.head(inner, ink)
        self._settle()
        shape = self.source.shape()
        ground = ink.background
        head = [self._sliding.part(line, inner) for line in self._head]
        if self._count:
            body = self._draw_rows(inner, ink)
        else:
            lines = range(height - 1 - len(head))
            body = [self._framed(self._empty_line(row, ink), ground, ink) for row in lines]
        if self.source.shape() != shape:
            # Only what was drawn could tell how wide a column has to be.
            self.call_later(self.refresh)
        return [
            self._framed(self._title(ink), ground, ink, mark=self.has_focus),
            *(self._framed(line, ground, ink) for line in head),
            *body,
        ]

    def _draw_rows(self, inner: int, ink: Ink) -> list[Drawn]:
        top, page, focus = self._top, max(0, self.page), self.has_focus
        thumb = self._thumb()
        blank = [Segment(" " * inner)]
        drawn = []
        for row in range(page):
            index = top + row
            ground, here = ink.background, index == self._cursor_index
            if here:
                marked = focus or (self.cursor is not None and self.source.marked(self.cursor))
                if marked:
                    ground = ink.selection if focus else ink.selection_blurred
            content = self._row(index, inner, ink) if index < self._count else blank
            drawn.append(self._framed(content, ground, ink, mark=here and focus, thumb=row in thumb))
        return drawn

    @property
    def _inner_width(self) -> int:
        return max(0, self.size.width - 2 * self.GUTTER)

    def _row(self, index: int, inner: int, ink: Ink) -> Sequence[Segment]:
        key = (self.source.key(index), inner, self._sliding.cells, self.source.shape())
        row = self._rows.get(key)
        if row is None:
            self.rendered_rows += 1
            whole = self.source.row(index, inner + self._sliding.cells, ink)
            self._rows[key] = row = self._sliding.part(whole, inner)
        return row

    def _framed(
        self, content: Sequence[Segment], ground: Style, ink: Ink, *, mark: bool = False, thumb: bool = False
    ) -> Drawn:
        """Gutter, content, scroll mark."""
        left = Segment(_CURSOR_MARK, ink.focus) if mark else _GUTTER
        right = Segment(_THUMB, ink.faint) if thumb else _GUTTER
        return Drawn([left, *content, right], ground)

    def _title(self, ink: Ink) -> list[Segment]:
        width = self._inner_width
        name, *rest = self.source.title(ink)
        title: Cell = [(name[0], ink.bold if self.has_focus else ink.dim + Style(bold=True)), *rest]
        note = self.source.note(ink)
        if self.follow and self.source.follows:
            note = [*note, ("  following" if note else "following", ink.dim)]
        if self.has_focus and (along := self._along(ink)):
            note = [*note, (f"  {along}" if note else along, ink.dim)]
        note_width = sum(cell_len(text) for text, _ in note)
        if note_width + 12 > width:
            return place(title, width)
        return [*place(title, width - note_width - 2), Segment("  "), *(Segment(*piece) for piece in note)]

    def _along(self, ink: Ink) -> str:
        """Where long rows go on, while the keys are here."""
        visible = self._visible
        if not visible:
            return ""
        inner = self._inner_width
        drawn = (self._row(index, inner, ink) for index in visible)
        return self._sliding.hint(drawn, self._cursor_index, inner)

    def _empty_line(self, row: int, ink: Ink) -> list[Segment]:
        lines = self.source.empty(ink)
        first = max(0, (self.page - len(lines)) // 2)
        if not 0 <= row - first < len(lines):
            return []
        cell = lines[row - first]
        width = self._inner_width
        indent = max(0, (width - sum(cell_len(text) for text, _ in cell)) // 2)
        return [Segment(" " * indent), *place(cell, width - indent)]

    def _thumb(self) -> range:
        """Rows of the viewport beside which the scroll mark stands."""
        page = self.page
        if self._count <= page:
            return range(0)
        length = max(1, page * page // self._count)
        first = round(self._top / (self._count - page) * (page - length))
        return range(first, first + length)
