"""Widgets that draw whole lines themselves, of which only those that differ from what is on the screen are painted.

Textual renders all lines of a widget again, through styles, borders and filters, when any of it changes, and paints
all of them. Ours have neither border nor padding, and from one frame to the next most of their lines stay as they are:
they are compared as they are drawn, before anything is made of them that costs.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Hashable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from cosmo_doppler.tui.theme import Ink, ink_of
from cosmo_doppler.tui.widgets.columns import width_of

_BLANK = Strip([])


class Drawn(NamedTuple):
    """A line as it is drawn: what stands on it, and on what ground."""

    line: Sequence[Segment]
    """At most as wide as the widget; what is missing is ground. Not to be changed any more."""
    ground: Style


class Painted(Widget):
    """Draws its lines with `draw`, and paints those that differ."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._stale = True
        """Whether something may have changed since the lines were drawn."""
        self._drawn: list[Drawn] = []
        self._strips: list[Strip] = []
        """The same, finished."""
        self._drawn_for: Hashable = None
        """Size and look they were drawn for."""
        self._size_drawn = Size()
        self._unpainted: set[int] = set()
        """Lines that differ from what is on the screen."""

    @abstractmethod
    def draw(self, width: int, height: int, ink: Ink) -> Sequence[Drawn]:
        """The lines, `height` of them at most."""

    def renew(self) -> None:
        """Draw again now, and have painted what differs."""
        self._stale = True
        self.redraw()
        if self._unpainted:
            self._repaint_required = True
            self.check_idle()

    def redraw(self) -> None:
        """Draw again now, if anything may have changed; painted is it with the next frame."""
        size, ink = self.size, ink_of(self.app)
        filters = _lasting(self.app.get_line_filters())
        drawn_for = (size, ink, *map(type, filters))
        if not self._stale and drawn_for == self._drawn_for:
            return
        width, height = size
        self._stale = False
        drawn = list(self.draw(width, height, ink))[:height]
        drawn += [Drawn((), ink.background)] * (height - len(drawn))
        if drawn_for == self._drawn_for:
            different = [y for y, line in enumerate(drawn) if line != self._drawn[y]]
            self._unpainted.update(different)
        else:
            different = list(range(height))
            # Of a widget whose size is new the screen paints all without being told.
            self._unpainted = set() if size != self._size_drawn else set(different)
            self._strips = [_BLANK] * height
        for y in different:
            self._strips[y] = self._finished(drawn[y], width, filters)
        self._drawn, self._drawn_for, self._size_drawn = drawn, drawn_for, size

    def _finished(self, drawn: Drawn, width: int, filters: Sequence[LineFilter]) -> Strip:
        line, ground = drawn
        so_far, alike = "", None
        finished: list[Segment] = []
        for text, style, _ in line:
            whole = _on(ground, style)
            if whole is alike:
                so_far += text
                continue
            if alike is not None:
                finished.append(Segment(so_far, alike))
            so_far, alike = text, whole
        if alike is not None:
            finished.append(Segment(so_far, alike))
        used = width_of(finished)
        if used < width:
            finished.append(Segment(" " * (width - used), ground))
        if filters:
            background = self.background_colors[1]
            for each in filters:
                finished = each.apply(finished, background)
        strip = Strip(finished, max(used, width))
        return strip if used <= width else strip.crop(0, width)

    # What Textual asks

    def watch_has_focus(self, _has_focus: bool) -> None:
        """No style depends on it, so none is looked up again: `draw` shows where the focus is."""

    def _set_dirty(self, *regions: Region) -> None:
        """Something may have changed."""
        self._stale = True

    def _exchange_repaint_regions(self) -> Collection[Region]:
        """What is to be painted: asked right before it is."""
        if self.app._batch_count or self._drawn_for is None:
            # All of it, but not yet: until then it may get another size, so nothing is drawn.
            return [self.outer_size.region]
        self.redraw()
        unpainted, self._unpainted = sorted(self._unpainted), set()
        return list(_regions(unpainted, self._size_drawn.width))

    def render_lines(self, crop: Region) -> list[Strip]:
        """The finished lines."""
        self.redraw()
        strips = self._strips[crop.y : crop.bottom]
        if crop.x or crop.width != self._size_drawn.width:
            return [strip.crop(crop.x, crop.right) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """One of them."""
        self.redraw()
        return self._strips[y] if 0 <= y < len(self._strips) else Strip.blank(self.size.width)


class Ground(Widget):
    """A widget that shows nothing but what stands on it."""

    def render_lines(self, crop: Region) -> list[Strip]:
        """The same empty line again and again."""
        background = self.background_colors[1]
        look = (crop.width, background, *map(type, self.app.get_line_filters()))
        if look != self._ground_look:
            self._ground_look = look
            self._ground = Strip.blank(crop.width, Style(bgcolor=background.rich_color))
            for each in _lasting(self.app.get_line_filters()):
                self._ground = self._ground.apply_filter(each, background)
        return [self._ground] * crop.height

    _ground_look: Hashable = None
    _ground = Strip([])


def _regions(rows: Sequence[int], width: int) -> Iterator[Region]:
    """Rows, in order, as regions of rows that follow each other."""
    for _, run in groupby(enumerate(rows), lambda numbered: numbered[1] - numbered[0]):
        first, *more = [row for _, row in run]
        yield Region(0, first, width, 1 + len(more))


def _lasting(filters: Sequence[LineFilter]) -> list[LineFilter]:
    """Without the one that gives names of colours their values: all our inks have theirs."""
    return [each for each in filters if not isinstance(each, ANSIToTruecolor)]


@lru_cache(maxsize=4096)
def _on(ground: Style, style: Style | None) -> Style:
    return ground if style is None else ground + style
