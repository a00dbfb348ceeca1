"""Where the time of a trace went: what was done inside what, as bars inside bars, with the time that was its own."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style

from cosmo_doppler.model.profile import Entry, Profile
from cosmo_doppler.tui import bars, words
from cosmo_doppler.tui.panes.face import Face
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import place

_DEEPEST_INDENT = 8
_FIGURE_CELLS = 8


class _Place(NamedTuple):
    """Where an entry's bar stands, as fractions of all time."""

    start: float
    length: float


class FlameFace(Face):
    """One row for each way down; a bar is as long as all its time, and lies inside that of what it was part of."""

    def time_cells(self, width: int) -> int:
        """No axis of time: lengths are added up."""
        return 0

    def _bar_cells(self, width: int) -> int:
        return max(0, width - self._name(width) - 2 - self._figures(width))

    def _name(self, width: int) -> int:
        return min(36, max(20, width // 3))

    def _figures(self, width: int) -> int:
        return (5 + 2) + 2 * (_FIGURE_CELLS + 2) if width >= 56 else _FIGURE_CELLS + 2

    def head(self, width: int, ink: Ink) -> list[Segment]:
        """Titles."""
        line = [*place([("what, for whom", ink.dim)], self._name(width)), Segment("  ")]
        if width >= 56:
            line += [*place([("times", ink.dim)], 5, right=True), Segment("  ")]
        line += [*place([("total", ink.dim)], _FIGURE_CELLS, right=True), Segment("  ")]
        if width >= 56:
            line += [*place([("own", ink.dim)], _FIGURE_CELLS, right=True), Segment("  ")]
        return line + place([("own time is brighter", ink.dim)], self._bar_cells(width))

    @property
    def _profile(self) -> Profile:
        return self.trace.timed(self.scene.now).profile

    def count(self) -> int:
        """Entries."""
        return len(self._profile.outline)

    def key(self, index: int) -> tuple[tuple[str, str], ...]:
        """The way down to it."""
        way: list[tuple[str, str]] = []
        entry: Entry | None = self._profile.outline.at(index)
        while entry is not None:
            way.append((entry.type, entry.who))
            entry = entry.parent
        return tuple(reversed(way))

    def index(self, key: Hashable) -> int | None:
        """The row of a way."""
        if not isinstance(key, tuple):
            return None
        among, found = self._profile.roots, None
        for step in key:
            found = next((entry for entry in among if (entry.type, entry.who) == step), None)
            if found is None:
                return None
            among = found.children
        return self._profile.outline.line(found) if found is not None else None

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One entry."""
        entry = self._profile.outline.at(index)
        now = self.latest
        depth, above = 0, entry.parent
        while above is not None:
            depth, above = depth + 1, above.parent
        indent = "  " * min(depth, _DEEPEST_INDENT)
        family = ink.family(entry.type)
        own = ink.family("TASK" if entry.part == "compute" else entry.type)
        line = [
            *place(
                [
                    (indent, ink.plain),
                    (safe(entry.type, 40), family),
                    (f" {safe(entry.who, 80)}", ink.plain),
                ],
                self._name(width),
            ),
            Segment("  "),
        ]
        if width >= 56:
            line += [*place([(words.count(entry.count), ink.dim)], 5, right=True), Segment("  ")]
        line += [*self._figure(entry.lasted(now), ink, ink.plain), Segment("  ")]
        if width >= 56:
            line += [*self._own(entry, ink, own), Segment("  ")]
        return line + self._bar(entry, self._bar_cells(width), ink)

    def _own(self, entry: Entry, ink: Ink, style: Style) -> list[Segment]:
        """Its own time; of what goes on that is known at its end."""
        if entry.open == entry.count:
            return place([("–", ink.dim)], _FIGURE_CELLS, right=True)
        return self._figure(entry.own, ink, style)

    def _figure(self, seconds: float, ink: Ink, style: Style) -> list[Segment]:
        amount, unit = words.duration(seconds)
        return place([(amount, style), (f" {unit}", ink.dim)], _FIGURE_CELLS, right=True)

    def _bar(self, entry: Entry, cells: int, ink: Ink) -> list[Segment]:
        if cells <= 0:
            return []
        where = self._place(entry)
        lasted = entry.lasted(self.latest)
        own = where.length * min(1.0, entry.own / lasted) if lasted > 0 else 0.0
        # What was its own comes last, so that the bars of its parts begin where it begins.
        parts = bars.span(where.start, where.start + where.length, cells)
        bright = max(0, round(own * cells))
        body = parts.start + parts.body + parts.end
        quiet = len(body) - min(bright, len(body))
        kind = "TASK" if entry.part == "compute" else entry.type
        style, strong = ink.bar(kind), ink.family(kind)
        line = [Segment(" " * parts.lead)]
        if parts.start:
            first = style if quiet else strong
            line.append(Segment(parts.start, first + Style(reverse=True)))
        rest = body[len(parts.start) :]
        line.append(Segment(rest[: max(0, quiet - len(parts.start))], style))
        line.append(Segment(rest[max(0, quiet - len(parts.start)) :], strong))
        return [*line, Segment(" " * max(0, cells - parts.cells))]

    def _place(self, entry: Entry) -> _Place:
        """Where its bar stands: after those of its elder siblings, inside that of its parent."""
        now = self.latest
        way = [entry]
        while way[-1].parent is not None:
            way.append(way[-1].parent)
        start, length, among = 0.0, 1.0, self._profile.roots
        whole = sum(root.lasted(now) for root in among)
        for step in reversed(way):
            lasted = [each.lasted(now) for each in among]
            # Parts that went on at the same time are longer together than what they are part of.
            scale = length / max(whole, sum(lasted)) if max(whole, sum(lasted)) > 0 else 0.0
            place_here = among.index(step)
            start += sum(lasted[:place_here]) * scale
            whole = lasted[place_here]
            length = whole * scale
            among = step.children
        return _Place(start, length)
