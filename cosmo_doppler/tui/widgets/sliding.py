"""Rows that are longer than their pane is wide, and how far it has been moved along them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.segment import Segment
from textual.strip import Strip

from cosmo_doppler.tui.safe import ELLIPSIS
from cosmo_doppler.tui.widgets.columns import width_of
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

    def part(self, line: Sequence[Segment], width: int) -> Sequence[Segment]:
        """What is seen of a line, in so many cells."""
        begin, end = self.cells, self.cells + width
        used = width_of(line)
        if used < end:
            line = [*line, Segment(" " * (end - used))]
        return line if not begin and used <= end else list(_cut(Strip(line), begin, end))

    def hint(self, rows: Iterable[Sequence[Segment]], cursor: int, width: int) -> str:
        """Where there is more of these rows, for the title of the pane: none where the cursor's row tells of no length."""
        length = self._source.reach(cursor)
        if not length:
            return ""
        more = length > width + self.cells or any(_is_cut(row, self.cells) for row in rows)
        return " ".join(
            filter(None, ("←" * bool(self.cells), "more" * (more or bool(self.cells)), "→" * more))
        )


def _cut(strip: Strip, begin: int, end: int) -> Strip:
    """A part of a line. What is cut in its middle says so: half a figure would be another one."""
    part, width = strip.crop(begin, end), end - begin
    if width < 2:
        return part
    before, after = strip.crop(0, begin).text, strip.crop(end, strip.cell_length).text
    if before[-1:].strip() and part.text[:1].strip():
        part = Strip.join([_mark(part, 0), part.crop(1, width)])
    if after[:1].strip() and part.text[-1:].strip():
        part = Strip.join([part.crop(0, width - 1), _mark(part, -1)])
    return part


def _mark(strip: Strip, place: int) -> Strip:
    return Strip([Segment(ELLIPSIS, list(strip)[place].style)])


def _is_cut(row: Sequence[Segment], shift: int) -> bool:
    """Whether there is more on the right. What begins with a mark was moved there."""
    return any(text.endswith(ELLIPSIS) for text, _, _ in row[1 if shift else 0 :])
