"""The stretch of a trace's time that is on the screen: all of it, or what was zoomed into."""

from __future__ import annotations

from rich.segment import Segment

from cosmo_doppler.tui import bars
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import place

SHORTEST_S = 1e-5
"""The closest one can look, seconds."""

_ZOOM = 2.0
_SHARE_MOVED = 0.25


class TimeAxis:
    """Which stretch is shown. Times are seconds since the trace began."""

    def __init__(self) -> None:
        self._start = 0.0
        self._length: float | None = None
        self._glued = False
        self._extent = 0.0

    @property
    def fits(self) -> bool:
        """Whether all of the trace is shown."""
        return self._length is None

    def take(self, extent: float, width: int) -> bars.Axis:
        """The axis on that many cells of a trace that has lasted `extent` so far."""
        self._extent = max(extent, 0.001)
        if self._length is None:
            return bars.axis_for(extent, width)
        if self._glued and extent > self._start + self._length:
            # In steps of half a window, so that nothing creeps under the eye.
            half = self._length / 2
            self._start += half * max(1, round((extent - self._start - self._length) / half + 0.5))
        return bars.Axis(self._length, bars.step_for(self._length, width), self._start)

    def fit(self) -> bool:
        """Show all of it. False when that is so already."""
        changed = self._length is not None
        self._length, self._glued = None, False
        return changed

    def zoom(self, *, closer: bool, around: float | None = None) -> bool:
        """Look closer, or from further away, with `around` staying where it is. False when there is no further."""
        length = self._length or self._extent
        start = self._start if self._length is not None else 0.0
        if around is None or not start <= around <= start + length:
            around = start + length / 2
        longer = length / _ZOOM if closer else length * _ZOOM
        if not closer and longer >= self._extent:
            return self.fit()
        if closer and longer < SHORTEST_S:
            return False
        self.show(around - (around - start) * longer / length, longer)
        return True

    def move(self, *, later: bool) -> bool:
        """Look at what comes before or after. False when there is nothing."""
        if self._length is None:
            return False
        before = self._start
        self.show(self._start + self._length * (_SHARE_MOVED if later else -_SHARE_MOVED), self._length)
        return self._start != before

    def show(self, start: float, length: float) -> None:
        """Show that stretch, as far as there is one."""
        self._length = max(SHORTEST_S, min(length, self._extent))
        self._start = min(max(0.0, start), self._extent - self._length)
        self._glued = self._start + self._length >= self._extent * (1 - 1e-9)

    def reveal(self, at: float) -> bool:
        """Have a moment on the screen. False when it is there already."""
        if self._length is None or self._start <= at <= self._start + self._length:
            return False
        self.show(at - self._length / 2, self._length)
        return True


def tick_line(axis: bars.Axis, width: int, ink: Ink) -> list[Segment]:
    """The axis as a line of figures."""
    return place([(bars.tick_labels(axis, width), ink.dim)], width)
