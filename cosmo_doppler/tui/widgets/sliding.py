"""Rows that are longer than their pane is wide, and how far it has been moved along them."""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from textual.strip import Strip

from cosmo_doppler.tui.safe import ELLIPSIS
from cosmo_doppler.tui.widgets.source import Source


class Sliding:
    """Moves a source's rows to the left, half a pane at a time.

    Args:
        source: its `shift` says how far.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    @property
    def cells(self) -> int:
        """How far, in cells."""
        return self._source.shift

    def right(self, rows: range, width: int) -> bool:
        """Show more of the right of these rows in a pane that is `width` wide. False when nothing is left there."""
        longest = max(map(self._source.reach, rows), default=0)
        shift = min(self.cells + max(1, width // 2), longest - width)
        if shift <= self.cells:
            return False
        self._source.shift = shift
        return True

    def left(self, width: int) -> bool:
        """Go back to the left. False when that is where it stands."""
        if not self.cells:
            return False
        self._source.shift = max(0, self.cells - max(1, width // 2))
        return True

    def back(self) -> None:
        """Show rows from their beginning again."""
        self._source.shift = 0

    def part(self, line: Iterable[Segment], width: int) -> Strip:
        """What is seen of a line."""
        strip = Strip(line)
        if not self.cells:
            return strip.adjust_cell_length(width)
        return strip.adjust_cell_length(width + self.cells).crop(self.cells, self.cells + width)

    def hint(self, strips: Iterable[Strip], cursor: int, width: int) -> str:
        """Where there is more of these rows, for the title of the pane: none where the cursor's row tells of no length."""
        length = self._source.reach(cursor)
        if not length:
            return ""
        more = length > width + self.cells or any(_is_cut(strip) for strip in strips)
        return " ".join(
            filter(None, ("←" * bool(self.cells), "more" * (more or bool(self.cells)), "→" * more))
        )


def _is_cut(strip: Strip) -> bool:
    return any(segment.text.endswith(ELLIPSIS) for segment in strip)
