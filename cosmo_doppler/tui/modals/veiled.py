"""What every modal shares: the screen below shows through it, darkened, without being made anew for every picture.

Textual tints each segment of the screen below again whenever the modal is drawn, and lays a new modal out twice at
the same size. On a busy bus that was most of the time between a key and its form.
"""

from __future__ import annotations

from typing import Self, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.geometry import Region, Size
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen
from textual.strip import Strip

Answer = TypeVar("Answer")

_STYLES_KEPT = 4096
_WITHOUT_WEIGHT = Style(dim=True, bold=False, underline=False)


class Veiled(ModalScreen[Answer]):
    """A modal over a darkened screen; its background says how dark, and must let something through."""

    def __init__(self) -> None:
        super().__init__()
        self._tinted: dict[Style | None, Style | None] = {}
        self._tint = Color(0, 0, 0)
        self._below: list[Strip] = []
        """The screen below, darkened."""
        self._old: set[int] | None = None
        """Lines of it that changed since; None for all of them."""
        self._laid_out: Size | None = None

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Something changed: below, if regions are named, or else here."""
        if regions and self._old is not None:
            self._old.update(*(region.line_range for region in regions))
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines of the screen below: nothing of our own is drawn but what stands on them."""
        self._look_below()
        strips = self._below[crop.y : crop.bottom]
        strips += [Strip.blank(self.size.width)] * (crop.height - len(strips))
        if crop.x or crop.width != self.size.width:
            return [strip.crop(crop.x, crop.right) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """One of them."""
        return self.render_lines(Region(0, y, self.size.width, 1))[0]

    def _look_below(self) -> None:
        """Darken what changed there."""
        if self._old is not None and not self._old:
            return
        stack = self.app.screen_stack
        place = stack.index(self) if self in stack else 0
        if not place:
            return
        size = self.size
        if self._old is None:
            self._below = [Strip.blank(size.width)] * size.height
        rows = range(size.height) if self._old is None else sorted(self._old)
        self._old = set()
        compositor = stack[place - 1]._compositor
        chops = compositor._render_chops(size.region, set(rows).__contains__)
        for row in rows:
            if row < min(len(chops), len(self._below)):
                self._below[row] = self._veil(Strip.join(chops[row].values()))

    def _veil(self, strip: Strip) -> Strip:
        tint = self.styles.background
        if tint != self._tint or len(self._tinted) > _STYLES_KEPT:
            self._tint = tint
            self._tinted.clear()
        known = self._tinted
        segments = []
        for text, style, control in strip:
            if style not in known:
                known[style] = self._veiled_style(style)
            segments.append(Segment(text, known[style], control))
        return Strip(segments, strip.cell_length)

    def _veiled_style(self, style: Style | None) -> Style | None:
        if self.app.no_color:
            # Nothing to darken: what is below is dim as a whole, and nothing in it stands out.
            return Style(dim=True) if style is None else style.clear_meta_and_links() + _WITHOUT_WEIGHT
        [(_, veiled, _)] = BackgroundScreen.process_segments([Segment(" ", style)], self._tint)
        return veiled

    def _screen_resized(self, size: Size) -> None:
        if size != self._laid_out:
            self._laid_out = size
            super()._screen_resized(size)

    def _refresh_layout(self, size: Size | None = None, scroll: bool = False) -> None:
        if size is not None:
            self._laid_out = size
            self._old = None
        super()._refresh_layout(size, scroll)
